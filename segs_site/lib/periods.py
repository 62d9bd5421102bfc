"""Half-open stretches of time and the grid of windows they are cut into.

Everything is UTC inside. A window of length L starts at a multiple of L since 1970-01-01T00:00Z.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """The instants from `start` up to, not including, `end`; both aware, kept in UTC.

    Raises ValueError when an end is naive or the period is empty.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            moment: datetime = getattr(self, name)
            if moment.tzinfo is None:
                message = f"{name} of a period has no zone: {moment.isoformat()}"
                raise ValueError(message)
            object.__setattr__(self, name, moment.astimezone(UTC))
        if self.end <= self.start:
            message = f"a period ends after it starts: {self.start} to {self.end}"
            raise ValueError(message)

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @property
    def length(self) -> timedelta:
        """Elapsed time, right across clock changes."""
        return self.end - self.start

    def overlaps(self, other: "Period") -> bool:
        """Tell whether the two share an instant."""
        return self.start < other.end and other.start < self.end

    def windows(self, length: timedelta) -> Iterator["Period"]:
        """Cut the period into windows of `length` from its start; a short rest is left out."""
        start = self.start
        while start + length <= self.end:
            yield Period(start, start + length)
            start += length


def floor(moment: datetime, length: timedelta) -> datetime:
    """Return the start of the window of `length` in which `moment` lies."""
    return moment - (moment - EPOCH) % length


def ceil(moment: datetime, length: timedelta) -> datetime:
    """Return the first start of a window of `length` that is not before `moment`."""
    return moment + (EPOCH - moment) % length


def microseconds(moment: datetime) -> int:
    """Return the microseconds from 1970 to an aware `moment`, exactly."""
    elapsed = moment - EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def instant(count: int) -> datetime:
    """Return the moment, in UTC, that many microseconds after 1970; the reverse, exactly."""
    return EPOCH + timedelta(microseconds=count)


def window_of_reading(moment: datetime, length: timedelta) -> datetime:
    """Return the start of the window that a reading stamped `moment` is counted in.

    A reading stands for the interval that ends at its stamp, so one stamped 10:01:00 belongs to
    the minute of 10:00: it is counted where the last instant of its interval lies.
    """
    return floor(moment - timedelta(microseconds=1), length)


def local_day(day: date, zone: ZoneInfo) -> Period:
    """Return the civil `day` of `zone` as a period: 23, 24 or 25 hours long."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    following = day + DAY
    end = datetime(following.year, following.month, following.day, tzinfo=zone)
    return Period(start.astimezone(UTC), end.astimezone(UTC))


def expected_intervals(period: Period, length: timedelta) -> int:
    """Return how many whole intervals of `length` the period holds (92, 96, 100 quarter-hours)."""
    return period.length // length
