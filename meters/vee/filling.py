"""Fills intervals that nobody measured: short gaps by a line, long ones by the own profile.

The profile is the mean of like times of the meter's own days, those of the same weekday first,
near ones before far ones, holidays as Sundays. Where a register counted what flowed through the
gap, the shape is scaled to it; else the profile is scaled to how the meter draws around the gap.
A gap without neighbours and without enough own days stays a gap: nothing is invented, least of
all zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from meters.vee.rules import Rule
from segs_site.lib.periods import DAY, MINUTE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SUNDAY = 6
FADES_DAYS = 28  # a day that far away weighs a third of one nearby
SAME_WEEKDAY, SAME_KIND = 1.0, 0.4  # of a day's weight: Tuesdays by Tuesdays, then working days
AROUND = DAY  # how far around a gap its level is looked at
LEAST_AROUND = 16  # fewer intervals say nothing of the level
LEVELS = (0.5, 2.0)  # more than this is another life, not a level


class Method(StrEnum):
    """How an energy that nobody measured came about."""

    LINEAR = "linear"
    PROFILE = "profile"
    LINEAR_REGISTER = "linear_register"
    PROFILE_REGISTER = "profile_register"
    EDITED = "edited"
    ACCEPTED = "accepted"
    FLAGGED = "flagged"


@dataclass(frozen=True, slots=True)
class Series:
    """Intervals of one length that follow each other; NaN where nothing was measured."""

    start: datetime
    length: timedelta
    energy: Floats


@dataclass(frozen=True, slots=True)
class Filling:
    """Milliwatt-hours for each interval of a gap, and how they came about."""

    method: Method
    energies: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """`count` intervals of a series from place `first`."""

    first: int
    count: int

    @property
    def end(self) -> int:
        """The place after the last one."""
        return self.first + self.count


def fill(
    series: Series,
    gap: Gap,
    *,
    rule: Rule,
    zone: ZoneInfo,
    total_mwh: int | None = None,
    holidays: frozenset[date] = frozenset(),
) -> Filling | None:
    """Return what fills a gap; None where nothing honest can.

    `rule` is the one of gaps; `total_mwh` what a register counted from the gap's start to its end.
    """
    is_short = gap.count * series.length <= rule["linear_min"] * MINUTE
    line = _line(series, gap)
    profile = (
        None if is_short and line is not None else _profile(series, gap, rule, zone, holidays)
    )
    if profile is not None:
        shape, method, exact = profile, Method.PROFILE, Method.PROFILE_REGISTER
    elif line is not None and (is_short or total_mwh is not None):
        shape, method, exact = line, Method.LINEAR, Method.LINEAR_REGISTER
    else:
        return None
    if total_mwh is None:
        return Filling(method, _whole(shape))
    return Filling(exact, _whole(scaled(shape, total_mwh)))


def _line(series: Series, gap: Gap) -> Floats | None:
    if gap.first < 1 or gap.end >= len(series.energy):
        return None
    before, after = series.energy[gap.first - 1], series.energy[gap.end]
    if np.isnan(before) or np.isnan(after):
        return None
    steps: Floats = np.arange(1, gap.count + 1) / (gap.count + 1)
    return np.asarray(before + (after - before) * steps, np.float64)


def scaled(shape: Floats, total_mwh: int) -> Floats:
    """Return the shape with another sum: stretched, or lifted where that would turn it over."""
    whole = shape.sum()
    if whole > 0 and total_mwh >= 0 and (shape >= 0).all():
        return np.asarray(shape * (total_mwh / whole), np.float64)
    return np.asarray(shape + (total_mwh - whole) / len(shape), np.float64)


def spread(shape: Sequence[int], total_mwh: int) -> tuple[int, ...]:
    """Return whole energies of a shape that add up to the total; an empty shape is even."""
    return _whole(scaled(np.array(shape, np.float64), total_mwh))


def _whole(energies: Floats) -> tuple[int, ...]:
    """Round to whole milliwatt-hours so that the sum is that of the exact ones, rounded once."""
    steps = np.diff(np.rint(np.cumsum(energies)), prepend=0)
    return tuple(int(value) for value in steps)


@dataclass(frozen=True, slots=True)
class _Days:
    """Where each interval lies on the wall: its day from the first, and its slot of the day."""

    day: Ints
    slot: Ints
    weekday: Ints  # of each day; a holiday is a Sunday
    slots: int


@lru_cache(maxsize=16)
def _days(
    start: datetime, length: timedelta, count: int, zone: ZoneInfo, holidays: frozenset[date]
) -> _Days:
    local = [(start + place * length).astimezone(zone) for place in range(count)]
    first = local[0].toordinal()
    day = np.array([at.toordinal() for at in local], np.int64) - first
    seconds = [at.hour * 3600 + at.minute * 60 + at.second for at in local]
    slot = np.array(seconds, np.int64) // int(length.total_seconds())
    dates = [date.fromordinal(first + place) for place in range(int(day[-1]) + 1)]
    weekday = [SUNDAY if each in holidays else each.weekday() for each in dates]
    return _Days(day, slot, np.array(weekday, np.int64), int(DAY / length))


def _profile(
    series: Series, gap: Gap, rule: Rule, zone: ZoneInfo, holidays: frozenset[date]
) -> Floats | None:
    days = _days(series.start, series.length, len(series.energy), zone, holidays)
    known = series.energy.copy()
    known[gap.first : gap.end] = np.nan
    usual, like_days = _usual(known, days)
    at = slice(gap.first, gap.end)
    shape = usual[days.day[at], days.slot[at]]
    if np.isnan(shape).any() or like_days[days.day[at]].min() < rule["least_days"]:
        return None
    return np.asarray(shape * _level(known, usual[days.day, days.slot], gap, series), np.float64)


def _usual(known: Floats, days: _Days) -> tuple[Floats, Ints]:
    """Return what is usual by day and slot, that day left out; and how many days are like it."""
    grid = np.full((len(days.weekday), days.slots), np.nan)
    seen = ~np.isnan(known)
    grid[days.day[seen], days.slot[seen]] = known[seen]
    has = ~np.isnan(grid)
    number = np.arange(len(days.weekday))
    apart = np.abs(number[:, None] - number[None, :])
    same = days.weekday[:, None] == days.weekday[None, :]
    rest = days.weekday >= SUNDAY - 1
    alike = rest[:, None] == rest[None, :]
    weight = np.exp(-apart / FADES_DAYS) * np.where(same, SAME_WEEKDAY, SAME_KIND * alike)
    np.fill_diagonal(weight, 0)
    energies, weights = weight @ np.where(has, grid, 0), weight @ has
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = _smooth(energies) / _smooth(weights)
    full = has.sum(axis=1) >= days.slots // 2
    return usual, np.asarray(((weight > 0) & full[None, :]).sum(axis=1), np.int64)


def _smooth(rows: Floats) -> Floats:
    """Let neighbours have a say: an oven that goes on a quarter-hour later is the same day."""
    return np.asarray((np.roll(rows, 1, 1) + 2 * rows + np.roll(rows, -1, 1)) / 4, np.float64)


def _level(known: Floats, usual: Floats, gap: Gap, series: Series) -> float:
    reach = AROUND // series.length
    near = np.r_[max(0, gap.first - reach) : gap.first, gap.end : gap.end + reach]
    near = near[near < len(known)]
    near = near[~np.isnan(known[near]) & ~np.isnan(usual[near])]
    expected = usual[near].sum()
    if len(near) < LEAST_AROUND or expected <= 0 or (usual[near] < 0).any():
        return 1.0
    return float(np.clip(known[near].sum() / expected, *LEVELS))
