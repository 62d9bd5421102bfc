"""Notices leave the house: claimed, sent, written down; at least once, and rarely twice.

A sender that dies between the claim and the answer leaves its notice to the next one, after the
lease: that one message may arrive twice, with the same id.
"""

import time
from datetime import datetime
from typing import Final

from django.db.models import F

from alerts.choices import Channel, NoticeState
from alerts.models import Delivery, Notice
from alerts.notifications import retrying
from alerts.notifications.carriers import Broken, Busy, Carrier, Parcel, Receipt
from alerts.selectors.hearing import Hearer
from alerts.services import dropping, endpoints, lanes, speaking, summing
from alerts.services.judging_notices import Judge

RELATED: Final = (
    "alert__region", "alert__feeder", "alert__transformer", "alert__meter",
    "event", "endpoint", "opening", "outage__service_point", "advice",
)  # fmt: skip


class LaneFailed(Exception):
    """The lane did not work: whoever has it leaves it."""


def deliver_next(*, lane: str, carrier: Carrier, now: datetime) -> bool:
    """Deal with the most urgent notice that is due by a lane; False when there is none.

    The caller has the lane. Raises LaneFailed when nothing more should be tried now.
    """
    notice = Notice.objects.due(lane=lane, now=now).select_related(*RELATED).first()
    if notice is None:
        return False
    judge = Judge([notice], now=now)
    if not dropping.goes_now(notice, judge=judge, now=now):
        return True
    if not summing.goes_alone(notice, now=now):
        return True
    if _claim(notice, now=now):
        _deliver(notice, judge.hearers.get(notice.user_id or 0), carrier, now=now)
    return True


def _claim(notice: Notice, *, now: datetime) -> bool:
    claimed = dropping.waiting(notice).update(
        due_at=now + max(lanes.LEASE, retrying.wait(notice.attempts + 1)),
        attempts=F("attempts") + 1,
    )
    notice.attempts += 1
    return claimed == 1


def _deliver(notice: Notice, hearer: Hearer | None, carrier: Carrier, *, now: datetime) -> None:
    parcel = _parcel(notice, hearer, now=now)
    began = time.monotonic()
    try:
        receipt = carrier.carry(parcel, now=now)
    except Broken as problem:
        _log(notice, Receipt(problem.status, problem.detail), began, is_sent=False, now=now)
        _give_up(notice, why=problem.detail, now=now)
    except Busy as problem:
        _log(notice, Receipt(problem.status, problem.detail), began, is_sent=False, now=now)
        _put_off(notice, why=problem.detail, now=now)
        raise LaneFailed(problem.detail) from problem
    else:
        _log(notice, receipt, began, is_sent=True, now=now)
        dropping.waiting(notice).update(
            state=NoticeState.SENT, done_at=now, subject=parcel.subject, text=parcel.text
        )
        lanes.note_sent(name=notice.lane, now=now)


def _parcel(notice: Notice, hearer: Hearer | None, *, now: datetime) -> Parcel:
    if hearer is None:
        return endpoints.parcel(notice, now=now)
    words = speaking.words(notice, hearer=hearer, now=now)
    to = hearer.phone if notice.channel == Channel.SMS else hearer.email
    return Parcel(id=str(notice.key), to=to, subject=words.subject, text=words.text)


def _log(notice: Notice, receipt: Receipt, began: float, *, is_sent: bool, now: datetime) -> None:
    Delivery.objects.create(
        notice=notice,
        at=now,
        took_ms=round((time.monotonic() - began) * 1000),
        is_sent=is_sent,
        status=receipt.status,
        detail=receipt.detail[:300],
    )


def _put_off(notice: Notice, *, why: str, now: datetime) -> None:
    lanes.note_failure(name=notice.lane, detail=why, now=now)
    if retrying.is_over(attempts=notice.attempts, created_at=notice.created_at, now=now):
        _give_up(notice, why=why, now=now)
        return
    dropping.waiting(notice).update(due_at=now + retrying.wait(notice.attempts))


def _give_up(notice: Notice, *, why: str, now: datetime) -> None:
    dropping.waiting(notice).update(state=NoticeState.DEAD, reason=why[:300], done_at=now)


def give_up_old(*, now: datetime) -> int:
    """Give up what waited too long, its lane at rest or nobody at work; return how many."""
    old = Notice.objects.filter(
        state=NoticeState.WAITING, due_at__lte=now, created_at__lt=now - retrying.OLDEST
    )
    return old.update(
        state=NoticeState.DEAD, done_at=now, reason="waited too long: the way out did not work"
    )


def replay(*, notice: Notice, now: datetime) -> bool:
    """Send a dead notice again, as if it had just been made; False when it is none.

    It is looked at like any other: what is over by then is dropped. Its id stays the same, for
    it may have arrived after all.
    """
    dead = Notice.objects.filter(pk=notice.pk, state=NoticeState.DEAD)
    fresh = {"attempts": 0, "created_at": now, "due_at": now, "done_at": None, "reason": ""}
    return dead.update(state=NoticeState.WAITING, **fresh) == 1
