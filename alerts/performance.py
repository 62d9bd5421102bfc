"""How well the alarm desk does, by the figures that alarm engineers agree on.

Sources of figures and targets: EEMUA Publication 191, "Alarm systems: a guide to design,
management and procurement", and ANSI/ISA-18.2 with IEC 62682, "Management of alarm systems for
the process industries". They hold for one operator's position:

- on average at most 1 alarm in 10 minutes is very likely acceptable, 2 are manageable;
- at most 10 in the first 10 minutes after a major upset can be managed;
- fewer than 1 % of all stretches of 10 minutes hold more than 10;
- a flood begins with 10 alarms in 10 minutes and ends when fewer than 5 are left in them;
- the ten most frequent sources give at most 5 % of all alarms;
- nothing chatters, and fewer than 5 alarms a day are stale, which is older than 24 hours;
- priorities: about 80 % low, 15 % medium, 5 % high, and fewer than 1 % critical.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from alerts.conditions.kinds import Severity
from segs_site.lib.periods import Period, floor

Source = TypeVar("Source")

WINDOW = timedelta(minutes=10)
FLOOD_STARTS, FLOOD_ENDS_BELOW = 10, 5
CHATTER_WINDOW, CHATTER_STARTS = timedelta(minutes=1), 3
STALE_AFTER = timedelta(hours=24)
TOP = 10

MEAN_TARGET, PEAK_TARGET, ABOVE_PCT_TARGET = 1.0, 10.0, 1.0
TOP_PCT_TARGET, STALE_TARGET = 5.0, 4
MIX_TARGETS_PCT: dict[Severity, float] = {
    Severity.LOW: 80.0,
    Severity.MEDIUM: 15.0,
    Severity.HIGH: 5.0,
    Severity.CRITICAL: 1.0,
}


@dataclass(frozen=True, slots=True)
class Slice:
    """Ten minutes and how many alarms an operator had in them."""

    start: datetime
    rate: float


@dataclass(frozen=True, slots=True)
class Rate:
    """Alarms an operator and 10 minutes: on average, at worst, and how often above 10.

    The peak is of any 10 minutes; `slices` and `above_pct` are of those that start at a full ten.
    """

    mean: float
    peak: float
    above_pct: float
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class Flood:
    """Alarms faster than an operator can follow; without an end it goes on."""

    start: datetime
    end: datetime | None
    size: int


@dataclass(frozen=True, slots=True)
class Frequent(Generic[Source]):
    """A source, how many alarms it gave, and what share of all."""

    source: Source
    count: int
    share_pct: float


@dataclass(frozen=True, slots=True)
class Chattering(Generic[Source]):
    """A source that came and went too often, and how often at worst in a minute."""

    source: Source
    worst: int


@dataclass(frozen=True, slots=True)
class Waits:
    """How long alarms waited for a person; None where nobody acknowledged any."""

    count: int
    median: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True, slots=True)
class Share:
    """A priority's part of all alarms; None where there are none."""

    severity: Severity
    count: int
    share_pct: float | None
    target_pct: float

    @property
    def is_met(self) -> bool:
        """Whether no more than the target is worse than low, and low is all the rest."""
        if self.share_pct is None:
            return True
        if self.severity is Severity.LOW:
            return self.share_pct >= self.target_pct
        return self.share_pct <= self.target_pct


def rate(moments: Sequence[datetime], *, period: Period, operators: int) -> Rate:
    """Return the rate of a period; `moments` are sorted and lie in it."""
    counts = Counter(floor(moment, WINDOW) for moment in moments)
    slices = tuple(Slice(start, counts[start] / operators) for start in _tens(period))
    above = sum(each.rate > PEAK_TARGET for each in slices)
    return Rate(
        mean=len(moments) / ((period.end - period.start) / WINDOW) / operators,
        peak=max(_trailing(moments, WINDOW), default=0) / operators,
        above_pct=100 * above / len(slices) if slices else 0.0,
        slices=slices,
    )


def floods(moments: Sequence[datetime], *, until: datetime, operators: int) -> list[Flood]:
    """Return the floods among sorted moments, oldest first, as they stand at `until`."""
    found: list[tuple[int, int]] = []  # the places of the first and the last alarm
    is_flooded = False
    for place, count in enumerate(_trailing(moments, WINDOW)):
        is_flooded = is_flooded and count > FLOOD_ENDS_BELOW * operators
        if is_flooded:
            found[-1] = (found[-1][0], place)
        elif count >= FLOOD_STARTS * operators:
            is_flooded = True
            _join(found, place - count + 1, place)
    return [_flood(moments, first, last, until, operators) for first, last in found]


def top_sources(sources: Iterable[Source], *, limit: int = TOP) -> list[Frequent[Source]]:
    """Return those that gave most alarms, the worst first."""
    counts = Counter(sources)
    total = counts.total()
    return [
        Frequent(source, count, 100 * count / total) for source, count in counts.most_common(limit)
    ]


def chattering(transitions: Mapping[Source, Sequence[datetime]]) -> list[Chattering[Source]]:
    """Return the sources with 3 transitions or more in a minute; moments are sorted."""
    worst = {
        source: max(_trailing(moments, CHATTER_WINDOW), default=0)
        for source, moments in transitions.items()
    }
    found = [Chattering(s, count) for s, count in worst.items() if count >= CHATTER_STARTS]
    return sorted(found, key=lambda each: -each.worst)


def waits(durations: Iterable[timedelta]) -> Waits:
    """Return how long alarms waited; the 90th percentile is one that occurred."""
    ordered = sorted(durations)
    if not ordered:
        return Waits(0, None, None)
    count = len(ordered)
    median = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return Waits(count, median, ordered[-(-9 * count // 10) - 1])


def mix(severities: Iterable[Severity]) -> list[Share]:
    """Return every priority's share, the worst first."""
    counts = Counter(severities)
    total = counts.total()
    return [
        Share(each, counts[each], 100 * counts[each] / total if total else None, target)
        for each, target in sorted(MIX_TARGETS_PCT.items(), reverse=True)
    ]


def _tens(period: Period) -> Iterable[datetime]:
    start = floor(period.start, WINDOW)
    while start < period.end:
        yield start
        start += WINDOW


def _trailing(moments: Sequence[datetime], window: timedelta) -> Iterable[int]:
    """Yield for each moment how many lie in the window that ends with it, itself included."""
    first = 0
    for place, moment in enumerate(moments):
        while moments[first] <= moment - window:
            first += 1
        yield place - first + 1


def _join(found: list[tuple[int, int]], first: int, last: int) -> None:
    """Add a flood; one that shares alarms with the flood before goes on with it."""
    if found and first <= found[-1][1]:
        first = found.pop()[0]
    found.append((first, last))


def _flood(
    moments: Sequence[datetime], first: int, last: int, until: datetime, operators: int
) -> Flood:
    end = moments[last + 1 - FLOOD_ENDS_BELOW * operators] + WINDOW
    return Flood(moments[first], end if end <= until else None, last - first + 1)
