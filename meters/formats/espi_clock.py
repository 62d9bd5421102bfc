"""How Green Button says where clocks stand: an offset, and two rules of when they change.

A rule is 32 bits, written as eight hexadecimal digits. From the lowest: seconds (12), hours (5),
weekday (3, Monday is 1), day of the month (5), occurrence of the weekday in its month (3: 2 is
the first, 5 the fourth, 7 the last), month (4). The hour is what the clock shows before.
Source: NAESB REQ.21, DstRuleType in its schema espi.xsd.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

YEARS_COMPARED = 6  # so that a last Sunday is told from a fourth one
FIRST, LAST = 2, 7  # occurrences: the first weekday of a month, and its last
NOTHING = timedelta()
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
# Each stands for all zones whose clocks go alike today.
KNOWN = (
    "America/St_Johns", "America/Halifax", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Anchorage",
    "Europe/London", "Europe/Brussels", "Europe/Athens",
    "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Auckland",
)  # fmt: skip
TODAY = 2025  # a year whose rules hold for files of our time


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds east of Greenwich, seconds more in summer, and when that begins and ends."""

    offset_s: int
    dst_offset_s: int = 0
    dst_start: str = ""
    dst_end: str = ""


def clocks(zone: tzinfo, year: int) -> Clocks:
    """Return how the clocks of a zone go in a year; a fixed offset unless they change twice."""
    changes = list(_changes(zone, year))
    if len(changes) != 2:
        return Clocks(_seconds(_offset(zone, datetime(year, 1, 1, tzinfo=UTC))))
    forward, back = sorted(changes, key=lambda change: change.by, reverse=True)
    if not forward.by > NOTHING > back.by:
        return Clocks(_seconds(forward.before))
    return Clocks(
        _seconds(forward.before), _seconds(forward.by), _rule(zone, forward), _rule(zone, back)
    )


@lru_cache(maxsize=1)
def zones() -> dict[Clocks, str]:
    """Return a zone for each way that clocks are known to go."""
    return {clocks(ZoneInfo(name), TODAY): name for name in KNOWN}


@dataclass(frozen=True, slots=True)
class _Change:
    """When a zone's clocks change: an instant, the offset before, and by how much."""

    at: datetime
    before: timedelta
    by: timedelta

    @property
    def shown(self) -> datetime:
        """What the clock shows, before it is moved."""
        return self.at.replace(tzinfo=None) + self.before


def _changes(zone: tzinfo, year: int) -> Iterator[_Change]:
    noon = datetime(year, 1, 1, tzinfo=UTC)
    while noon.year == year:
        before, after = _offset(zone, noon), _offset(zone, noon + DAY)
        if before != after:
            yield _Change(_instant(zone, noon, before), before, after - before)
        noon += DAY


def _instant(zone: tzinfo, start: datetime, before: timedelta) -> datetime:
    """Return the second at which an offset ends, within a day of `start`."""
    low, high = 0, DAY // SECOND
    while low + 1 < high:
        middle = (low + high) // 2
        if _offset(zone, start + middle * SECOND) == before:
            low = middle
        else:
            high = middle
    return start + high * SECOND


def _rule(zone: tzinfo, change: _Change) -> str:
    """Write the rule that a change follows, also in the years after it."""
    alike = [
        each.shown
        for year in range(change.at.year, change.at.year + YEARS_COMPARED)
        for each in _changes(zone, year)
        if (each.by > NOTHING) == (change.by > NOTHING)
    ]
    shown = change.shown
    are_last = all(_days_of_month(day) - day.day < 7 for day in alike)
    occurrence = LAST if are_last else FIRST + (shown.day - 1) // 7
    seconds = shown.minute * 60 + shown.second
    bits = seconds | shown.hour << 12 | shown.isoweekday() << 17 | occurrence << 25
    return f"{bits | shown.month << 28:08X}"


def _days_of_month(day: datetime) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or NOTHING


def _seconds(length: timedelta) -> int:
    return length // SECOND
