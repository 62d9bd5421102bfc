"""What a sweep looks at: the layout, what every meter said last, the clocks and the rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from alerts.conditions import nodes
from alerts.conditions.fleet import Ints, Latest, Layout, Mask
from alerts.conditions.kinds import Kind
from alerts.conditions.limits import Limit, Limits

ANSWER_HOLDS_US = 900_000_000  # after that a ping's answer says nothing of the supply any more


@dataclass(frozen=True, slots=True)
class Moment:
    """One look at a fleet; moments in microseconds.

    `now_us` is the clock of the shard furthest ahead, `slowest_us` of the one furthest behind,
    `clock_us` each meter's shard's, 0 where that has none.
    """

    layout: Layout
    latest: Latest
    limits: Limits
    now_us: int
    slowest_us: int
    clock_us: Ints

    @property
    def is_alive(self) -> Mask:
        """The meters that have answered a ping since they were last seen, not long ago."""
        alive = self.latest.alive_us
        if not len(alive):
            return np.zeros(len(self.clock_us), np.bool_)
        is_new: Mask = alive > self.latest.seen_us
        return is_new & (self.now_us - alive < ANSWER_HOLDS_US)

    @property
    def shown_us(self) -> Ints:
        """When each meter last showed something, by a reading's stamp or a ping's answer."""
        is_alive, ts = self.is_alive, self.latest.ts_us
        return np.where(is_alive, self.latest.alive_us, ts) if is_alive.any() else ts

    def by_node(self, place: int, read: Callable[[Limit], int]) -> Ints:
        """Return what a tier's rule says, for each of its nodes."""
        tier = self.layout.tiers[place]
        kind = nodes.KINDS[tier.on]
        return np.array([read(self.limits.of(kind, int(one))) for one in tier.region], np.int64)

    def by_meter(self, kind: Kind, read: Callable[[Limit], int]) -> Ints:
        """Return what a kind's rule says in each meter's region."""
        tier = self.layout.tiers[2]
        regions = [*tier.ids.tolist(), None]  # the last stands for meters that hang nowhere
        said = np.array([read(self.limits.of(kind, region)) for region in regions], np.int64)
        found: Ints = said[tier.of_meter]
        return found


def moment(layout: Layout, latest: Latest, clocks: Mapping[int, int], limits: Limits) -> Moment:
    """Return the moment of the shards' clocks, of which there must be one at least."""
    clock_us = _clocks(layout, clocks)
    return Moment(layout, latest, limits, max(clocks.values()), min(clocks.values()), clock_us)


def _clocks(layout: Layout, clocks: Mapping[int, int]) -> Ints:
    """Return each meter's shard's clock, 0 where the shard has none."""
    shards = layout.fleet.shard
    table = np.zeros(max(max(clocks), int(shards.max(initial=0))) + 1, np.int64)
    for shard, at in clocks.items():
        table[shard] = at
    return table[shards]
