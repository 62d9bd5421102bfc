"""Writes a reckoning down as a draft: the invoice, its lines, and the intervals as billed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import connection
from django.db.models import Model

from accounts.models import CustomerAccount
from billing.models import CorrectionDay, Invoice, InvoiceLine
from billing.packing import Billed, pack_days
from billing.rating.energy import Slices
from billing.rating.lines import Line
from billing.selectors.reckoned import Carried, Reckoning, Section
from segs_site.lib import bulk, pgcopy
from segs_site.lib.periods import DAY, Period, local_day, microseconds
from segs_site.lib.quantities import exact_kwh

# What a draft says; its bounds as instants follow from it.
_HEAD = (
    *("ends_on", "zone", "currency", "total", "energy_mwh", "estimated_mwh"),
    *("parties", "sections"),
)
_WRITTEN_ANEW = [*_HEAD, "during", "drafted_at"]
_LINE = (
    *("place", "section", "of", "label", "amount", "exact", "rounding", "components"),
    *("corrects_id", "carries_id"),
)
_FIRST_DAY = date(2000, 1, 1)  # from which PostgreSQL counts days


@dataclass(frozen=True, slots=True)
class _Written:
    """A line to store, and what its intervals are read from when it is issued."""

    row: InvoiceLine
    section: Section | None = None
    slices: Slices | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft, and the lines it was written with."""

    invoice: Invoice
    written: Sequence[_Written]
    period: Period


def draft(*, reckoning: Reckoning, account: CustomerAccount, now: datetime) -> Draft:
    """Write a draft as `drafts` does."""
    (made,) = drafts(reckoned=[(account, reckoning)], now=now)
    return made


def drafts(*, reckoned: Sequence[tuple[CustomerAccount, Reckoning]], now: datetime) -> list[Draft]:
    """Write drafts of different accounts in the caller's transaction.

    Each takes the place of the one that was there; who comes second waits for the first, and
    finds his. What says the same as before is not written again. Intervals are not kept: a draft
    is reckoned anew when it is issued.
    """
    lock([account.pk for account, _ in reckoned])
    before = _drafts_of([account.pk for account, _ in reckoned])
    invoices = [_invoice(reckoning, account, now) for account, reckoning in reckoned]
    _keep_heads(invoices, before)
    made = [
        Draft(invoice, list(_lines(reckoning, invoice)), reckoning.period)
        for invoice, (_, reckoning) in zip(invoices, reckoned, strict=True)
    ]
    _keep_lines(made, before)
    return made


def lock(account_ids: Sequence[int]) -> None:
    """Keep everybody else who bills the accounts waiting until the transaction ends."""
    accounts = CustomerAccount.objects.filter(pk__in=account_ids).order_by("pk")
    list(accounts.select_for_update(no_key=True).values_list("pk"))


_Key = tuple[int, date]  # account and first day


def _drafts_of(account_ids: Sequence[int]) -> dict[_Key, Invoice]:
    there = Invoice.objects.filter(account__in=account_ids, issued_at=None)
    return {_key(invoice): invoice for invoice in there.prefetch_related("lines")}


def _key(invoice: Invoice) -> _Key:
    return invoice.account_id, invoice.starts_on


def _keep_heads(invoices: Sequence[Invoice], before: Mapping[_Key, Invoice]) -> None:
    changed = []
    for invoice in invoices:
        there = before.get(_key(invoice))
        if there is not None:
            invoice.pk = there.pk
            if _said_of(invoice, _HEAD) == _said_of(there, _HEAD):
                invoice.drafted_at = there.drafted_at
            else:
                changed.append(invoice)
    Invoice.objects.bulk_create([invoice for invoice in invoices if invoice.pk is None])
    Invoice.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN_ANEW
    )


def _keep_lines(made: Sequence[Draft], before: Mapping[_Key, Invoice]) -> None:
    stale, fresh = [], []
    for each in made:
        there = before.get(_key(each.invoice))
        old = [] if there is None else list(there.lines.all())
        rows = [written.row for written in each.written]
        if [_said_of(row, _LINE) for row in rows] != [_said_of(row, _LINE) for row in old]:
            stale += [each.invoice.pk] if old else []
            fresh += rows
            continue
        for row, kept in zip(rows, old, strict=True):
            row.pk = kept.pk
    if stale:
        with connection.cursor() as cursor:  # a draft's lines have nothing that hangs on them
            cursor.execute("DELETE FROM billing_invoiceline WHERE invoice_id = ANY(%s)", [stale])
    InvoiceLine.objects.bulk_create(fresh)


def _said_of(row: Model, fields: Sequence[str]) -> list[object]:
    return [getattr(row, field) for field in fields]


def freeze(drafts: Sequence[Draft]) -> None:
    """Keep the intervals of drafts as they are billed, in the transaction that issues them."""
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    rows = [
        row
        for draft in drafts
        for written in draft.written
        for row in _days(written, draft.period, zone)
    ]
    rows += _carried_days([written.row for draft in drafts for written in draft.written])
    if not rows:
        return
    lines, days, packed = zip(*rows, strict=True)
    columns: list[pgcopy.Field] = [
        pgcopy.Fixed(np.array(lines), ">i8"),
        pgcopy.Fixed(np.array([(day - _FIRST_DAY).days for day in days]), ">i4"),
        pgcopy.Varied(packed),
    ]
    bulk.copy_in(
        table="billing_asbilled", columns="line_id, day, packed", body=pgcopy.rows(columns)
    )


