"""What becomes of a notice that does not go out now."""

from datetime import datetime

from alerts.choices import NoticeState, Occasion
from alerts.models import Notice
from alerts.models.notices import NoticeQuerySet
from alerts.services import households
from alerts.services.judging_notices import CAME_BACK, Judge


def goes_now(notice: Notice, *, judge: Judge, now: datetime) -> bool:
    """Tell whether a notice is to be sent; what is not is dropped, or put off, and kept so."""
    verdict = judge.of(notice)
    if verdict.why_not:
        drop(notice, why=verdict.why_not, now=now)
        return False
    if verdict.until is not None:
        waiting(notice).update(due_at=verdict.until)
        return False
    return True


def drop(notice: Notice, *, why: str, now: datetime) -> None:
    """Let a notice be, with the reason."""
    waiting(notice).update(state=NoticeState.DROPPED, reason=why, done_at=now)
    is_dark_again = why == CAME_BACK and notice.occasion == Occasion.RESTORED
    if is_dark_again and notice.outage is not None:
        households.reopen(notice.outage)


def waiting(notice: Notice) -> NoticeQuerySet:
    """Return the notice, if nobody has touched it since it was read."""
    return Notice.objects.filter(pk=notice.pk, state=NoticeState.WAITING, attempts=notice.attempts)
