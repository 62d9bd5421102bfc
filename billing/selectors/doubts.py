"""What a clerk should look at before a bill goes out: of the reckoning, and beside it."""

from collections.abc import Sequence
from decimal import Decimal

from billing.choices import Trouble
from billing.models import Invoice
from billing.selectors import readiness
from billing.selectors.readiness import Readiness
from billing.selectors.reckoned import BLOCKING, Reckoning

CANNOT_WAIVE = BLOCKING | {Trouble.FAILED}
FAR = Decimal(3)  # times the bill before, a day, or a third of it
SMALL = Decimal(20)  # a difference of no more than that is nobody's outlier


def of(reckonings: Sequence[Reckoning]) -> list[dict[Trouble, str]]:
    """Return every doubt about each reckoning, by its kind."""
    ready = readiness.of(periods={one.account_id: one.period for one in reckonings})
    before = _bills_before(reckonings)
    return [_doubts(one, ready[one.account_id], before.get(one.account_id)) for one in reckonings]


def _doubts(reckoning: Reckoning, ready: Readiness, before: Invoice | None) -> dict[Trouble, str]:
    troubles = dict(reckoning.troubles)
    if ready.quarantined:
        troubles[Trouble.QUARANTINE] = f"{ready.quarantined} readings wait in quarantine"
    outlier = "" if before is None else _outlier(reckoning, before)
    if outlier:
        troubles[Trouble.OUTLIER] = outlier
    return troubles


def _bills_before(reckonings: Sequence[Reckoning]) -> dict[int, Invoice]:
    """Return the newest live invoice of each account that ends by the start of its cycle."""
    starts = {one.account_id: one.cycle.start for one in reckonings}
    live = Invoice.objects.live().filter(account__in=starts).order_by("account", "ends_on")
    return {
        invoice.account_id: invoice
        for invoice in live.only("account", "starts_on", "ends_on", "total", "currency")
        if invoice.ends_on <= starts[invoice.account_id]
    }


def _outlier(reckoning: Reckoning, before: Invoice) -> str:
    """Compare by the day with the bill before; empty when they are alike."""
    if before.currency != reckoning.currency:
        return ""
    days = (before.ends_on - before.starts_on).days
    expected = before.total * reckoning.cycle.days / days
    now, then = abs(reckoning.total), abs(expected)
    is_far = now > FAR * then or then > FAR * now
    if not is_far or abs(reckoning.total - expected) <= SMALL:
        return ""
    return f"{reckoning.total} where the bill before lets expect {expected:.2f}"
