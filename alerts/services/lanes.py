"""The ways out: one worker each, and rest for one that fails."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q

from alerts.choices import Channel, NoticeState
from alerts.models import Lane, Notice
from alerts.notifications import retrying

LEASE: Final = timedelta(seconds=90)  # longer than the slowest message may take


def busy(*, now: datetime) -> list[str]:
    """Return the lanes that have something to send and are not at rest or taken."""
    due = Notice.objects.filter(state=NoticeState.WAITING, due_at__lte=now)
    wanted = due.exclude(channel=Channel.IN_APP).values_list("lane", flat=True).distinct()
    held = Q(rests_until__gt=now) | Q(taken_until__gt=now)
    unusable = set(Lane.objects.filter(held).values_list("name", flat=True))
    return sorted(set(wanted.order_by()) - unusable)


def take(*, name: str, now: datetime) -> bool:
    """Take a lane for oneself; False when it rests or another has it."""
    Lane.objects.bulk_create([Lane(name=name)], ignore_conflicts=True)
    free = Q(taken_until=None) | Q(taken_until__lte=now)
    rested = Q(rests_until=None) | Q(rests_until__lte=now)
    mine = Lane.objects.filter(free, rested, name=name)
    return mine.update(taken_until=now + LEASE) == 1


def keep(*, name: str, now: datetime) -> None:
    """Hold on to a lane that one has, for another message."""
    Lane.objects.filter(name=name).update(taken_until=now + LEASE)


def give_back(*, name: str) -> None:
    """Leave a lane to others."""
    Lane.objects.filter(name=name).update(taken_until=None)


def wake(*, names: Collection[str]) -> None:
    """End the rest of lanes, for somebody has mended what failed."""
    Lane.objects.filter(name__in=list(names)).update(rests_until=None)


def note_sent(*, name: str, now: datetime) -> None:
    """Close the circuit: the lane works."""
    Lane.objects.filter(name=name).update(failures=0, rests_until=None, last_sent_at=now)


def note_failure(*, name: str, detail: str, now: datetime) -> None:
    """Count a failure; after some in a row the lane rests, ever longer."""
    Lane.objects.filter(name=name).update(failures=F("failures") + 1, last_failure=detail[:300])
    failures = Lane.objects.values_list("failures", flat=True).get(name=name)
    rest = retrying.rest(failures)
    if rest is not None:
        Lane.objects.filter(name=name).update(rests_until=now + rest)