_Row = tuple[int, date, bytes]  # the intervals of a line and day


def _carried_days(lines: Sequence[InvoiceLine]) -> list[_Row]:
    carried = {line.carries_id: line.pk for line in lines if line.carries_id}
    if not carried:
        return []
    days = CorrectionDay.objects.filter(line__in=carried).order_by("line", "day")
    return [(carried[each.line_id], each.day, bytes(each.packed)) for each in days]


def _invoice(reckoning: Reckoning, account: CustomerAccount, now: datetime) -> Invoice:
    return Invoice(
        account=account,
        starts_on=reckoning.cycle.start,
        ends_on=reckoning.cycle.end,
        zone=settings.SEGS_SITE_ZONE,
        during=(reckoning.period.start, reckoning.period.end),
        currency=reckoning.currency,
        total=reckoning.total,
        energy_mwh=reckoning.energy_mwh,
        estimated_mwh=reckoning.estimated_mwh,
        parties=_parties(account),
        sections=[_section(section) for section in reckoning.sections],
        drafted_at=now,
    )


def _parties(account: CustomerAccount) -> dict[str, object]:
    customer = account.customer
    return {
        "supplier": {
            "name": settings.SEGS_SUPPLIER,
            "address": settings.SEGS_SUPPLIER_ADDRESS,
            "contact": settings.SEGS_SUPPLIER_CONTACT,
            "tax_id": settings.SEGS_SUPPLIER_TAX_ID,
            "iban": settings.SEGS_IBAN.replace(" ", "").upper(),
            "bic": settings.SEGS_BIC,
        },
        "customer": {"code": customer.code, "name": customer.name},
        "account": account.number,
    }


def _section(section: Section) -> dict[str, object]:
    part, plan = section.part, section.plan
    return {
        "agreement": part.agreement_id,
        "point": part.point,
        "address": part.address,
        "region_id": part.region_id,
        "start": part.period.start.isoformat(),
        "end": part.period.end.isoformat(),
        "plan": {"code": plan.code, "name": plan.name, "definition": plan.definition},
        "days": section.stay.days,
        "nominal_days": section.stay.nominal_days,
        "meters": sorted({meter.serial for meter in part.meters}),
        "energy_kwh": str(exact_kwh(section.energy_mwh)),
        "estimated_kwh": str(exact_kwh(section.estimated_mwh)),
        "intervals_found": section.found,
        "intervals_expected": section.expected,
    }


def _lines(reckoning: Reckoning, invoice: Invoice) -> Iterator[_Written]:
    place = 0
    for number, section in enumerate(reckoning.sections):
        for line in section.rated.bill.lines:
            row = _line(line, invoice, place, number)
            yield _Written(row, section, section.slices.get(line.of))
            place += 1
    for each in reckoning.corrections:
        yield _Written(_corrected(each, invoice, place))
        place += 1


def _corrected(correction: Carried, invoice: Invoice, place: int) -> InvoiceLine:
    difference = correction.difference
    return InvoiceLine(
        invoice=invoice,
        place=place,
        section=0,
        of=correction.stored.of,
        label=correction.label,
        amount=difference.amount,
        exact=difference.exact,
        rounding=difference.rounding,
        components=[component.printed() for component in difference.components],
        corrects=correction.line,
        carries=correction.stored,
    )


def _line(line: Line, invoice: Invoice, place: int, section: int) -> InvoiceLine:
    return InvoiceLine(
        invoice=invoice,
        place=place,
        section=section,
        of=line.of,
        label=line.label,
        amount=line.amount,
        exact=line.exact,
        rounding=line.rounding,
        components=[component.printed() for component in line.components],
    )


def _days(written: _Written, period: Period, zone: ZoneInfo) -> Iterator[_Row]:
    if written.section is None or written.slices is None:
        return
    billed = written.section.billed(written.slices)
    for day, packed in by_day(billed, period=period, zone=zone):
        yield written.row.pk, day, packed


def by_day(billed: Billed, *, period: Period, zone: ZoneInfo) -> Iterator[tuple[date, bytes]]:
    """Cut intervals into local days, packed; a day without energy has none."""
    days, starts = _edges(period, zone)
    packed = pack_days(billed.take(np.argsort(billed.start, kind="stable")), day_starts=starts)
    return ((day, of_day) for day, of_day in zip(days, packed, strict=True) if of_day)


@lru_cache(maxsize=64)
def _edges(period: Period, zone: ZoneInfo) -> tuple[list[date], npt.NDArray[np.int64]]:
    """Return the local days of a period, and where they begin."""
    days = list(_dates(period, zone))
    starts = [microseconds(local_day(day, zone).start) for day in days]
    return days, np.array(starts, np.int64)


def _dates(period: Period, zone: ZoneInfo) -> Iterator[date]:
    day, last = (moment.astimezone(zone).date() for moment in (period.start, period.end))
    while day < last:
        yield day
        day += DAY
