"""Spikes and drops of a meter's consumption against what is usual for it, now.

Usual is an exponential mean of its windows (α 0.2, at least ten of them), moved as the median
of its region moves, and what it drew at this time on other days. More than twice that is a spike
only when it is also beyond the meter's own highest, by far more than a kettle; less than half is
a drop only when it lasts, is below what this day of the week was in other weeks, too, and below
anything the meter did before. A level that stays is
adopted as usual.
"""

from dataclasses import dataclass

import numpy as np

from alerts.conditions import spells
from alerts.conditions.fleet import Floats, Ints, Mask
from alerts.conditions.limits import Limit
from alerts.conditions.liveness import MW_PER_KW
from alerts.conditions.spells import Spells, Turn

ALPHA = 0.2
SAMPLES = 10
MINUTE_S, QUARTER_S = 60, 900
LEAST_USUAL_MW = 0.05 * MW_PER_KW  # ratios of less tell nothing
KNOWN_MINUTES = 7 * 1440  # then a meter's own highest says what it may do
BEYOND_PEAK = 1.5
PEAK_FADES = 0.9999  # a minute: half is forgotten in five days
UNKNOWN_SHARE = 0.3  # of what can flow through it: a car that charges is less
CROWD_SHARE = 0.05  # of a region, at once: that is the region, not these meters
ADOPT_MINUTES = 15
ADOPT_QUARTERS = 16
SPAN = 8  # quarters: an evening out is over, or seen on other days too
KNOWN_DAYS = 3
MOST_A_DAY = 1.0
HIGHEST_SHARE = 3.0  # an oven says nothing of what comes after it
BELOW_LOWEST = 0.6
LOWEST_RISES = 0.0015  # a quarter-hour: half is forgotten in five days


@dataclass(frozen=True, slots=True)
class Highs:
    """What spikes are judged by, one entry per meter; milliwatts."""

    usual: Floats
    samples: Ints
    peak: Floats
    spells: Spells


def no_highs(count: int) -> Highs:
    """Return the state before anything is known."""
    return Highs(np.zeros(count), np.zeros(count, np.int64), np.zeros(count), spells.none(count))


def regional(actual: Floats, usual: Floats, known: Mask) -> float:
    """Return by which factor the median meter of a region differs from what it usually does."""
    counted = known & (usual >= LEAST_USUAL_MW)
    return float(np.median(actual[counted] / usual[counted])) if counted.sum() >= SAMPLES else 1.0


def spikes(
    before: Highs,
    *,
    mean_mw: Floats,
    known: Mask,
    profile_mw: Floats,
    limit_mw: Floats,
    limit: Limit,
) -> tuple[Highs, Turn, Floats]:
    """Judge a minute; `profile_mw` is NaN where unknown. Return also what would be usual."""
    ready = known & (before.samples >= SAMPLES)
    usual = before.usual * regional(mean_mw, before.usual, ready)
    factor = 1 + limit.threshold / 100
    fresh = before.samples < KNOWN_MINUTES
    floor = np.where(fresh, UNKNOWN_SHARE * limit_mw, limit.deadband * MW_PER_KW)
    high = ready & (mean_mw > factor * usual) & (mean_mw - usual > floor)
    high &= mean_mw > BEYOND_PEAK * before.peak
    high &= ~(mean_mw <= factor * profile_mw)  # NaN: no other day to compare with
    if high.sum() > max(CROWD_SHARE * len(high), SAMPLES):
        high[:] = False
    held = before.spells.held
    high &= held < ADOPT_MINUTES
    stays = before.spells.told & (held > 0) & (held < ADOPT_MINUTES)
    stays &= mean_mw > factor * usual
    turned = spells.turn(
        before.spells,
        holds=high | (stays & known),
        is_gone=known & ~high & ~stays,
        limit=limit,
        window_s=MINUTE_S,
        may_begin=high,
    )
    learns = known & ~high & ~stays
    first = learns & (before.samples == 0)
    moved = before.usual + ALPHA * (mean_mw - before.usual)
    after = Highs(
        usual=np.where(first, mean_mw, np.where(learns, moved, before.usual)),
        samples=before.samples + known,
        peak=np.where(
            learns, np.maximum(before.peak * PEAK_FADES, mean_mw), before.peak * PEAK_FADES
        ),
        spells=turned.spells,
    )
    return after, turned, usual


