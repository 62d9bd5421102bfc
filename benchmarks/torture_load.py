"""The load of the torture: clients that never give up, and a ledger of what they were told.

Every value is computed from its key (meter, millisecond), so a stored row proves itself. Times
of one meter never repeat: what is live counts up, what is late steps through the past.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from benchmarks import fleet
from benchmarks.client import Client
from benchmarks.stack import KEY

Integers = npt.NDArray[np.int64]

PAST_MS = 20 * 60_000  # late readings are spread over so much of the time before the run
STEP_MS = 7919  # shares no divisor with PAST_MS: the steps meet every millisecond once
PATIENCE_S = 10.0
GIVE_UP_S = 90.0  # after the load has ended
LATE_SHARE, TWICE_SHARE, CONFLICT_SHARE = 0.1, 0.05, 0.02  # of bodies
CONFLICT_MW = 7  # so much more says a reading that contradicts an earlier one


def mixed(meters: Integers, stamps: Integers) -> npt.NDArray[np.uint64]:
    """Return 64 bits that look random and are always the same for the same key."""
    state = meters.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + stamps.astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    return state ^ (state >> np.uint64(31))


def values(meters: Integers, stamps: Integers) -> tuple[Integers, Integers, Integers]:
    """Return milliwatts, milliwatt-hours (-1: the meter says none) and millivolts of keys."""
    bits = mixed(meters, stamps)
    power = 500_000 + (bits % np.uint64(3_000_001)).astype(np.int64)
    energy = 1 + ((bits >> np.uint64(22)) % np.uint64(20_000)).astype(np.int64)
    energy[(bits >> np.uint64(40)) % np.uint64(10) == 0] = -1
    voltage = 220_000 + ((bits >> np.uint64(44)) % np.uint64(20_000)).astype(np.int64)
    return power, energy, voltage


@dataclass(slots=True)
class Shipment:
    """One body: its keys, what they say, and whether it was acknowledged."""

    meters: Integers
    stamps: Integers
    body: bytes
    contradicts: bool = False
    acknowledged: bool = False


def ship(meters: Integers, stamps: Integers, *, contradicts: bool = False) -> Shipment:
    """Return a shipment of readings that say what their keys say, or contradict it."""
    power, energy, voltage = values(meters, stamps)
    power = power + CONFLICT_MW * contradicts
    texts = np.datetime_as_string(stamps.astype("M8[ms]"), timezone="UTC")
    items = [
        {
            "readingId": f"{meter}-{stamp}",
            "meterId": fleet.SERIAL.format(meter),
            "timestamp": text,
            "powerKw": milliwatts / 1e6,
            "voltage": millivolts / 1e3,
            "region": fleet.REGIONS[meter % len(fleet.REGIONS)],
        }
        | ({} if mwh < 0 else {"energyKwh": mwh / 1e6})
        for meter, stamp, text, milliwatts, mwh, millivolts in zip(
            *(column.tolist() for column in (meters, stamps, texts, power, energy, voltage)),
            strict=True,
        )
    ]
    return Shipment(meters, stamps, json.dumps(items).encode(), contradicts)


@dataclass(slots=True)
class Ledger:
    """What was sent and what was answered."""

    shipments: list[Shipment] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)  # answers nobody should have given
    retries: int = 0
    repeats: int = 0  # bodies sent twice on purpose

    def keys(self, *, acknowledged: bool | None = None, contradicting: bool = False) -> Integers:
        """Return the sorted keys of shipments; `acknowledged` None: of all."""
        parts = [
            keys_of(shipment.meters, shipment.stamps)
            for shipment in self.shipments
            if shipment.contradicts == contradicting
            and (acknowledged is None or shipment.acknowledged == acknowledged)
        ]
        return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))


def keys_of(meters: Integers, stamps: Integers) -> Integers:
    """Return one number a key: the meter above 43 bits of milliseconds."""
    return (meters << np.int64(43)) | stamps


class Load:
    """Clients that share a fleet, a pace and a ledger."""

    def __init__(
        self, *, port: int, meters: int, rate: int, seed: int, live_until: float, ends: float
    ) -> None:
        self.ledger = Ledger()
        self._port, self._meters, self._rate = port, meters, rate
        self._random = random.Random(seed)
        self._live_until, self._ends = live_until, ends
        self._began_ms = int(time.time() * 1000)
        self._newest = np.full(meters, self._began_ms, np.int64)
        self._late_steps = np.zeros(meters, np.int64)
        self._begun = time.monotonic()
        self._sent = 0

    async def run(self, clients: int = 6) -> None:
        """Send until the end, then come again until everything is acknowledged or hopeless."""
        await asyncio.gather(*(self._send_on() for _ in range(clients)))

    async def _send_on(self) -> None:
        async with Client(self._port, KEY) as client, Client(self._port, KEY) as other:
            while time.time() < self._ends:
                shipment = self._next()
                self.ledger.shipments.append(shipment)
                self._sent += len(shipment.meters)
                if self._random.random() < TWICE_SHARE:
                    self.ledger.repeats += 1
                    both = (self._deliver(shipment, c) for c in (client, other))
                    await asyncio.gather(*both)
                else:
                    await self._deliver(shipment, client)
                shipment.body = b""
                due = self._begun + self._sent / self._rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _next(self) -> Shipment:
        chance = self._random.random()
        if chance < CONFLICT_SHARE and (told := self._told()) is not None:
            return ship(told.meters[:3], told.stamps[:3], contradicts=True)
        size = self._random.choice((1, 3, 10, 50, 300, 1000))
        meters = np.array([self._random.randrange(self._meters) for _ in range(size)], np.int64)
        is_late = chance > 1 - LATE_SHARE or time.time() >= self._live_until
        return ship(meters, self._late(meters) if is_late else self._live(meters))

    def _told(self) -> Shipment | None:
        """Return a recent shipment that was acknowledged and contradicts nothing."""
        recent = self.ledger.shipments[-200:]
        known = [s for s in recent if s.acknowledged and not s.contradicts]
        return self._random.choice(known) if known else None

    def _live(self, meters: Integers) -> Integers:
        return self._stepped(self._newest, meters, int(time.time() * 1000))

    def _late(self, meters: Integers) -> Integers:
        steps = self._stepped(self._late_steps, meters, 0)
        return self._began_ms - 1 - (steps * STEP_MS) % PAST_MS

    def _stepped(self, counters: Integers, meters: Integers, least: int) -> Integers:
        """Return for each place its meter's next number, at least `least`."""
        numbers = np.empty(len(meters), np.int64)
        for place, meter in enumerate(meters.tolist()):
            counters[meter] = max(counters[meter] + 1, least)
            numbers[place] = counters[meter]
        return numbers

    async def _deliver(self, shipment: Shipment, client: Client) -> None:
        body = shipment.body
        while time.time() < self._ends + GIVE_UP_S:
            try:
                status, answer = await asyncio.wait_for(client.post(body), PATIENCE_S)
            except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
                status, answer = 0, b""
            if status == 202 and _took_all(answer, len(shipment.meters)):
                shipment.acknowledged = True
                return
            if status not in (0, 429, 503):
                self.ledger.refusals.append(f"{status} {answer[:300]!r}")
                return
            self.ledger.retries += 1
            await asyncio.sleep(self._random.uniform(0.1, 1.0))


def _took_all(answer: bytes, items: int) -> bool:
    said = json.loads(answer)
    return bool(said["accepted"] + said["duplicates"] == items and not said["errors"])


async def drive(load: Load, meanwhile: Callable[[], None]) -> None:
    """Run a load while a thread does something to whom it loads."""
    await asyncio.gather(load.run(), asyncio.to_thread(meanwhile))
