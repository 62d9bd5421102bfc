"""The meters that are watched, as columns, and the tree that they hang in."""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from alerts.conditions.kinds import On

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NOWHERE = -1  # index of a meter in a tier that it has no node in
SHARED = 0  # the line of all meters that have no gateway of their own
ABSENT = -1  # a voltage that was not sent


@dataclass(frozen=True, slots=True)
class Fleet:
    """Meters in service, one entry each, in order of `meter`; 0 stands for no such thing."""

    meter: Ints
    shard: Ints
    interval_us: Ints
    registered_us: Ints
    transformer: Ints
    feeder: Ints
    region: Ints
    gateway: Ints
    feeds_in: Mask

    def __len__(self) -> int:
        return len(self.meter)


@dataclass(frozen=True, slots=True)
class Latest:
    """What each meter of a fleet said last: its stamp, when it arrived (0: never), what it said.

    `voltage_mv` is `ABSENT` where none was sent. `alive_us` is when it last answered a ping, 0
    where it did not or was not asked; empty where nobody was.
    """

    ts_us: Ints
    seen_us: Ints
    power_mw: Ints
    voltage_mv: Ints
    alive_us: Ints = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class Tier:
    """The nodes of one level. `of_meter` and `parent` are indexes, `NOWHERE` for none.

    `parent` leads into the tier above, of which the last has none.
    """

    on: On
    ids: Ints
    of_meter: Ints
    parent: Ints
    region: Ints

    def count(self, which: Mask) -> Ints:
        """Return how many of the meters in a mask hang below each node."""
        below = self.of_meter[which]
        return np.bincount(below[below >= 0], minlength=len(self.ids)).astype(np.int64)

    def spread(self, nodes: Mask) -> Mask:
        """Return for each meter whether its node is in a mask."""
        if not len(nodes):
            return np.zeros(len(self.of_meter), np.bool_)
        found: Mask = (self.of_meter >= 0) & nodes[self.of_meter]
        return found


@dataclass(frozen=True, slots=True)
class Layout:
    """A fleet with its tree (transformers, feeders, regions) and its lines.

    A line is what a meter is heard through: its gateway, where that serves meters of several
    transformers, so that losing it can be told from losing a transformer; else the `SHARED` one,
    which is heard whenever anybody is.
    """

    fleet: Fleet
    tiers: tuple[Tier, Tier, Tier]
    line: Ints
    line_gateway: Ints
    line_interval_us: Ints
    line_meters: Ints
    line_order: Ints
    line_starts: Ints

    def newest_of_lines(self, moments: Ints) -> Ints:
        """Return the newest of the meters' moments by line; 0 for a line without meters."""
        newest = np.zeros(len(self.line_gateway), np.int64)
        if len(moments):
            lines = self.line[self.line_order[self.line_starts]]
            newest[lines] = np.maximum.reduceat(moments[self.line_order], self.line_starts)
        return newest


def lay_out(fleet: Fleet) -> Layout:
    """Return a fleet with its tree; worth keeping as long as the fleet stays the same."""
    line, gateways = _lines(fleet)
    order = np.argsort(line, kind="stable")
    starts = np.flatnonzero(np.diff(line[order], prepend=-1))
    return Layout(
        fleet=fleet,
        tiers=_tiers(fleet),
        line=line,
        line_gateway=gateways,
        line_interval_us=_usual_intervals(fleet, line, len(gateways)),
        line_meters=np.bincount(line, minlength=len(gateways)).astype(np.int64),
        line_order=order,
        line_starts=starts,
    )


def _lines(fleet: Fleet) -> tuple[Ints, Ints]:
    pairs = np.unique(np.stack([fleet.gateway, fleet.transformer], axis=1), axis=0)
    gateways, transformers = np.unique(pairs[:, 0], return_counts=True)
    wide = gateways[(transformers > 1) & (gateways > 0)]
    known = np.concatenate([[SHARED], wide]).astype(np.int64)
    line = np.searchsorted(known, fleet.gateway).clip(max=len(known) - 1)
    return np.where(known[line] == fleet.gateway, line, SHARED).astype(np.int64), known


def _usual_intervals(fleet: Fleet, line: Ints, count: int) -> Ints:
    """Return the median interval of each line's meters; of all for the shared one."""
    usual = np.full(count, 10_000_000, np.int64)
    for place in range(count):
        members = fleet.interval_us if place == SHARED else fleet.interval_us[line == place]
        if len(members):
            usual[place] = int(np.median(members))
    return usual


def _tiers(fleet: Fleet) -> tuple[Tier, Tier, Tier]:
    regions = _tier(On.REGION, fleet.region, np.zeros_like(fleet.region), fleet.region, None)
    feeders = _tier(On.FEEDER, fleet.feeder, fleet.region, fleet.region, regions)
    transformers = _tier(On.TRANSFORMER, fleet.transformer, fleet.feeder, fleet.region, feeders)
    return transformers, feeders, regions


def _tier(on: On, own: Ints, above: Ints, region: Ints, upper: Tier | None) -> Tier:
    ids, first = np.unique(own, return_index=True)
    real = ids > 0
    ids, first = ids[real], first[real]
    of_meter = np.searchsorted(ids, own).clip(max=max(len(ids) - 1, 0))
    of_meter = np.where(own > 0, of_meter, NOWHERE)
    parent = np.full(len(ids), NOWHERE, np.int64) if upper is None else upper.of_meter[first]
    return Tier(on, ids, of_meter, parent, region[first])


def align(old: Ints, new: Ints) -> tuple[Ints, Mask]:
    """Return for each of the new ids its place among the old, and whether it was there.

    Both are in order and without repeats.
    """
    if not len(old):
        return np.zeros(len(new), np.int64), np.zeros(len(new), np.bool_)
    places = np.searchsorted(old, new).clip(max=len(old) - 1)
    return places, old[places] == new


def taken(columns: Any, rows: Any) -> dict[str, Any]:
    """Return the arrays of a dataclass of columns at some rows, by name."""
    return {field.name: getattr(columns, field.name)[rows] for field in fields(columns)}
