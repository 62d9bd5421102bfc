"""What a clerk should look at before a bill goes out: of the reckoning, and beside it."""

from decimal import Decimal

from billing.choices import Trouble
from billing.models import Invoice
from billing.selectors import readiness
from billing.selectors.reckoned import BLOCKING, Reckoning

CANNOT_WAIVE = BLOCKING | {Trouble.FAILED}
FAR = Decimal(3)  # times the bill before, a day, or a third of it
SMALL = Decimal(20)  # a difference of no more than that is nobody's outlier


def of(reckoning: Reckoning) -> dict[Trouble, str]:
    """Return every doubt about a reckoning, by its kind."""
    troubles = dict(reckoning.troubles)
    ready = readiness.of(account_id=reckoning.account_id, period=reckoning.period)
    if ready.quarantined:
        troubles[Trouble.QUARANTINE] = f"{ready.quarantined} readings wait in quarantine"
    outlier = _outlier(reckoning)
    if outlier:
        troubles[Trouble.OUTLIER] = outlier
    return troubles


def _outlier(reckoning: Reckoning) -> str:
    """Compare by the day with the bill before; empty when they are alike, or there is none."""
    live = Invoice.objects.live().filter(account=reckoning.account_id)
    before = live.filter(ends_on__lte=reckoning.cycle.start).order_by("-ends_on").first()
    if before is None or before.currency != reckoning.currency:
        return ""
    days = (before.ends_on - before.starts_on).days
    expected = before.total * reckoning.cycle.days / days
    now, then = abs(reckoning.total), abs(expected)
    is_far = now > FAR * then or then > FAR * now
    if not is_far or abs(reckoning.total - expected) <= SMALL:
        return ""
    return f"{reckoning.total} where the bill before lets expect {expected:.2f}"
