"""The windows, summed a second time by rules written down again, in integers.

Nothing here uses `meters.services.sums`. Divisions round half up, as PostgreSQL's numeric does;
nothing here is negative.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks import fleet
from benchmarks.torture_load import Integers

MINUTE_US, QUARTER_US = 60_000_000, 900_000_000
INTERVAL_S = 10  # of every meter in the run
EXPECTED = 60 // INTERVAL_S
ESTIMATED, CALCULATED, ACTUAL = 2, 3, 5  # codes of quality, as stored

# Of a meter: mean, min, max mW, energy and its estimated part mWh, mean mV, count, quality.
# Of a region: mean, min, max mW, energy mWh, measured load mW, meters reporting.
Window = tuple[int, ...]
Windows = dict[tuple[int, int], Window]  # by meter or region, and start in microseconds


def minutes_of(
    meters: Integers, stamps_us: Integers, power: Integers, energy: Integers, voltage: Integers
) -> Windows:
    """Return what every minute of every meter must say.

    A reading counts in the minute that holds the microsecond before its stamp.
    """
    starts = (stamps_us - 1) // MINUTE_US * MINUTE_US
    order = np.lexsort((starts, meters))
    meters, starts, power, energy, voltage = (
        column[order] for column in (meters, starts, power, energy, voltage)
    )
    is_first = np.ones(len(meters), np.bool_)
    is_first[1:] = (meters[1:] != meters[:-1]) | (starts[1:] != starts[:-1])
    firsts = np.flatnonzero(is_first)
    alone = energy < 0
    sums = [
        _summed(column, firsts)
        for column in (power, np.where(alone, 0, energy), power * alone, alone, voltage)
    ]
    lows, highs = (
        np.minimum.reduceat(power, firsts) if len(firsts) else firsts,
        np.maximum.reduceat(power, firsts) if len(firsts) else firsts,
    )
    counts = np.diff(np.append(firsts, len(meters)))
    keys = zip(meters[firsts].tolist(), starts[firsts].tolist(), strict=True)
    columns = (column.tolist() for column in (counts, *sums, lows, highs))
    return {
        key: _minute(*measures)
        for key, measures in zip(keys, zip(*columns, strict=True), strict=True)
    }


def _summed(values: npt.NDArray[np.generic], firsts: Integers) -> Integers:
    return np.add.reduceat(values.astype(np.int64), firsts) if len(firsts) else firsts


def _minute(
    count: int, power: int, reported: int, alone_mw: int, alone: int, voltage: int, low: int,
    high: int,
) -> Window:  # fmt: skip
    if count > EXPECTED:
        measured = reported + _divided(alone_mw * 60, 3600 * count)
    else:
        measured = reported + _divided(alone_mw * INTERVAL_S, 3600)
    missing = _divided(measured * max(EXPECTED - count, 0), count)
    quality = ESTIMATED if count < EXPECTED else CALCULATED if alone else ACTUAL
    return (
        _divided(power, count), low, high, measured + missing, missing, _divided(voltage, count),
        count, quality,
    )  # fmt: skip


def quarters_of(minutes: Windows) -> Windows:
    """Return what every quarter-hour must say: the sum of its minutes, and the rest estimated."""
    parts: dict[tuple[int, int], list[Window]] = {}
    for (meter, start), window in minutes.items():
        parts.setdefault((meter, start // QUARTER_US * QUARTER_US), []).append(window)
    return {key: _quarter(windows) for key, windows in parts.items()}


def _quarter(parts: Sequence[Window]) -> Window:
    mean, low, high, energy, estimated, voltage, count, quality = zip(*parts, strict=True)
    missing = _divided(sum(energy) * (15 - len(parts)), len(parts))
    worst = min(quality) if len(parts) == 15 else min(*quality, ESTIMATED)
    return (
        _divided(sum(mean), len(parts)), min(low), max(high), sum(energy) + missing,
        sum(estimated) + missing, _divided(sum(voltage), len(parts)), sum(count), worst,
    )  # fmt: skip


def regions_of(windows: Windows) -> dict[tuple[str, int], Window]:
    """Return mean, min, max, energy, measured load and meters of regions that have readings."""
    parts: dict[tuple[str, int], list[Window]] = {}
    for (meter, start), window in windows.items():
        region = fleet.REGIONS[meter % len(fleet.REGIONS)]
        parts.setdefault((region, start), []).append(window)
    return {key: _region(members) for key, members in parts.items()}


def _region(members: Sequence[Window]) -> Window:
    mean, low, high, energy, *_ = zip(*members, strict=True)
    total = sum(mean)
    return (
        _divided(total, len(mean)), min(low), max(high), sum(energy), total, len(members),
    )  # fmt: skip


def _divided(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)
