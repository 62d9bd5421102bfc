"""Late data on issued invoices: put on the clerk's list, approved for the next bill, or let be."""

import logging
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError, transaction

from accounts.models import CustomerAccount
from billing.choices import CorrectionState
from billing.invoicing import Cycle
from billing.models import Correction, CorrectionDay, CorrectionLine, Invoice, LateMark
from billing.selectors import corrections, supplies
from billing.selectors.corrections import Changed, Late
from billing.services import writing
from segs_site.lib.periods import instant

log = logging.getLogger(__name__)

MARKS_A_STEP: Final = 500
AGAIN_AFTER: Final = timedelta(hours=1)  # what fails is looked at again


class Decided(Exception):
    """The correction was approved or rejected before, or another took its place."""


def look_due(*, now: datetime) -> int:
    """Work off marks of late data that are due; return how many.

    Of an invoice that they touch, what it owes beyond what is booked waits for the clerk
    afterwards. One that fails is logged and looked at again; the others go on.
    """
    marks = list(
        LateMark.objects.filter(look_at__lte=now).order_by("look_at", "id")[:MARKS_A_STEP]
    )
    if not marks:
        return 0
    failed = [
        each for each in corrections.touched_by(marks) if not _looked_at(invoice=each, now=now)
    ]
    again = corrections.marks_of(marks, invoices=failed)
    LateMark.objects.filter(pk__in=again).update(look_at=now + AGAIN_AFTER)
    LateMark.objects.filter(pk__in={mark.pk for mark in marks} - again).delete()
    return len(marks)


def _looked_at(*, invoice: Invoice, now: datetime) -> bool:
    try:
        find(invoice=invoice, now=now)
    except (InterfaceError, OperationalError):
        raise  # the database is away: that is no invoice's fault
    except Exception:
        log.exception("what late data change in %s could not be reckoned", invoice)
        return False
    return True


@transaction.atomic
def find(*, invoice: Invoice, now: datetime) -> Correction | None:
    """Put what late data change in a live invoice on the clerk's list, in the place of what waits.

    What waits stays when nothing came since. None when nothing is to be corrected.
    """
    CustomerAccount.objects.select_for_update().only("pk").get(pk=invoice.account_id)
    waiting = Correction.objects.filter(invoice=invoice, state=CorrectionState.WAITING)
    waits = waiting.select_for_update().first()
    found = corrections.of_invoice(invoice, now=now)
    if waits is not None:
        if found is not None and _is_the_same(waits, found):
            return waits
        waits.delete()
    return None if found is None else _written(found, now=now)


def _is_the_same(waits: Correction, found: Late) -> bool:
    written = [(line.corrects_id, line.label, line.components) for line in waits.lines.all()]
    return waits.total == found.total and written == [
        (line.corrects.pk, line.label, [part.printed() for part in line.difference.components])
        for line in found.lines
    ]


def _written(found: Late, *, now: datetime) -> Correction:
    why = found.why
    made = Correction.objects.create(
        invoice=found.invoice,
        found_at=now,
        energy_mwh=found.energy_mwh,
        total=found.total,
        first_at=None if why.first_us is None else instant(why.first_us),
        last_at=None if why.last_us is None else instant(why.last_us),
        filled=why.filled,
        replaced=why.replaced,
        changed=why.changed,
    )
    rows = [_line(made, place, line) for place, line in enumerate(found.lines)]
    CorrectionLine.objects.bulk_create(rows)
    zone = ZoneInfo(found.invoice.zone)
    period = supplies.period_of(Cycle(found.invoice.starts_on, found.invoice.ends_on), zone)
    CorrectionDay.objects.bulk_create(
        CorrectionDay(line=row, day=day, packed=packed)
        for row, line in zip(rows, found.lines, strict=True)
        for day, packed in writing.by_day(line.intervals, period=period, zone=zone)
    )
    return made


def _line(made: Correction, place: int, line: Changed) -> CorrectionLine:
    difference = line.difference
    return CorrectionLine(
        correction=made,
        place=place,
        corrects=line.corrects,
        of=line.of,
        label=line.label,
        amount=difference.amount,
        exact=difference.exact,
        rounding=difference.rounding,
        components=[component.printed() for component in difference.components],
    )


def approve(*, correction: Correction, by: str, now: datetime, note: str = "") -> Correction:
    """Let the lines of a correction go on the account's next bill. Raises Decided."""
    return _decide(correction, CorrectionState.APPROVED, by=by, note=note, now=now)


def reject(*, correction: Correction, reason: str, by: str, now: datetime) -> Correction:
    """Let a difference be: what comes later is held against it, too. Raises Decided."""
    return _decide(correction, CorrectionState.REJECTED, by=by, note=reason, now=now)


def _decide(
    correction: Correction, state: CorrectionState, *, by: str, note: str, now: datetime
) -> Correction:
    waiting = Correction.objects.filter(pk=correction.pk, state=CorrectionState.WAITING)
    if waiting.update(state=state, decided_at=now, decided_by=by, note=note) != 1:
        raise Decided
    correction.refresh_from_db()
    return correction
