"""Hourly series, and where their hours stand in the local week."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

HOUR = timedelta(hours=1)
DAY = 24
WEEK = 7 * DAY
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hourly:
    """Mean loads of the hours from `start`, a full hour, in any unit; NaN is unknown."""

    start: datetime
    load: Floats

    @property
    def end(self) -> datetime:
        """Where the last hour ends."""
        return self.start + len(self.load) * HOUR

    def before(self, origin: datetime, *, hours: int) -> "Hourly":
        """Return the `hours` before `origin`; those that the series does not have are unknown."""
        start = origin - hours * HOUR
        shift = (self.start - start) // HOUR
        found = np.full(hours, np.nan)
        first, last = max(0, shift), min(hours, shift + len(self.load))
        if first < last:
            found[first:last] = self.load[first - shift : last - shift]
        return Hourly(start, found)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Local time of a run of hours: offset from UTC in whole hours, and hour of the local week.

    Offsets are rounded down, so a half-hour zone counts from half past.
    """

    offset: Ints
    hour_of_week: Ints

    @property
    def hour_of_day(self) -> Ints:
        """0 to 23."""
        return self.hour_of_week % DAY

    @property
    def is_weekend(self) -> Bools:
        """Saturday and Sunday."""
        return self.hour_of_week >= 5 * DAY

    def earlier(self, hours: int) -> Ints:
        """Return for each hour the place of the one `hours` before on the local clock.

        Without such a place it is -1. Never nearer than a day, or the day on which the clock is
        put forward would know its own future.
        """
        places = np.arange(len(self.offset)) - hours
        here = np.maximum(places, 0)
        moved = np.minimum(self.offset - self.offset[here], hours - DAY)
        return np.where(places + moved >= 0, places + moved, -1)


def calendar(start: datetime, hours: int, zone: ZoneInfo) -> Calendar:
    """Return the local time of the `hours` from `start`, a full hour."""
    instants = (start + hour * HOUR for hour in range(hours))
    offset = np.array([_offset(instant, zone) for instant in instants], np.int64)
    first = (start - _MONDAY) // HOUR
    return Calendar(offset, (first + np.arange(hours) + offset) % WEEK)


def _offset(instant: datetime, zone: ZoneInfo) -> int:
    return (instant.astimezone(zone).utcoffset() or timedelta()) // HOUR


def at(values: Floats, places: Ints) -> Floats:
    """Return the values at `places`; NaN for the place -1."""
    return np.where(places >= 0, values[np.maximum(places, 0)], np.nan)