@dataclass(frozen=True, slots=True)
class Lows:
    """What drops are judged by, one entry per meter; milliwatts.

    `level` is the exponential mean of its share of what was expected, `actual` and `expected`
    are its last quarters, `lowest` the least share that it drew in such a span.
    """

    level: Floats
    samples: Ints
    actual: Floats
    expected: Floats
    lowest: Floats
    spells: Spells


def no_lows(count: int) -> Lows:
    """Return the state before anything is known."""
    return Lows(
        np.zeros(count),
        np.zeros(count, np.int64),
        np.zeros((count, SPAN)),
        np.zeros((count, SPAN)),
        np.zeros(count),
        spells.none(count),
    )


def drops(
    before: Lows, *, mean_mw: Floats, known: Mask, profile_mw: Floats, days: Ints, limit: Limit
) -> tuple[Lows, Turn, Floats]:
    """Judge a quarter-hour. Return also what was expected of each meter."""
    compares = known & (days >= KNOWN_DAYS) & np.isfinite(profile_mw)
    profile = np.where(compares, profile_mw, 0.0)
    expected = profile * regional(mean_mw, profile, compares)
    actual = np.concatenate([before.actual[:, 1:], np.where(known, mean_mw, 0)[:, None]], 1)
    expect = np.concatenate([before.expected[:, 1:], expected[:, None]], 1)
    whole = (expect > 0).all(axis=1)
    share = actual.sum(axis=1) / np.maximum(expect.sum(axis=1), 1)
    least = 1 - limit.threshold / 100
    ready = compares & (before.samples >= SAMPLES) & (expected >= LEAST_USUAL_MW)
    now = mean_mw / np.maximum(expected, 1)
    low = ready & (now < least) & (now < least * before.level)
    adopts = ready & (before.spells.held >= ADOPT_QUARTERS)
    low &= ~adopts
    missing = (expect - actual).mean(axis=1)
    begins = whole & (share < least) & (missing > limit.deadband * MW_PER_KW)
    begins &= (before.lowest > 0) & (share < BELOW_LOWEST * before.lowest)
    turned = spells.turn(
        before.spells,
        holds=low,
        is_gone=known & ~low,
        limit=limit,
        window_s=QUARTER_S,
        may_begin=begins,
    )
    learns = compares & ~low
    moved = before.level + ALPHA * (np.minimum(now, HIGHEST_SHARE) - before.level)
    started = np.where(before.samples > 0, moved, 1.0)
    knows = whole & compares & ~low & ~turned.spells.told  # a drop is no example of itself
    lowest = np.where(before.lowest > 0, before.lowest, 1.0)
    risen = np.minimum(lowest + LOWEST_RISES * (1 - lowest), np.maximum(share, 1e-3))
    after = Lows(
        level=np.where(adopts, now, np.where(learns, started, before.level)),
        samples=before.samples + compares,
        actual=actual,
        expected=expect,
        lowest=np.where(knows, risen, before.lowest),
        spells=turned.spells,
    )
    return after, turned, expected


def expected(usual_mw: Floats, weeks_mw: Floats) -> Floats:
    """Return what may be expected by other days; NaN where one of both is not known.

    It is the lesser of what is usual at this time and of what it was on this day of the week.
    """
    return np.minimum(usual_mw, weeks_mw)


def learn_profile(
    profile_mw: Floats, days: Ints, *, mean_mw: Floats, known: Mask
) -> tuple[Floats, Ints]:
    """Return what is usual at a time of day with one more day, and of how many days it is.

    What happens now and then (a car that charges) is not usual: one day lifts the mean by no
    more than its half, and from far above it comes down by halves.
    """
    weight = np.maximum(ALPHA, 1 / (days + 1))
    was = np.where(days > 0, profile_mw, mean_mw)
    step = np.minimum(mean_mw - was, MOST_A_DAY * np.maximum(was, LEAST_USUAL_MW))
    usual = was + weight * step
    fell = (mean_mw > 0) & (was > 2 * mean_mw)
    usual = np.where(fell, np.sqrt(np.maximum(was * mean_mw, 0)), usual)
    return (
        np.where(known, usual, profile_mw),
        np.where(known, np.minimum(days + 1, 250), days),
    )
