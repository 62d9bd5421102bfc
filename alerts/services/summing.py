"""More notices than anybody reads in a minute become one message."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max, Min

from alerts.choices import Channel, NoticeState, Occasion
from alerts.models import Notice
from alerts.models.notices import NoticeQuerySet
from alerts.services.judging_notices import Judge

MOST_A_MINUTE: Final = 5
MINUTE: Final = timedelta(minutes=1)
SUMMED: Final = (Channel.MAIL, Channel.SMS)
ALONE: Final = (Occasion.TEST, Occasion.SUMMARY, Occasion.ESCALATED)
RELATED = ("alert", "event", "endpoint", "opening", "outage__service_point", "advice")


def goes_alone(notice: Notice, *, now: datetime) -> bool:
    """Tell whether a notice goes as a message of its own.

    If not, what waits for the same person by the same way has become one summary, which waits
    in its place, or has been put off until a minute after the last message.
    """
    if notice.channel not in SUMMED or notice.occasion in ALONE:
        return True
    to_him = Notice.objects.filter(user=notice.user_id, channel=notice.channel)
    lately = to_him.filter(state=NoticeState.SENT, done_at__gt=now - MINUTE)
    lately = lately.exclude(occasion__in=[Occasion.TEST, Occasion.ESCALATED])
    waiting = to_him.filter(state=NoticeState.WAITING, due_at__lte=now, attempts=0)
    waiting = waiting.exclude(occasion__in=ALONE)
    sent = lately.count()
    if sent + waiting.count() <= MOST_A_MINUTE:
        return True
    if sent < MOST_A_MINUTE and not lately.filter(occasion=Occasion.SUMMARY).exists():
        return not _sum_up(notice, waiting, now=now)
    newest = lately.aggregate(newest=Max("done_at"))["newest"]
    waiting.update(due_at=newest + MINUTE)
    return False


def _sum_up(notice: Notice, waiting: NoticeQuerySet, *, now: datetime) -> bool:
    """Put what is still worth telling into one; False when that is one alone."""
    members = list(waiting.select_related(*RELATED))
    judge = Judge(members, now=now)
    worth = [each.pk for each in members if not judge.of(each).why_not]
    if len(worth) < 2:
        return False
    with transaction.atomic():
        chosen = Notice.objects.filter(pk__in=worth)
        summary = Notice.objects.create(
            occasion=Occasion.SUMMARY,
            channel=notice.channel,
            lane=notice.lane,
            priority=chosen.aggregate(first=Min("priority"))["first"],
            user_id=notice.user_id,
            created_at=now,
            due_at=now,
        )
        still = chosen.filter(state=NoticeState.WAITING, attempts=0)
        still.update(state=NoticeState.SUMMED, summary=summary, done_at=now)
    return True
