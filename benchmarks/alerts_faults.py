"""Faults and what they do to readings: what happened, by the one who made it happen.

Made without a look at how faults are found: a fault changes what a meter measures or whether it
is heard, and says when, where and for how long. Everything is a function of the seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from benchmarks.alerts_layout import Ints, Layout, Mask, On, Place
from benchmarks.alerts_life import Floats, Life
from workers.simulator import randomness

LAST_GASP = 0.3  # share of dark meters that go on sending for a while, from a capacitor
GASPS_FOR_MS = 60_000
GASP_KW, GASP_V = 0.004, 5.0
BACK_WITHIN_MS = 20_000  # so long a meter takes to start once it has voltage again
LARGEST_KW = 40.0  # below what the registry takes to be possible


class Fault(StrEnum):
    """What is made to go wrong."""

    DEAD = "dead meter"
    TRANSFORMER = "transformer"
    FEEDER = "feeder"
    REGION = "region"
    GATEWAY = "head-end"
    STUCK = "stuck value"
    THEFT = "theft-like drop"
    SPIKE = "spike"
    VOLTAGE = "voltage"


DARKNESS = {
    Fault.DEAD: On.METER,
    Fault.TRANSFORMER: On.TRANSFORMER,
    Fault.FEEDER: On.FEEDER,
    Fault.REGION: On.REGION,
}
VALUES = (Fault.STUCK, Fault.THEFT, Fault.SPIKE, Fault.VOLTAGE)


@dataclass(frozen=True, slots=True)
class Event:
    """One fault at one place in `[start_ms, end_ms)`.

    `size` is the share left of the power after a theft, the multiple of the usual peak of a
    spike, the multiple of the voltage; nothing for the others.
    """

    fault: Fault
    place: Place
    start_ms: int
    end_ms: int
    size: float = 0.0

    def at(self, ms: int) -> bool:
        """Tell whether the fault is there."""
        return self.start_ms <= ms < self.end_ms


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings on their way: meter numbers, stamps and arrivals in ms, kW, V."""

    meter: Ints
    at_ms: Ints
    arrives_ms: Ints
    power_kw: Floats
    voltage: Floats

    def __len__(self) -> int:
        return len(self.meter)

    def take(self, rows: Mask | Ints) -> "Readings":
        """Return the rows of a mask, or at places."""
        return Readings(
            self.meter[rows],
            self.at_ms[rows],
            self.arrives_ms[rows],
            self.power_kw[rows],
            self.voltage[rows],
        )


def joined(parts: Sequence[Readings]) -> Readings:
    """Return the rows of all parts."""
    names = ("meter", "at_ms", "arrives_ms", "power_kw", "voltage")
    return Readings(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True, slots=True)
class Bursts:
    """Head-ends whose messages are lost for a while, again and again.

    `start_ms` and `end_ms` of one entry belong to `gateway`; entries of one head-end follow each
    other without overlap.
    """

    gateway: Ints
    start_ms: Ints
    end_ms: Ints

    def lost(self, at_ms: Ints, gateway_of: Ints) -> Mask:
        """Tell for each reading whether it is lost, by the stamp it is sent at."""
        gone = np.zeros(len(at_ms), np.bool_)
        if len(at_ms) == 0:
            return gone
        near = (self.start_ms <= at_ms.max()) & (self.end_ms > at_ms.min())
        for burst in np.flatnonzero(near):
            gone |= (
                (gateway_of == self.gateway[burst])
                & (at_ms >= self.start_ms[burst])
                & (at_ms < self.end_ms[burst])
            )
        return gone


NO_BURSTS = Bursts(*(np.empty(0, np.int64) for _ in range(3)))


class Damage:
    """Applies faults to the readings of a step."""

    def __init__(
        self,
        layout: Layout,
        life: Life,
        events: Sequence[Event],
        *,
        seed: int,
        bursts: Bursts = NO_BURSTS,
    ) -> None:
        self._layout = layout
        self._life = life
        self._events = sorted(events, key=lambda event: event.start_ms)
        self._members = {event: layout.below(event.place) for event in self._events}
        self._held: dict[Event, float] = {}
        self._heard_ms: Ints = np.zeros(layout.meters, np.int64)
        self.last_heard_ms: dict[Event, int] = {}
        self._seed = seed
        self._bursts = bursts
        self._next = 0
        self._going_on: list[Event] = []

    def strike(self, readings: Readings) -> Readings:
        """Return what is heard of one step's readings; steps come in order of time."""
        self._advance(int(readings.at_ms.min()), int(readings.at_ms.max()))
        heard = readings
        for event in self._going_on:
            heard = self._apply(event, heard)
        lost = self._bursts.lost(heard.at_ms, self._layout.gateway[heard.meter])
        heard = heard.take(~lost)
        self._remember(heard)
        return heard

    def _remember(self, heard: Readings) -> None:
        """Keep, of each fault that begins here, when its place was last heard healthy."""
        for event in self._going_on:
            if event not in self.last_heard_ms:
                members = self._members[event]
                before = np.isin(heard.meter, members) & (heard.at_ms < event.start_ms)
                newest = heard.at_ms[before].max(initial=self._heard_ms[members].max())
                self.last_heard_ms[event] = int(newest) or event.start_ms
        self._heard_ms[heard.meter] = heard.at_ms

    def _advance(self, first_ms: int, last_ms: int) -> None:
        self._going_on = [e for e in self._going_on if e.end_ms + BACK_WITHIN_MS > first_ms]
        while self._next < len(self._events) and self._events[self._next].start_ms <= last_ms:
            self._going_on.append(self._events[self._next])
            self._next += 1

    def _apply(self, event: Event, heard: Readings) -> Readings:
        struck = np.isin(heard.meter, self._members[event])
        struck &= heard.at_ms >= event.start_ms
        if event.fault in DARKNESS:
            return self._darken(event, heard, struck)
        struck &= heard.at_ms < event.end_ms
        if event.fault is Fault.GATEWAY:
            return heard.take(~struck)
        return self._falsify(event, heard, struck)

    def _darken(self, event: Event, heard: Readings, struck: npt.NDArray[np.bool_]) -> Readings:
        luck = randomness.uniform(self._seed, "luck", heard.meter, event.start_ms)
        dark = struck & (heard.at_ms < event.end_ms + (luck * BACK_WITHIN_MS).astype(np.int64))
        gasps = dark & (event.fault is not Fault.DEAD) & (luck < LAST_GASP)
        gasps &= heard.at_ms < event.start_ms + GASPS_FOR_MS
        gasping = replace(
            heard,
            power_kw=np.where(gasps, GASP_KW * luck, heard.power_kw),
            voltage=np.where(gasps, GASP_V * luck, heard.voltage),
        )
        return gasping.take(~dark | gasps)

    def _falsify(self, event: Event, heard: Readings, struck: npt.NDArray[np.bool_]) -> Readings:
        if not struck.any():
            return heard
        power, voltage = heard.power_kw.copy(), heard.voltage.copy()
        if event.fault is Fault.STUCK:
            power[struck] = self._held.setdefault(event, float(power[struck][0]))
        if event.fault is Fault.THEFT:
            power[struck] *= event.size
        if event.fault is Fault.SPIKE:
            usual = self._life.usual_peak_kw + self._life.car_kw
            power[struck] += np.minimum(event.size * usual, LARGEST_KW)[heard.meter[struck]]
        if event.fault is Fault.VOLTAGE:
            voltage[struck] *= event.size
        return replace(heard, power_kw=power, voltage=voltage)
