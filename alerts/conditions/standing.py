"""What a sweep remembers until the next: of nodes, meters, lines and the input as a whole."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from alerts.conditions import gateways, liveness
from alerts.conditions.fleet import Ints, Layout, Mask, Tier, align
from alerts.conditions.gateways import Lines
from alerts.conditions.liveness import Signs


@dataclass(frozen=True, slots=True)
class Nodes:
    """Outages of one tier's nodes; moments in microseconds, 0 for none.

    `fit_us` says since when an outage is proven, `gone_us` since when it no longer fits,
    `start_us` when the supply failed, `told` the number of dark meters the desk knows of.
    `back_us` is when the first of its meters came back, as stamped. `is_alone`: it goes on though
    the node above it is back, which does not explain it any more.
    """

    ids: Ints
    is_open: Mask
    fit_us: Ints
    gone_us: Ints
    start_us: Ints
    told: Ints
    back_us: Ints
    is_alone: Mask

    def fitted(self, tier: Tier) -> "Nodes":
        """Return the same for the nodes of a tier."""
        if np.array_equal(self.ids, tier.ids):
            return self
        places, known = align(self.ids, tier.ids)

        def fit(column: Any) -> Any:
            if not len(column):
                return np.zeros(len(known), column.dtype)
            return np.where(known, column[places], 0).astype(column.dtype)

        return Nodes(
            ids=tier.ids,
            is_open=fit(self.is_open),
            fit_us=fit(self.fit_us),
            gone_us=fit(self.gone_us),
            start_us=fit(self.start_us),
            told=fit(self.told),
            back_us=fit(self.back_us),
            is_alone=fit(self.is_alone),
        )


Tiers = tuple[Nodes, Nodes, Nodes]  # transformers, feeders, regions


def no_nodes() -> Nodes:
    """Return the state before any node is known."""
    nothing = np.zeros(0, np.int64)
    nobody = np.zeros(0, np.bool_)
    none = (nothing, nothing, nothing, nothing, nothing)
    return Nodes(nothing, nobody, *none, nobody)


@dataclass(frozen=True, slots=True)
class Input:
    """Whether anything comes in at all.

    `clock_us` is the clock of the shard furthest behind. `watched_us` runs with it, but never
    by more than a step at once: after a restart it has not run. `input_us` is what it was when
    a reading came last. `back_us` says since when readings come again.
    """

    clock_us: int = 0
    watched_us: int = 0
    input_us: int = 0
    is_told: bool = False
    back_us: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Everything a sweep remembers; `at_us` is the clock it was made at."""

    at_us: int = 0
    input: Input = field(default_factory=Input)
    lines: Lines = field(default_factory=gateways.unheard_of)
    signs: Signs = field(default_factory=liveness.unknown)
    transformers: Nodes = field(default_factory=no_nodes)
    feeders: Nodes = field(default_factory=no_nodes)
    regions: Nodes = field(default_factory=no_nodes)

    @property
    def tiers(self) -> Tiers:
        """The nodes from below."""
        return self.transformers, self.feeders, self.regions

    def fitted(self, layout: Layout) -> "State":
        """Return the same for what a layout holds."""
        lines = self.lines.fitted(layout)
        return State(
            at_us=self.at_us,
            input=self.input,
            lines=lines,
            signs=self.signs.fitted(layout.fleet, layout, lines.heard_us),
            transformers=self.transformers.fitted(layout.tiers[0]),
            feeders=self.feeders.fitted(layout.tiers[1]),
            regions=self.regions.fitted(layout.tiers[2]),
        )
