"""What a file gave, channel by channel: the figures a person compares with the sender's."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from meters.formats.base import Block, Channel, Read
from segs_site.lib.periods import DAY
from segs_site.lib.quantities import Quality

ZERO = Decimal(0)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A day of the file's zone: intervals with a value against those that its hours ask for.

    Where lengths are mixed, what is not covered counts in the shortest of them.
    """

    date: date
    hours: Decimal
    found: int
    expected: int
    total: Decimal

    def __str__(self) -> str:
        hours = "" if self.hours == 24 else f", {self.hours.normalize():f}-hour day"
        return f"{self.date}: {self.found} of {self.expected}{hours}"


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of one channel; `total` is in its unit and leaves out what is missing.

    Days are those of the file's zone: expected from the first to the last that the file names,
    found where at least one value stands. What stands in the file more than once counts once.
    """

    channel: Channel
    lengths: tuple[timedelta, ...]
    intervals: int
    total: Decimal
    qualities: Mapping[Quality, int]
    days_expected: int
    days_found: int
    days: tuple[LocalDay, ...]


@dataclass(slots=True)
class _Day:
    """A day so far: `covered` has a bit for each minute that a value covers."""

    covered: int = 0
    found: int = 0
    total: Decimal = ZERO
    shortest: timedelta = DAY


@dataclass(slots=True)
class Tally:
    """Adds up one channel's blocks."""

    channel: Channel
    zone: tzinfo = UTC
    intervals: int = 0
    lengths: set[timedelta] = field(default_factory=set)
    qualities: Counter[Quality] = field(default_factory=Counter)
    days: dict[date, _Day] = field(default_factory=dict)
    spilled: dict[date, int] = field(default_factory=dict)

    def add(self, block: Block, zone: tzinfo) -> None:
        """Count the reads of a block, in days of `zone`."""
        self.zone = zone
        self.intervals += len(block.reads)
        self.qualities.update(read.quality for read in block.reads)
        for read in block.reads:
            self.lengths.add(read.end - read.start)
            self._count(read)

    def _count(self, read: Read) -> None:
        on = read.start.astimezone(self.zone).date()
        day = self.days.setdefault(on, _Day())
        day.shortest = min(day.shortest, read.end - read.start)
        if read.value is None:
            return
        first, last = _bounds(on, self.zone)
        minutes = _bits(read.start - first, min(read.end, last) - first)
        if minutes & ~day.covered:
            day.found += 1
            day.total += read.value
            day.covered |= minutes
            whole = _whole((last - first) // MINUTE)
            if day.covered == whole:
                day.covered = whole  # one number for all whole days: files hold hundred thousands
        if read.end > last:  # it covers the beginning of the next day, and counts in its own
            spilled = _bits(timedelta(), read.end - last)
            self.spilled[on + DAY] = self.spilled.get(on + DAY, 0) | spilled

    def summary(self) -> Summary:
        """Return the figures so far."""
        named = self.days
        return Summary(
            channel=self.channel,
            lengths=tuple(sorted(self.lengths)),
            intervals=self.intervals,
            total=sum((day.total for day in named.values()), ZERO),
            qualities=dict(sorted(self.qualities.items(), reverse=True)),
            days_expected=(max(named) - min(named)).days + 1 if named else 0,
            days_found=sum(day.found > 0 for day in named.values()),
            days=tuple(self._local_day(on, named[on]) for on in sorted(named)),
        )

    def _local_day(self, on: date, day: _Day) -> LocalDay:
        first, last = _bounds(on, self.zone)
        covered = day.covered | self.spilled.get(on, 0)
        uncovered = (last - first) - covered.bit_count() * MINUTE
        missing = -(-uncovered // day.shortest)
        hours = Decimal((last - first) // MINUTE) / 60
        return LocalDay(on, hours, day.found, day.found + max(0, missing), day.total)


def _bits(start: timedelta, end: timedelta) -> int:
    """Return a number with a bit for each minute of `[start, end)`, one at least."""
    first = start // MINUTE
    return ((1 << max(1, -(-(end - start) // MINUTE))) - 1) << first


@lru_cache(maxsize=64)
def _whole(minutes: int) -> int:
    """Return a number with a bit for each of so many minutes."""
    return (1 << minutes) - 1


@lru_cache(maxsize=4096)
def _bounds(on: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return in UTC where a local day begins and ends."""
    first, last = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (on, on + DAY))
    return first, last
