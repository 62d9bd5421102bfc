"""Writes a reckoning down as a draft: the invoice, its lines, and the intervals as billed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db import connection

from accounts.models import CustomerAccount
from billing.models import AsBilled, CorrectionDay, Invoice, InvoiceLine
from billing.packing import Billed, pack
from billing.rating.energy import Slices
from billing.rating.lines import Line
from billing.selectors.reckoned import Carried, Reckoning, Section
from segs_site.lib.periods import DAY, Period, local_day, microseconds
from segs_site.lib.quantities import exact_kwh


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


def draft(*, reckoning: Reckoning, account: CustomerAccount, now: datetime) -> Draft:
    """Write a draft in the caller's transaction, in the place of the one that was there.

    Its intervals are not kept: it is reckoned anew when it is issued.
    """
    invoice = _invoice(reckoning, account, now)
    written = list(_lines(reckoning, invoice))
    InvoiceLine.objects.bulk_create([each.row for each in written])
    return Draft(invoice, written)


def freeze(draft: Draft, *, period: Period) -> None:
    """Keep the intervals of a draft as they are billed, in the transaction that issues it."""
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    AsBilled.objects.bulk_create(
        row for each in draft.written for row in _days(each, period, zone)
    )
    carried = {each.row.carries_id: each.row for each in draft.written if each.row.carries_id}
    AsBilled.objects.bulk_create(
        AsBilled(line=carried[each.line_id], day=each.day, packed=each.packed)
        for each in CorrectionDay.objects.filter(line__in=carried)
    )


def _invoice(reckoning: Reckoning, account: CustomerAccount, now: datetime) -> Invoice:
    """Write the head; who comes second waits for the first, and finds his draft."""
    start = reckoning.cycle.start
    drafts = Invoice.objects.filter(account=account, starts_on=start, issued_at=None)
    pk = drafts.select_for_update().values_list("pk", flat=True).first()
    invoice = Invoice(
        pk=pk,
        account=account,
        starts_on=start,
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
    invoice.save(force_insert=pk is None, force_update=pk is not None)
    if pk is not None:
        with connection.cursor() as cursor:  # a draft's lines have nothing that hangs on them
            cursor.execute("DELETE FROM billing_invoiceline WHERE invoice_id = %s", [pk])
    return invoice


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


def _days(written: _Written, period: Period, zone: ZoneInfo) -> Iterator[AsBilled]:
    if written.section is None or written.slices is None:
        return
    billed = written.section.billed(written.slices)
    for day, packed in by_day(billed, period=period, zone=zone):
        yield AsBilled(line=written.row, day=day, packed=packed)


def by_day(billed: Billed, *, period: Period, zone: ZoneInfo) -> Iterator[tuple[date, bytes]]:
    """Cut intervals into local days, packed; a day without energy has none."""
    billed = billed.take(np.argsort(billed.start, kind="stable"))
    days = list(_dates(period, zone))
    starts = [local_day(day, zone).start for day in days]
    edges = np.searchsorted(billed.start, [microseconds(start) for start in starts])
    for day, start, first, last in zip(days, starts, edges, [*edges[1:], None], strict=True):
        of_day = billed.take(slice(first, last))
        if len(of_day):
            yield day, pack(of_day, day_start=start)


def _dates(period: Period, zone: ZoneInfo) -> Iterator[date]:
    day, last = (moment.astimezone(zone).date() for moment in (period.start, period.end))
    while day < last:
        yield day
        day += DAY
