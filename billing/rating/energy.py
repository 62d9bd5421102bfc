"""Energy at its prices: which part of which interval costs how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from billing.rating.lines import Component
from billing.rating.usage import ByInterval, Whole, exact_sums, is_safe, sum_of
from segs_site.lib.periods import instant
from segs_site.lib.quantities import exact_kwh, from_kwh
from tariffs import plans

MICRO = 6  # prices are whole millionths


class NoPrice(Exception):
    """Energy was used while no price was in force: when first, and in how many intervals."""

    def __init__(self, first: datetime, intervals: int) -> None:
        super().__init__(f"no price from {first:%Y-%m-%d %H:%M} UTC, {intervals} intervals")
        self.first, self.intervals = first, intervals


@dataclass(frozen=True, slots=True)
class Slices:
    """Which interval has how much energy in which component: the explanation of a line.

    Milliwatt-hours. In every kind but blocks an interval is in one component at most.
    """

    interval: npt.NDArray[np.int64]
    component: npt.NDArray[np.int64]
    energy: Whole


@dataclass(frozen=True, slots=True)
class Priced:
    """Energy in components, and the intervals they are made of."""

    components: Sequence[Component]
    slices: Slices


NOTHING = Priced((), Slices(*(np.empty(0, np.int64) for _ in range(3))))


def at_one_price(energy: Whole, *, price: Decimal, label: str) -> Priced:
    """Price everything alike."""
    used = np.flatnonzero(energy)
    component = Component(label, exact_kwh(sum_of(energy)), "kWh", price)
    return Priced((component,), Slices(used, np.zeros(len(used), np.int64), energy[used]))


def by_interval(
    energy: Whole, prices: ByInterval, *, starts: Whole, added: Decimal = Decimal(0)
) -> Priced:
    """Price each interval by the price in force in it; one component a label and price.

    Raises NoPrice when energy flowed while none was in force. A surcharge is part of the price.
    """
    used = np.flatnonzero(energy)
    unpriced = used[prices.label_of[used] < 0]
    if len(unpriced):
        raise NoPrice(instant(int(starts[unpriced[0]])), len(unpriced))
    kinds, kind_of = prices.kinds
    group = kind_of[used]
    sums = exact_sums(energy[used], group, len(kinds))
    is_there = np.bincount(group, minlength=len(kinds)) > 0
    components = tuple(
        Component(prices.labels[label], exact_kwh(total), "kWh", _price(micro) + added)
        for (label, micro), total, there in zip(kinds, sums, is_there, strict=True)
        if there
    )
    component = np.cumsum(is_there)[group] - 1
    return Priced(components, Slices(used, component.astype(np.int64), energy[used]))


def by_block(energy: Whole, blocks: Sequence[plans.Block], *, share: Fraction) -> Priced:
    """Price by what was used before in the billing period; an interval may touch several blocks.

    `share` is the served part of the whole billing period: limits shrink with it, downward to a
    whole milliwatt-hour. A block that nothing fell into has a component of nothing.
    """
    until = _running(energy)
    before = until - energy
    parts = []
    low = 0
    for block in blocks:
        high = until[-1] if block.up_to_kwh is None else int(from_kwh(block.up_to_kwh) * share)
        parts.append(np.clip(until, low, high) - np.clip(before, low, high))
        low = high
    return _stacked([part.astype(np.int64) for part in parts], blocks)


def _running(energy: Whole) -> npt.NDArray[Any]:
    """Return the sums up to and with each interval, one nothing at least."""
    if len(energy) == 0:
        return np.zeros(1, np.int64)
    return np.cumsum(energy if is_safe(energy) else energy.astype(object))


def _stacked(parts: Sequence[Whole], blocks: Sequence[plans.Block]) -> Priced:
    used = [np.flatnonzero(part) for part in parts]
    components = tuple(
        Component(f"block {number}", exact_kwh(sum_of(part)), "kWh", block.price)
        for number, (part, block) in enumerate(zip(parts, blocks, strict=True), 1)
    )
    return Priced(
        components,
        Slices(
            interval=np.concatenate(used),
            component=np.repeat(np.arange(len(parts)), [len(each) for each in used]),
            energy=np.concatenate([part[at] for part, at in zip(parts, used, strict=True)]),
        ),
    )


def _price(micro: int) -> Decimal:
    return Decimal(micro).scaleb(-MICRO)
