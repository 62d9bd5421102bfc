"""Everything the judge asks of the product: one place that knows its names."""

from datetime import datetime

from alerts import lifecycle
from alerts.models import Alert, Interruption
from alerts.services import judging, noticing, sweeping
from meters.services import requests, windows
from segs_site.lib import periods
from workers import clocks
from workers.models import Shard


def moment(ms: int) -> datetime:
    """Return an instant of milliseconds since 1970."""
    return periods.instant(ms * 1000)


def shards() -> int:
    """Return how many shards the stream has."""
    return Shard.objects.count()


class Detector:
    """What the product's tasks keep while their process lives."""

    def __init__(self) -> None:
        self._sweeper = sweeping.Sweeper()
        self._judge = judging.Judge()

    def look(self, *, now_ms: int) -> None:
        """Close the minutes that are due and look at the meters, as the tasks do."""
        now, read_until, slowest = moment(now_ms), clocks.by_shard(), clocks.slowest()
        if slowest is not None:
            while windows.close(consumed_until=slowest, now=now) != windows.NOTHING:
                pass
        requests.expire(now=now)
        self._sweeper.sweep(clocks=read_until, now=now)
        self._judge.judge_due(now=now)
        noticing.notice(now=now)


def unexplained() -> dict[int, tuple[str, str]]:
    """Return kind and subject of the alerts that hold and that no other alert explains."""
    rows = Alert.objects.causes().filter(state__in=lifecycle.STANDING)
    return {pk: (kind, subject) for pk, kind, subject in rows.values_list("pk", "kind", "subject")}


def recorded(*, start_ms: int, end_ms: int) -> tuple[float, int]:
    """Return minutes without supply and how many times it failed, as the records have it."""
    rows = Interruption.objects.touching(moment(start_ms), moment(end_ms))
    end = moment(end_ms)
    lengths = [
        ((ended_at or end) - started_at).total_seconds() / 60
        for started_at, ended_at in rows.values_list("started_at", "ended_at")
    ]
    return sum(lengths), len(lengths)
