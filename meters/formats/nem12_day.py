"""One day of a NEM12 channel: its values, and the quality of each of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from meters.formats import nem12_codes as codes
from meters.formats.base import REASON_LENGTH, Read
from segs_site.lib.quantities import Quality

MARKET_TIME = timezone(timedelta(hours=10), "UTC+10")
MINUTES_PER_DAY = 1440

Qualified = tuple[str, str]  # flag and reason


class Unqualified(Exception):
    """A day whose values or qualities contradict each other; says how."""


@dataclass(slots=True)
class Day:
    """A 300 record and what the 400 records after it say of its intervals (counted from 1)."""

    line: int
    date: datetime
    values: list[str]
    flag: str
    reason: str
    ranges: dict[int, Qualified] = field(default_factory=dict)

    def qualify(self, first: int, last: int, flag: str, reason: str) -> None:
        """Give intervals `first` to `last`, both included, a quality of their own."""
        if not 1 <= first <= last <= len(self.values):
            message = f"intervals {first} to {last} of {len(self.values)} are no range"
            raise Unqualified(message)
        _quality(flag)
        for place in range(first, last + 1):
            if place in self.ranges:
                message = f"interval {place} has a quality from an earlier 400 record"
                raise Unqualified(message)
            self.ranges[place] = (flag, reason)

    def check(self) -> None:
        """Raise Unqualified unless every interval has a quality."""
        if self.flag != codes.VARIABLE:
            _quality(self.flag)
            return
        for place in range(1, len(self.values) + 1):
            if place not in self.ranges:
                message = f"the day's quality is V, but no 400 record covers interval {place}"
                raise Unqualified(message)

    def reads(self, scale: codes.Scale, minutes: int) -> tuple[Read, ...]:
        """Return the day's intervals; raises Unqualified at a value that its quality denies."""
        self.check()
        whole_day = (self.flag, self.reason)
        return tuple(
            _read(place, written, bounds, self.ranges.get(place, whole_day), scale)
            for place, (written, bounds) in enumerate(
                zip(self.values, _intervals(self.date, minutes), strict=True), start=1
            )
        )

    def ignored_values(self) -> int:
        """Count the values other than zero that are marked null."""
        if not self.ranges and self.flag != "N":
            return 0
        flags = (
            self.ranges.get(place, (self.flag, ""))[0] for place in range(1, 1 + len(self.values))
        )
        return sum(
            flag[0] == "N" and written.strip("0.") != ""
            for flag, written in zip(flags, self.values, strict=True)
        )


def _read(
    place: int,
    written: str,
    bounds: tuple[datetime, datetime],
    qualified: Qualified,
    scale: codes.Scale,
) -> Read:
    flag, reason = qualified
    quality = _quality(flag)
    if quality == Quality.MISSING:
        return Read(*bounds, None, quality, flag, _short(reason))
    if not scale.pattern.fullmatch(written):
        said = f"has no value although its quality is {flag}" if not written else ""
        message = f"interval {place} {said or 'says ' + scale.objection(written)}"
        raise Unqualified(message)
    return Read(*bounds, scale.value(written), quality, flag, _short(reason))


def _quality(flag: str) -> Quality:
    if codes.FLAG.fullmatch(flag) is None or flag[0] == codes.VARIABLE:
        message = f"{flag[:20]!r} is no quality of an interval"
        raise Unqualified(message)
    return codes.QUALITIES[flag[0]]


def _short(reason: str) -> str:
    """Return the reason; one beyond the format's own limit ends in an ellipsis."""
    return reason if len(reason) <= REASON_LENGTH else reason[: REASON_LENGTH - 1] + "…"


@lru_cache(maxsize=1024)  # the days of a delivery are the same for all its channels
def _intervals(date: datetime, minutes: int) -> tuple[tuple[datetime, datetime], ...]:
    """Return start and end in UTC of the intervals of a market day."""
    midnight, length = date.astimezone(UTC), timedelta(minutes=minutes)
    starts = [midnight + place * length for place in range(MINUTES_PER_DAY // minutes)]
    return tuple((start, start + length) for start in starts)
