"""Kettles, ovens, water heaters and washing machines: loads of minutes that switch on and off.

Time is cut into slots per kind. In each slot a household uses the appliance once or not at all,
and the use lies wholly inside the slot, so one draw per slot says everything about it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from workers.simulator import randomness
from workers.simulator.moments import MINUTE_MS, Moment
from workers.simulator.randomness import Floats, Ints


@dataclass(frozen=True, slots=True)
class Kind:
    """An appliance: power and length of a use, and how often by hour of the local day.

    `chances` are (from hour, to hour, chance of a use per slot); elsewhere it is `seldom`.
    """

    name: str
    kw: tuple[float, float]
    minutes: tuple[float, float]
    slot_minutes: int
    chances: tuple[tuple[int, int, float], ...]
    seldom: float
    weekend: float = 1.0

    def chance(self, slot: Moment) -> float:
        """Return how likely a household uses it in the slot that starts at `slot`."""
        usual = [chance for start, end, chance in self.chances if start <= slot.hour < end]
        return (usual[0] if usual else self.seldom) * (self.weekend if slot.weekend else 1.0)


KINDS: Final = (
    Kind("kettle", (1.8, 2.4), (2, 4), 30, ((6, 9, 0.30), (15, 18, 0.20), (20, 22, 0.15)), 0.03),
    Kind("oven", (1.4, 2.4), (18, 45), 60, ((7, 9, 0.08), (11, 13, 0.10), (18, 21, 0.22)), 0.01),
    Kind("water heater", (2.0, 3.0), (8, 18), 60, ((5, 9, 0.25), (20, 22, 0.12)), 0.02),
    Kind("washing machine", (0.4, 0.9), (38, 55), 60, ((8, 18, 0.06),), 0.01, weekend=2.0),
)


@dataclass(frozen=True, slots=True)
class Uses:
    """Appliances running in one minute: whose, from and to (ms into the minute), and their kW."""

    who: Ints
    on_ms: Floats
    off_ms: Floats
    kw: Floats

    def kw_at(self, ms: float, count: int) -> Floats:
        """Return each of `count` households' power at `ms` into the minute.

        An instant belongs to the stretch that ends with it, as a reading does.
        """
        running = (self.on_ms < ms) & (ms <= self.off_ms)
        return np.bincount(self.who, self.kw * running, count).astype(np.float64)

    def kw_ms_until(self, ms: float, count: int) -> Floats:
        """Return each household's energy from the minute's start to `ms`, in kW·ms."""
        run = np.clip(ms - self.on_ms, 0.0, self.off_ms - self.on_ms)
        return np.bincount(self.who, self.kw * run, count).astype(np.float64)


def in_minute(seed: int, households: Ints, moment: Moment) -> Uses:
    """Return the uses that touch the minute of `moment`."""
    found = [_uses(kind, seed, households, moment) for kind in KINDS]
    who, on_ms, off_ms, kw = (np.concatenate(column) for column in zip(*found, strict=True))
    return Uses(who, on_ms, off_ms, kw)


def _uses(
    kind: Kind, seed: int, households: Ints, moment: Moment
) -> tuple[Ints, Floats, Floats, Floats]:
    slot, into_slot = divmod(moment.minute, kind.slot_minutes)
    chance = kind.chance(moment.earlier(into_slot))
    users = households[randomness.uniform(seed, kind.name, households, slot) < chance]
    length = _between(kind.minutes, randomness.uniform(seed, f"{kind.name} long", users, slot))
    start = randomness.uniform(seed, f"{kind.name} start", users, slot)
    start = start * (kind.slot_minutes - length)
    kw = _between(kind.kw, randomness.uniform(seed, f"{kind.name} kw", users, slot))
    on_ms = np.clip((start - into_slot) * MINUTE_MS, 0.0, MINUTE_MS)
    off_ms = np.clip((start + length - into_slot) * MINUTE_MS, 0.0, MINUTE_MS)
    touching: npt.NDArray[np.bool_] = off_ms > on_ms
    return users[touching], on_ms[touching], off_ms[touching], kw[touching]


def _between(limits: tuple[float, float], share: Floats) -> Floats:
    return limits[0] + (limits[1] - limits[0]) * share
