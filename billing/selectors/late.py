"""The clerk's list of corrections, and on which bill each went."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from billing.choices import CorrectionState
from billing.models import Correction, CorrectionDay, CorrectionLine, Invoice, InvoiceLine


def listed(*, state: str = "", account: str = "") -> QuerySet[Correction]:
    """Return the corrections of live invoices, all or those in a state or of an account."""
    live = Correction.objects.filter(
        invoice__claim__isnull=False, invoice__claim__released_at=None
    )
    if state:
        live = live.filter(state=state)
    if account:
        live = live.filter(invoice__account__number=account)
    return live.select_related("invoice__account__customer")


def waiting() -> int:
    """Return how many wait for the clerk."""
    return listed(state=CorrectionState.WAITING).count()


def billed_on(found: Iterable[Correction]) -> dict[int, Invoice]:
    """Return, by correction, the live invoice that carries it; one question for all."""
    carrying = InvoiceLine.objects.filter(
        carries__correction__in=list(found),
        invoice__claim__isnull=False,
        invoice__claim__released_at=None,
    )
    rows = carrying.select_related("invoice", "carries")
    return {row.carries.correction_id: row.invoice for row in rows if row.carries is not None}


@dataclass(frozen=True, slots=True)
class OfLine:
    """A line of a correction, and the local days of which intervals changed."""

    line: CorrectionLine
    days: list[date]


def lines(correction: Correction) -> list[OfLine]:
    """Return what a correction changes, line by line."""
    days: dict[int, list[date]] = {}
    changed = CorrectionDay.objects.filter(line__correction=correction).order_by("day")
    for line, day in changed.values_list("line", "day"):
        days.setdefault(line, []).append(day)
    found = correction.lines.select_related("corrects__invoice")
    return [OfLine(line, days.get(line.pk, [])) for line in found]
