"""The grid that the judge of the alarm desk plays on: who hangs on what, as arrays.

Regions of equal size, two substations each, feeders of about four transformers. Transformers are
of unequal size. A head-end serves an area of its own, which is not the area of a transformer:
the meters of most transformers are split between two or three head-ends, and each head-end
serves meters of several transformers.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

REGIONS = ("Harbour", "Hills", "Old-Town", "Plain")
METERS_A_TRANSFORMER = 50
SMALLEST_SHARE, LARGEST_SHARE = 0.4, 1.8  # of the usual size: 20 to 90 meters
TRANSFORMERS_A_FEEDER = 4
SUBSTATIONS_A_REGION = 2
TRANSFORMERS_A_GATEWAY = 1.5
GATEWAY_REACH = 1.8  # transformers to either side whose meters a head-end also hears


class On(StrEnum):
    """What a fault strikes."""

    METER = "meter"
    TRANSFORMER = "transformer"
    FEEDER = "feeder"
    REGION = "region"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Place:
    """One thing in the grid, by its number among its like."""

    on: On
    number: int


@dataclass(frozen=True, slots=True)
class Layout:
    """One entry per meter: the numbers of its transformer, feeder, region and head-end.

    `feeder_of` and `region_of_feeder` say where transformers and feeders hang.
    """

    transformer: Ints
    feeder: Ints
    region: Ints
    gateway: Ints
    feeder_of: Ints
    region_of_feeder: Ints

    @property
    def meters(self) -> int:
        return len(self.region)

    def below(self, place: Place) -> Ints:
        """Return the meters that hang on a place, or send through it."""
        if place.on is On.METER:
            return np.array([place.number], np.int64)
        return np.flatnonzero(getattr(self, place.on.value) == place.number)

    def count(self, on: On) -> int:
        """Return how many things of a sort there are."""
        return self.meters if on is On.METER else int(getattr(self, on.value).max()) + 1

    def above(self, place: Place) -> list[Place]:
        """Return the place itself and what feeds it, nearest first."""
        if place.on is On.GATEWAY:
            return [place]
        meter = self.below(place)[0]
        chain = [On.METER, On.TRANSFORMER, On.FEEDER, On.REGION]
        upward = chain[chain.index(place.on) + 1 :]
        return [place, *(Place(on, int(getattr(self, on.value)[meter])) for on in upward)]

    def related(self, one: Place, other: Place) -> bool:
        """Tell whether one of two places feeds the other, or is it."""
        return one in self.above(other) or other in self.above(one)


def lay_out(*, meters: int, seed: int, usual_size: int = METERS_A_TRANSFORMER) -> Layout:
    """Return a grid of so many meters, `usual_size` of them at a transformer.

    Meter i lies in region i mod 4. The same seed, the same grid.
    """
    draw = np.random.default_rng([seed, 77])
    transformer = np.empty(meters, np.int64)
    gateway = np.empty(meters, np.int64)
    feeder_of: list[int] = []
    region_of_feeder: list[int] = []
    gateways = 0
    for region in range(len(REGIONS)):
        members = np.arange(region, meters, len(REGIONS))
        count = max(2, round(len(members) / usual_size))
        place = np.repeat(np.arange(count), _sizes(len(members), count, draw))
        transformer[members] = len(feeder_of) + place
        gateway[members] = gateways + _gateways(place, count, draw)
        gateways = int(gateway[members].max()) + 1
        feeders = max(2, round(count / TRANSFORMERS_A_FEEDER))
        first = len(region_of_feeder)
        feeder_of += [first + number * feeders // count for number in range(count)]
        region_of_feeder += [region] * feeders
    of = np.array(feeder_of, np.int64)
    return Layout(
        transformer=transformer,
        feeder=of[transformer],
        region=np.arange(meters, dtype=np.int64) % len(REGIONS),
        gateway=gateway,
        feeder_of=of,
        region_of_feeder=np.array(region_of_feeder, np.int64),
    )


def _sizes(meters: int, count: int, draw: np.random.Generator) -> Ints:
    cuts = np.cumsum(draw.uniform(SMALLEST_SHARE, LARGEST_SHARE, count))
    return np.diff(np.round(cuts / cuts[-1] * meters).astype(np.int64), prepend=0)


def _gateways(place: Ints, count: int, draw: np.random.Generator) -> Ints:
    """Return for each meter of a region the head-end that hears it, numbered from 0."""
    heard_at = place + 0.5 + draw.uniform(-GATEWAY_REACH, GATEWAY_REACH, len(place))
    areas = max(2, round(count / TRANSFORMERS_A_GATEWAY))
    area = np.clip((heard_at / count * areas).astype(np.int64), 0, areas - 1)
    return np.unique(area, return_inverse=True)[1].astype(np.int64)
