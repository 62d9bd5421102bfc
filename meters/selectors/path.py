"""How the way of a reading does: from what workers last wrote down, and from what is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from meters.choices import QuarantineState
from meters.models import MinuteWindow, QuarantinedReading, QuarterWindow, WindowClock, WindowMark
from segs_site.lib.models import DeadLetter, ProcessState, ShardState
from segs_site.lib.periods import MINUTE, QUARTER, floor

HOUR = timedelta(hours=1)
ALIVE_FOR = timedelta(seconds=35)  # processes speak every 10 s: three may be lost


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is known of the whole path; unknown is None.

    Counts of readings are those of the newest closed minute and of the newest four closed
    quarter-hours. `lag_s` is how far the slowest shard is behind; `looked_at` how old the shards'
    figures are.
    """

    readings_last_minute: int | None
    readings_last_hour: int | None
    minutes_closed_until: datetime | None
    marks_waiting: int
    shards: list[ShardState]
    lag_s: float | None
    looked_at: datetime | None
    processes: list[ProcessState]
    quarantine_open: int
    dead_letters: int


def vitals(*, now: datetime) -> Vitals:
    """Return how the path does."""
    closed_until = WindowClock.objects.values_list("closed_until", flat=True).first()
    shards = list(ShardState.objects.all())
    clocks = [shard.consumed_until for shard in shards]
    behind = [now - clock for clock in clocks if clock is not None]
    minute, hour = (None, None) if closed_until is None else _readings(closed_until)
    return Vitals(
        readings_last_minute=minute,
        readings_last_hour=hour,
        minutes_closed_until=closed_until,
        marks_waiting=WindowMark.objects.count(),
        shards=shards,
        lag_s=max(behind).total_seconds() if len(behind) == len(clocks) and behind else None,
        looked_at=min((shard.looked_at for shard in shards), default=None),
        processes=list(ProcessState.objects.filter(said_at__gte=now - HOUR)),
        quarantine_open=QuarantinedReading.objects.filter(state=QuarantineState.OPEN).count(),
        dead_letters=DeadLetter.objects.count(),
    )


def _readings(closed_until: datetime) -> tuple[int, int]:
    minutes = MinuteWindow.objects.filter(start=closed_until - MINUTE)
    end = floor(closed_until, QUARTER)
    quarters = QuarterWindow.objects.filter(start__gte=end - HOUR, start__lt=end)
    return (
        minutes.aggregate(readings=Sum("count", default=0))["readings"],
        quarters.aggregate(readings=Sum("count", default=0))["readings"],
    )


def is_alive(process: ProcessState, *, now: datetime) -> bool:
    """Tell whether a process spoke lately."""
    return now - process.said_at < ALIVE_FOR
