"""Which meters there are: their serials, customers, regions, and which of them have solar.

The demo grid registers the same meters, so this is the one place that names them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from workers.simulator.randomness import Ints

DEMO_REGIONS: Final = ("Mumbai-North", "Delhi-North", "Bangalore-East", "Pune-West")
DEMO_ZONE: Final = "Asia/Kolkata"
DEMO_SEED: Final = 1
# One roof in nine: nine meets no usual number of regions, so that each region has its share.
SOLAR_EVERY, SOLAR_PLACE = 9, 3


def serial(index: int) -> str:
    """Return the serial of the meter at `index` (from 0)."""
    return f"MTR-{index + 1:08d}"


def user(index: int) -> str:
    """Return the customer of the meter at `index`: two meters each."""
    return f"USR-{index // 2 + 1:08d}"


def has_solar(index: int) -> bool:
    """Tell whether the meter at `index` has a solar roof, and so is registered for both flows."""
    return index % SOLAR_EVERY == SOLAR_PLACE


@dataclass(frozen=True, slots=True)
class Fleet:
    """`count` meters dealt out to `regions` in turn."""

    count: int
    regions: tuple[str, ...]

    @property
    def indexes(self) -> Ints:
        """0 to count - 1."""
        return np.arange(self.count, dtype=np.int64)

    @property
    def region_of(self) -> Ints:
        """For each meter the place of its region in `regions`."""
        return self.indexes % len(self.regions)

    @property
    def place_in_region(self) -> Ints:
        """For each meter its number among the meters of its region, from 0."""
        return self.indexes // len(self.regions)

    @property
    def solar(self) -> npt.NDArray[np.bool_]:
        """For each meter whether it may feed in."""
        return self.indexes % SOLAR_EVERY == SOLAR_PLACE
