"""Invoices by who may see them, and what each was made of."""

from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from accounts.models import CustomerAccount
from billing.choices import Of
from billing.models import AsBilled, CorrectionDay, CorrectionLine, Invoice, InvoiceLine
from billing.models.invoices import InvoiceQuerySet
from billing.packing import unpack
from segs_site.lib import money
from segs_site.lib.periods import instant, local_day
from segs_site.lib.quantities import Quality, exact_kwh
from tariffs.models import RegionPrice


def seen_by(*, user_id: int, sees_all: bool) -> InvoiceQuerySet:
    """Return the invoices that somebody may see: all, or the issued ones of his own accounts."""
    found: InvoiceQuerySet = Invoice.objects.with_state().select_related("account")
    if sees_all:
        return found
    return found.issued().filter(account__customer__user=user_id)


def accounts_of(*, user_id: int) -> QuerySet[CustomerAccount]:
    """Return the accounts of whoever signs in as this user."""
    return CustomerAccount.objects.filter(customer__user=user_id).select_related("customer")


@dataclass(frozen=True, slots=True)
class Interval:
    """A part of an interval as it was billed, and how its price arose where a slot decided it.

    Energy in kWh, exact; `amount` is energy times price, not rounded.
    """

    start: datetime
    energy_kwh: Decimal
    quality: Quality
    component: str
    price: Decimal
    amount: Decimal
    slot: RegionPrice | None


def intervals(line: InvoiceLine, *, day: date | None = None) -> list[Interval]:
    """Return the intervals of a line, of one local day or all, in the order of time."""
    days = AsBilled.objects.filter(line=line).order_by("day")
    rows = days if day is None else days.filter(day=day)
    return _explained(rows, line, line.corrects or line)


def changed_intervals(line: CorrectionLine, *, day: date | None = None) -> list[Interval]:
    """Return by how much the intervals of a line changed, in the same way."""
    days = CorrectionDay.objects.filter(line=line).order_by("day")
    rows = days if day is None else days.filter(day=day)
    return _explained(rows, line, line.corrects)


def _explained(
    rows: Iterable[AsBilled | CorrectionDay],
    line: InvoiceLine | CorrectionLine,
    billed: InvoiceLine,
) -> list[Interval]:
    """Return intervals by the zone, plan and region of the invoice that they were billed on."""
    zone = ZoneInfo(billed.invoice.zone)
    found = [each for row in rows for each in _of_day(row, line.components, zone)]
    return _with_slots(found, line.of, billed.invoice.sections[billed.section])


def _of_day(
    row: AsBilled | CorrectionDay, components: Sequence[dict[str, Any]], zone: ZoneInfo
) -> list[Interval]:
    billed = unpack(bytes(row.packed), day_start=local_day(row.day, zone).start)
    columns = (billed.start, billed.component, billed.quality, billed.energy)
    return [
        _interval(instant(start), components[component], Quality(quality), energy)
        for start, component, quality, energy in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _interval(
    start: datetime, component: dict[str, Any], quality: Quality, energy: int
) -> Interval:
    price, kwh = Decimal(component["price"]), exact_kwh(energy)
    return Interval(
        start, kwh, quality, component["label"], price, money.product(kwh, price), None
    )


def _with_slots(found: list[Interval], of: str, section: dict[str, Any]) -> list[Interval]:
    """Say of each interval which slot priced it; a slot's price is never changed."""
    if not found or not _is_dynamic(section["plan"]["definition"], of):
        return found
    slots = list(
        RegionPrice.objects.of(section["region_id"])
        .filter(starts_at__lte=found[-1].start, ends_at__gt=found[0].start)
        .order_by("starts_at")
    )
    starts = [slot.starts_at for slot in slots]
    return [replace(each, slot=slots[bisect(starts, each.start) - 1]) for each in found]


def _is_dynamic(definition: dict[str, Any], of: str) -> bool:
    part = {Of.ENERGY: "energy", Of.EXPORT: "export"}.get(Of(of), "")
    return bool((definition.get(part) or {}).get("kind") == "dynamic")
