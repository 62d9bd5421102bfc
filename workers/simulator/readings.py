"""Readings as columns, one row a reading, on their way from the model to the wire."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from workers.simulator.households import Households
from workers.simulator.randomness import Floats, Ints

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Readings:
    """`meter` is the index in the fleet, `at_ms` the stamp; energy ends at the stamp."""

    meter: Ints
    at_ms: Ints
    power_kw: Floats
    energy_mwh: Ints
    voltage: Floats
    seq: Ints
    failed: Mask

    def __len__(self) -> int:
        return len(self.meter)

    def take(self, rows: Ints | Mask) -> "Readings":
        """Return the rows at these places, or where the mask is true, in that order."""
        return Readings(*(getattr(self, field.name)[rows] for field in fields(self)))

    def with_power(self, power_kw: Floats, energy_mwh: Ints, voltage: Floats) -> "Readings":
        """Return the same stamps with other measurements."""
        return replace(self, power_kw=power_kw, energy_mwh=energy_mwh, voltage=voltage)


def joined(parts: Sequence[Readings]) -> Readings:
    """Return the rows of all parts, one after the other; at least one part is given."""
    columns = (
        np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Readings)
    )
    return Readings(*columns)


def measured(households: Households, *, start_ms: int, end_ms: int, seq: int) -> Readings:
    """Return one reading of every meter, stamped `end_ms`, for the interval that ends there."""
    count = households.fleet.count
    power_kw = households.power_kw(end_ms)
    return Readings(
        meter=households.fleet.indexes,
        at_ms=np.full(count, end_ms, np.int64),
        power_kw=power_kw,
        energy_mwh=households.energy_mwh(start_ms, end_ms),
        voltage=households.voltage(end_ms, power_kw),
        seq=np.full(count, seq, np.int64),
        failed=np.zeros(count, np.bool_),
    )
