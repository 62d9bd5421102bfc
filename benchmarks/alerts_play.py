"""Plays simulated time through the product's own path, from the stream entry to the desk.

Below HTTP nothing is left out: packed stream entries go to the stream worker's handler, minutes
are closed, sweeps and judgements are made with the simulated `now` and the shards' own clock, and
what stands on the desk is read from its table after every tick.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks import alerts_product
from benchmarks.alerts_faults import Damage, Event, Readings, joined
from benchmarks.alerts_layout import Ints, Layout, Place
from benchmarks.alerts_life import Life
from benchmarks.alerts_matching import Spell
from benchmarks.alerts_world import World
from meters import columns
from meters.columns import ABSENT, Batch, Columns
from segs_site.lib.quantities import MV_PER_V, MW_PER_KW
from workers import leases
from workers.readings import Readings as Handler
from workers.stream import names
from workers.stream.message import Message

US_PER_MS = 1000
HOUR_MS = 3_600_000
LATENCY_MS = (80, 1500)  # from the stamp to the door
ENTRY_ROWS = 250  # of one shard in one entry, about what a head-end's request holds
CATCH_UP = 12  # times as fast as real time a backlog is worked off


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between a meter's readings, and between two looks of the detector."""

    interval_s: int
    tick_s: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which a part of the system, or the input, is not there."""

    start_ms: int
    end_ms: int
    no_input: bool = False
    no_stream: bool = False
    no_sweeps: bool = False
    restart: bool = False  # at its end everything starts anew

    def at(self, ms: int) -> bool:
        """Tell whether it goes on."""
        return self.start_ms <= ms < self.end_ms


@dataclass(slots=True)
class Desk:
    """What stood on the desk with nothing to explain it, spell by spell."""

    places: dict[str, Place]
    spells: list[Spell] = field(default_factory=list)
    standing: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    most_standing: int = 0

    def look(self, now_ms: int) -> None:
        """Note what came to the desk and what left it since the last look."""
        here = alerts_product.unexplained()
        for alert, (kind, subject) in here.items():
            self.standing.setdefault(alert, (kind, subject, now_ms))
        for alert in [alert for alert in self.standing if alert not in here]:
            self.spells.append(self._spell(*self.standing.pop(alert), now_ms))
        self.most_standing = max(self.most_standing, len(here))

    def all(self) -> list[Spell]:
        """Return every spell, those that go on without an end."""
        return [*self.spells, *(self._spell(*stands, None) for stands in self.standing.values())]

    def _spell(self, kind: str, subject: str, start_ms: int, end_ms: int | None) -> Spell:
        return Spell(kind, self.places.get(subject), start_ms, end_ms)


class Play:
    """One run of a grid through the product."""

    def __init__(
        self,
        *,
        layout: Layout,
        world: World,
        life: Life,
        damage: Damage,
        start_ms: int,
        pace: Pace,
        seed: int,
        pauses: Sequence[Pause] = (),
    ) -> None:
        self.desk = Desk(world.places)
        self.readings = 0
        self._layout, self._world, self._life, self._damage = layout, world, life, damage
        self._interval_ms, self._tick_ms = pace.interval_s * 1000, pace.tick_s * 1000
        self._pauses = pauses
        self._draw = np.random.default_rng([seed, 8])
        self._phase = self._draw.integers(0, self._interval_ms, layout.meters)
        self._now_ms = self._made_until_ms = self._consumed_ms = start_ms
        self._waiting: list[Readings] = []
        self._sequence = 0
        self._start()

    def run(
        self,
        until_ms: int,
        *,
        tick_s: int | None = None,
        told: Callable[[int], None] = lambda _: None,
    ) -> Desk:
        """Go on until an instant, at another pace if one is given; `told` hears of each hour."""
        while self._now_ms < until_ms:
            self._tick(tick_s * 1000 if tick_s else self._tick_ms)
            if self._now_ms % HOUR_MS == 0:
                told(self._now_ms)
        return self.desk

    @property
    def last_heard_ms(self) -> dict[Event, int]:
        """The last healthy reading of each fault's place."""
        return self._damage.last_heard_ms

    def _tick(self, length_ms: int) -> None:
        self._now_ms += length_ms
        while self._made_until_ms < self._now_ms:
            self._measure()
        if self._any("no_input"):
            self._waiting = [self._not_yet()]
        if any(p.restart and p.end_ms == self._now_ms for p in self._pauses):
            self._start()
        if not self._any("no_stream"):
            self._consume()
        if not self._any("no_sweeps"):
            self._detector.look(now_ms=self._now_ms)
        self.desk.look(self._now_ms)

    def _any(self, name: str) -> bool:
        return any(getattr(p, name) and p.at(self._now_ms) for p in self._pauses)

    def _start(self) -> None:
        for lane in getattr(self, "_lanes", ()):
            leases.release(lane)
        shards = alerts_product.shards()
        self._handler = Handler(shards=shards)
        self._lanes = leases.claim(name="judge", limit=shards)
        self._detector = alerts_product.Detector()

    def _measure(self) -> None:
        """Let every meter measure once, each at its own moment of the interval."""
        at = self._made_until_ms
        power = self._life.power_kw(at + self._interval_ms // 2)
        stamps = at + self._phase
        latency = self._draw.integers(*LATENCY_MS, len(stamps))
        made = Readings(
            meter=np.arange(self._layout.meters, dtype=np.int64),
            at_ms=stamps,
            arrives_ms=stamps + latency,
            power_kw=power,
            voltage=self._life.voltage(at + self._interval_ms // 2, power),
        )
        self._waiting.append(self._damage.strike(made))
        self._made_until_ms += self._interval_ms

    def _not_yet(self) -> Readings:
        waiting = joined(self._waiting)
        return waiting.take(waiting.arrives_ms > self._now_ms)

    def _consume(self) -> None:
        """Read the stream: all that has arrived, or, behind a backlog, as much as can be done."""
        until = min(self._now_ms, self._consumed_ms + CATCH_UP * self._tick_ms)
        waiting = joined(self._waiting)
        due = waiting.arrives_ms <= until
        self._waiting = [waiting.take(~due)]
        arrived = waiting.take(due)
        self.readings += len(arrived)
        shard = self._world.shard_of[arrived.meter]
        for lane in self._lanes:
            rows = arrived.take(shard == lane.shard)
            if len(rows):
                self._handler.store(lane, self._entries(rows.take(np.argsort(rows.arrives_ms))))
            if until == self._now_ms:
                self._handler.rest(lane, until * US_PER_MS)
        self._consumed_ms = until

    def _entries(self, rows: Readings) -> list[Message]:
        messages = []
        for first in range(0, len(rows), ENTRY_ROWS):
            part = rows.take(np.arange(first, min(first + ENTRY_ROWS, len(rows))))
            self._sequence += 1
            packed = columns.pack(Batch(self._columns(part)))
            arrived = int(part.arrives_ms[-1])
            messages.append(Message(f"{arrived}-{self._sequence}", {names.PACKED: packed}))
        return messages

    def _columns(self, rows: Readings) -> Columns:
        count = len(rows)
        power = np.rint(rows.power_kw * MW_PER_KW).astype(np.int64)
        absent: Ints = np.full(count, ABSENT, np.int64)
        return Columns(
            meter=self._world.meter_ids[rows.meter],
            ts=rows.at_ms * US_PER_MS,
            power=power,
            energy=power * self._interval_ms // HOUR_MS,
            register=absent,
            voltage=np.rint(rows.voltage * MV_PER_V).astype(np.int64),
            seq=absent,
            received=absent,
            reading_id=np.zeros((count, 16), np.uint8),
            extra=[None] * count,
        )
