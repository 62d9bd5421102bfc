"""What was used, as rating takes it: columns of exact integers, one row an interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from segs_site.lib.periods import QUARTER, instant

Whole = npt.NDArray[np.int64]
_ROOM = 2**62  # sums below this fit an int64 with room to spare


@dataclass(frozen=True, slots=True)
class Usage:
    """Intervals of `length`, in UTC order, of everything that is billed together.

    `starts` in microseconds since 1970; `drawn` and `fed` are milliwatt-hours, never negative.
    """

    length: timedelta
    starts: Whole
    drawn: Whole
    fed: Whole

    def __post_init__(self) -> None:
        if len({len(self.starts), len(self.drawn), len(self.fed)}) != 1:
            raise ValueError("the columns of a usage are of different lengths")
        if (self.drawn < 0).any() or (self.fed < 0).any():
            raise ValueError("energy drawn and energy fed in are never negative")

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True)
class ByInterval:
    """A price for each interval: millionths of the currency per kWh, and why it holds.

    `label_of` points into `labels`; -1 where no price is known. One serves every account that
    has the same intervals.
    """

    micro: Whole
    label_of: npt.NDArray[np.int16]
    labels: Sequence[str]

    @cached_property
    def kinds(self) -> tuple[list[tuple[int, int]], Whole]:
        """The distinct pairs of label and price, and which of them each interval has."""
        keys = np.stack([self.label_of.astype(np.int64), self.micro])
        found, group = np.unique(keys, axis=1, return_inverse=True)
        pairs = [(int(label), int(micro)) for label, micro in found.T.tolist()]
        return pairs, group.reshape(-1).astype(np.int64)


def of_net(length: timedelta, starts: Whole, net: Whole, fed: Whole | None = None) -> Usage:
    """Return the usage of intervals by their net energy: what was drawn less what was fed in.

    Without `fed` only the net is known, and is taken for all that flowed.
    """
    least = np.maximum(-net, 0)
    fed = least if fed is None else np.maximum(fed, least)
    return Usage(length, starts, net + fed, fed)


def split_evenly(energy: Whole, parts: int) -> Whole:
    """Cut each interval into `parts` of equal length and energy; no milliwatt-hour is lost.

    What does not divide goes to the first parts, one milliwatt-hour each.
    """
    each, rest = np.divmod(energy, parts)
    cut = np.repeat(each, parts).reshape(len(energy), parts)
    cut += np.arange(parts) < rest[:, None]
    return cut.reshape(-1)


def is_safe(values: Whole) -> bool:
    """Tell whether any sum of the values fits an int64."""
    return len(values) == 0 or int(np.abs(values).max()) * len(values) < _ROOM


def sum_of(values: Whole) -> int:
    """Return the sum of the values, exactly, however large."""
    return int(values.sum() if is_safe(values) else values.astype(object).sum())


def exact_sums(values: Whole, group: npt.NDArray[np.integer], groups: int) -> list[int]:
    """Return the sum of the values of each group, exactly, however large."""
    fits = is_safe(values)
    found = np.zeros(groups, np.int64 if fits else object)
    np.add.at(found, group, values if fits else values.astype(object))
    return [int(value) for value in found]


def highest_quarter(usage: Usage) -> tuple[int, datetime] | None:
    """Return the most energy drawn in a quarter-hour, in milliwatt-hours, and when it began.

    The earliest of equals. None for no usage. Raises CoarseUsage for intervals longer than that.
    """
    if usage.length > QUARTER or QUARTER % usage.length:
        raise CoarseUsage
    if len(usage) == 0:
        return None
    quarter_us = QUARTER // timedelta(microseconds=1)
    quarters, group = np.unique(usage.starts // quarter_us, return_inverse=True)
    sums = exact_sums(usage.drawn, group, len(quarters))
    most = max(sums)
    return most, instant(int(quarters[sums.index(most)]) * quarter_us)


class CoarseUsage(Exception):
    """A demand charge needs intervals of which a quarter-hour holds whole ones."""
