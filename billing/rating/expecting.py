"""What the rest of a billing period is expected to use, by the same hours of weeks before.

Each quarter-hour to come is given the mean of those at its place in the local week. How far such
an expectation is usually off is measured on the past itself: each stretch of days as long as what
is to come is held against what all the other days say of it, and the P10 and P90 of those
quotients are laid around the expectation (cross-conformal prediction: Vovk 2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from billing.rating.usage import Whole
from segs_site.lib.periods import QUARTER, instant

Floats = npt.NDArray[np.float64]
LEAST_DAYS: Final = 14  # so that each day of the week was seen twice
LEAST_QUARTERS: Final = 88  # of a day's 92 to 100; a day with less known says nothing of days
QUANTILES: Final = (0.1, 0.9)

_A_DAY, _A_WEEK = 96, 7 * 96  # quarter-hours
_QUARTER_US = QUARTER // timedelta(microseconds=1)
_STEP_US = 30 * 60_000_000  # clocks of the world stand still for half an hour at least
_TO_MONDAY = 4 * _A_DAY  # 1 January 1970 was a Thursday: quarter-hours to the next Monday


class TooLittle(Exception):
    """Too few days are known to say what is usual."""

    def __init__(self, days: int) -> None:
        super().__init__(f"{days} of {LEAST_DAYS} days are known")
        self.days = days


@dataclass(frozen=True, slots=True)
class Band:
    """By which factors what is expected may be off: eight of ten outcomes lie between."""

    low: float
    high: float


EXACT: Final = Band(1.0, 1.0)


def local_quarters(starts: Whole, zone: ZoneInfo) -> Whole:
    """Return which quarter-hour of the local clock each is, counted from a Monday's midnight."""
    steps, place = np.unique(starts // _STEP_US, return_inverse=True)
    offsets = [instant(int(step) * _STEP_US).astimezone(zone).utcoffset() for step in steps]
    shift = np.array([each // QUARTER for each in offsets if each is not None], np.int64)
    return starts // _QUARTER_US + shift[place] - _TO_MONDAY


def usual(values: Floats, at: Whole, wanted: Whole) -> Floats:
    """Return the mean of the values at each wanted place of the local week.

    `at` and `wanted` are local quarter-hours. A place that was never seen takes the mean of its
    time of day, and where that was never seen either, the mean of all. There is one value at
    least.
    """
    by_week = _means(values, at % _A_WEEK, _A_WEEK)[wanted % _A_WEEK]
    by_day = _means(values, at % _A_DAY, _A_DAY)[wanted % _A_DAY]
    found = np.where(np.isnan(by_week), by_day, by_week)
    return np.where(np.isnan(found), values.mean(), found)


def _means(values: Floats, group: Whole, groups: int) -> Floats:
    sums = np.bincount(group, weights=values, minlength=groups)
    counts = np.bincount(group, minlength=groups)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


@dataclass(frozen=True, slots=True)
class Days:
    """The local days of a past that are known, in order, and where each of its quarters lies."""

    weekday: Whole
    place: Whole  # of each quarter-hour's day among them; -1 for one that is left out

    @classmethod
    def of(cls, at: Whole) -> "Days":
        """Return the days of distinct local quarter-hours. Raises TooLittle for too few."""
        days, place, counts = np.unique(at // _A_DAY, return_inverse=True, return_counts=True)
        is_known = counts >= LEAST_QUARTERS
        if is_known.sum() < LEAST_DAYS:
            raise TooLittle(int(is_known.sum()))
        ranks = np.where(is_known, np.cumsum(is_known) - 1, -1)
        return cls(days[is_known] % 7, ranks[place])

    def sums(self, values: Floats) -> Floats:
        """Return the sum of each day."""
        return self._per_day(np.add, np.zeros(len(self.weekday)), values)

    def highest(self, values: Floats) -> Floats:
        """Return the highest value of each day."""
        return self._per_day(np.maximum, np.full(len(self.weekday), -np.inf), values)

    def _per_day(self, join: np.ufunc, into: Floats, values: Floats) -> Floats:
        is_in = self.place >= 0
        join.at(into, self.place[is_in], values[is_in])
        return into


def band(totals: Floats, weekday: Whole, *, days: int) -> Band:
    """Return how far a stretch of days is usually off what the other days say of it.

    `totals` are of days in order. A stretch is at most half of them: a shorter one varies more,
    so the band of a longer one is never too narrow for that.
    """
    if not totals.any():
        return EXACT
    found = [
        totals[first:last].sum() / expected
        for first, last in _stretches(len(totals), days)
        if (expected := _by_the_others(totals, weekday, first, last)) > 0
    ]
    if not found:
        raise TooLittle(0)
    low, high = np.quantile(found, QUANTILES)
    return Band(min(float(low), 1.0), max(float(high), 1.0))


def peaks(highest: Floats, *, days: int) -> tuple[int, int, int]:
    """Return the P10, median and P90 of the highest value in a stretch of days."""
    found = [highest[first:last].max() for first, last in _stretches(len(highest), days)]
    low, middle, high = np.quantile(found, (QUANTILES[0], 0.5, QUANTILES[1]))
    return round(low), round(middle), round(high)


def _stretches(count: int, days: int) -> Sequence[tuple[int, int]]:
    length = max(1, min(days, count // 2))
    return [(first, first + length) for first in range(count - length + 1)]


def _by_the_others(totals: Floats, weekday: Whole, first: int, last: int) -> float:
    is_other = np.ones(len(totals), np.bool_)
    is_other[first:last] = False
    means = _means(totals[is_other], weekday[is_other], 7)[weekday[first:last]]
    return float(np.where(np.isnan(means), totals[is_other].mean(), means).sum())
