"""Where the demo's substations, feeders, transformers and service points stand."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.demo import outlines
from workers.demo.outlines import Points

METERS_A_TRANSFORMER = 50
TRANSFORMERS_A_FEEDER = 4
METERS_A_SUBSTATION = 500
METERS_A_GATEWAY = 200
TOWNS = 6
TOWN_SPREAD, STREET_SPREAD = 0.025, 0.0062  # degrees: a town of 5 km, streets of 1.3 km
PLACES_A_TRANSFORMER = 16  # candidates, half of them in the towns and half in the country
DRAWS_AT_ONCE = 512

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RegionLayout:
    """One region's places, all inside its outline; (longitude, latitude) in degrees.

    `feeder_substation`, `transformer_feeder` and `meter_transformer` say what each hangs on, by
    its place in the row above.
    """

    outline: Points
    substations: Points
    feeder_substation: Ints
    transformers: Points
    transformer_feeder: Ints
    meters: Points
    meter_transformer: Ints


def regions(*, meters: Sequence[int], seed: int) -> list[RegionLayout]:
    """Lay out regions with so many meters each (at most four); the same seed, the same map."""
    rings = outlines.districts(seed=seed)
    return [
        _region(ring, count, np.random.default_rng([seed, 1000 + place]))
        for place, (ring, count) in enumerate(zip(rings, meters, strict=False))
    ]


def areas(places: Points) -> Ints:
    """Return for each place which head-end hears it: some 200 around each, near neighbours."""
    count = max(1, round(len(places) / METERS_A_GATEWAY))
    return _nearest(_spread(places, count), places)


def _region(ring: Points, meters: int, draw: np.random.Generator) -> RegionLayout:
    count = max(1, round(meters / METERS_A_TRANSFORMER))
    country = _inside(ring, draw, size=count * PLACES_A_TRANSFORMER // 2)
    towns = _inside(ring, draw, size=TOWNS)[draw.integers(0, TOWNS, len(country))]
    settled = _around(ring, towns, TOWN_SPREAD, draw)
    transformers = _spread(np.concatenate([country, settled]), count)
    substations = _spread(transformers, min(count, 3 if meters > 2 * METERS_A_SUBSTATION else 2))
    substation_of = _nearest(substations, transformers)
    feeder_substation, transformer_feeder = _feeders(substations, transformers, substation_of)
    meter_transformer = np.repeat(np.arange(count), _shares(meters, count, draw))
    return RegionLayout(
        outline=ring,
        substations=substations,
        feeder_substation=feeder_substation,
        transformers=transformers,
        transformer_feeder=transformer_feeder,
        meters=_around(ring, transformers[meter_transformer], STREET_SPREAD, draw),
        meter_transformer=meter_transformer,
    )


def _feeders(substations: Points, transformers: Points, substation_of: Ints) -> tuple[Ints, Ints]:
    """Give each direction out of a substation a feeder of its own."""
    feeder_substation: list[int] = []
    transformer_feeder = np.zeros(len(transformers), np.int64)
    for place, substation in enumerate(substations):
        members = np.flatnonzero(substation_of == place)
        east, north = (transformers[members] - substation).T
        members = members[np.argsort(np.arctan2(north, east), kind="stable")]
        feeders = max(1, round(len(members) / TRANSFORMERS_A_FEEDER))
        for sector in np.array_split(members, feeders):
            transformer_feeder[sector] = len(feeder_substation)
            feeder_substation.append(place)
    return np.array(feeder_substation), transformer_feeder


def _shares(meters: int, count: int, draw: np.random.Generator) -> Ints:
    """Deal `meters` out to `count` transformers, a fifth more or less each."""
    cuts = np.cumsum(draw.uniform(0.8, 1.2, count))
    return np.diff(np.round(cuts / cuts[-1] * meters).astype(np.int64), prepend=0)


def _inside(ring: Points, draw: np.random.Generator, *, size: int) -> Points:
    low, high = ring.min(axis=0), ring.max(axis=0)
    found = np.empty((0, 2))
    while len(found) < size:
        points = draw.uniform(low, high, (DRAWS_AT_ONCE, 2))
        found = np.concatenate([found, points[outlines.contains(ring, points)]])
    return found[:size]


def _around(ring: Points, centres: Points, spread: float, draw: np.random.Generator) -> Points:
    """Scatter a point around each centre; a centre inside the ring always finds one."""
    points = np.empty_like(centres)
    waiting = np.arange(len(centres))
    while len(waiting):
        points[waiting] = centres[waiting] + draw.normal(0, spread, (len(waiting), 2))
        waiting = waiting[~outlines.contains(ring, points[waiting])]
    return points.round(outlines.DECIMALS + 1)


def _spread(points: Points, count: int) -> Points:
    """Choose `count` of the points, each in the middle of those nearest to it (k-means)."""
    chosen = [int(np.argmin(np.linalg.norm(points - points.mean(axis=0), axis=1)))]
    apart = np.full(len(points), np.inf)
    while len(chosen) < count:
        apart = np.minimum(apart, np.linalg.norm(points - points[chosen[-1]], axis=1))
        chosen.append(int(np.argmax(apart)))
    centres = points[chosen]
    for _ in range(8):  # rounds of k-means: enough to settle a map
        nearest = _nearest(centres, points)
        centres = np.stack(
            [
                points[nearest == place].mean(axis=0) if (nearest == place).any() else centre
                for place, centre in enumerate(centres)
            ]
        )
    return points[_nearest(points, centres)]


def _nearest(targets: Points, points: Points) -> Ints:
    return np.linalg.norm(points[:, None] - targets, axis=2).argmin(axis=1)
