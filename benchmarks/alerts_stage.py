"""A grid with a plan, ready to be played; and what a run showed, in figures and words."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from benchmarks import alerts_history, alerts_product, alerts_world
from benchmarks import alerts_matching as matching
from benchmarks.alerts_faults import NO_BURSTS, Bursts, Damage, Event, Fault
from benchmarks.alerts_layout import METERS_A_TRANSFORMER, Layout, lay_out
from benchmarks.alerts_life import Life, Peak, ms_of
from benchmarks.alerts_plans import HOUR, MINUTE, Plan
from benchmarks.alerts_play import Pace, Pause, Play

MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)  # a Tuesday
MIDNIGHT_MS = ms_of(MIDNIGHT)
SPARE = 1.45  # a region's capacity, as a multiple of its highest usual load


@dataclass(frozen=True, slots=True)
class Order:
    """What to run: `each` faults of a kind, readings and sweeps so often."""

    run: str
    seed: int
    meters: int
    each: int
    interval_s: int
    hours: float = 24.0
    tick_s: int = 5
    meters_a_transformer: int = METERS_A_TRANSFORMER


@dataclass(slots=True)
class Result:
    """What a run showed; figures are None where the run does not measure them."""

    run: str
    seed: int
    meters: int
    interval_s: int
    tick_s: int
    simulated_h: float = 0.0
    wall_s: float = 0.0
    readings: int = 0
    alarms: int = 0
    alarms_kinds: str = ""
    per_10min: float = 0.0
    floods: int = 0
    most_standing: int = 0
    faults: list[dict[str, object]] = field(default_factory=list)
    strays: str = ""
    groundless: str = ""
    groundless_count: int = 0
    false_alarms: int = 0
    precision_pct: float | None = None
    figures: dict[str, object] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Stage:
    """A grid in the database with its plan, ready to be played."""

    order: Order
    start_ms: int
    plan: Plan
    layout: Layout
    life: Life
    pauses: Sequence[Pause] = ()
    bursts: Bursts = NO_BURSTS
    has_history: bool = False  # two weeks of quarter-hours, stored before the run begins

    def play(self) -> tuple[Play, Result]:
        """Play until the plan's end; return the play and what it showed."""
        play, begun = self.set_up(), time.monotonic()
        play.run(self.plan.end_ms, told=lambda ms: self._tell(play, ms, begun))
        return play, self._result(play, time.monotonic() - begun)

    def set_up(self) -> Play:
        """Lay the grid in the database; return what plays on it."""
        order = self.order
        world = alerts_world.lay(
            self.layout,
            self.life,
            start=alerts_product.moment(self.start_ms),
            interval_s=order.interval_s,
            capacity_kw=capacities(self.layout, order.seed),
        )
        if self.has_history:
            alerts_history.lay(world, self.life, until_ms=self.start_ms // HOUR * HOUR)
        events, bursts = self.plan.events, self.bursts
        return Play(
            layout=self.layout,
            world=world,
            life=self.life,
            damage=Damage(self.layout, self.life, events, seed=order.seed, bursts=bursts),
            start_ms=self.start_ms,
            pace=Pace(order.interval_s, order.tick_s),
            seed=order.seed,
            pauses=self.pauses,
        )

    def _tell(self, play: Play, now_ms: int, begun: float) -> None:
        hours = (now_ms - self.start_ms) / HOUR
        over = [event for event in self.plan.events if event.end_ms + MINUTE <= now_ms]
        verdict = matching.judge(self.layout, over, play.last_heard_ms, play.desk.all())
        found = sum(answer.seen_ms is not None for answer in verdict.answers)
        print(
            f"  {self.order.run} seed {self.order.seed}: {hours:.1f} h simulated in"
            f" {time.monotonic() - begun:.0f} s, {play.readings:,} readings,"
            f" {len(play.desk.all())} spells on the desk,"
            f" {found} of {len(over)} faults found",
            file=sys.stderr,
            flush=True,
        )

    def _result(self, play: Play, wall_s: float) -> Result:
        order, end_ms = self.order, self.plan.end_ms
        spells = play.desk.all()
        alarms = [spell for spell in spells if spell.is_alarm]
        verdict = matching.judge(self.layout, self.plan.events, play.last_heard_ms, spells)
        return Result(
            run=order.run,
            seed=order.seed,
            meters=order.meters,
            interval_s=order.interval_s,
            tick_s=order.tick_s,
            simulated_h=(end_ms - self.start_ms) / HOUR,
            wall_s=wall_s,
            readings=play.readings,
            alarms=len(alarms),
            alarms_kinds=matching.by_kind(alarms),
            per_10min=matching.per_ten_minutes(spells, start_ms=self.start_ms, end_ms=end_ms),
            floods=matching.floods(spells),
            most_standing=play.desk.most_standing,
            faults=[_row(verdict, fault) for fault in _faults(self.plan.events)],
            strays=matching.by_kind(verdict.strays),
            groundless=matching.by_kind(verdict.groundless),
            groundless_count=len(verdict.groundless),
            false_alarms=len(verdict.false_alarms),
            precision_pct=matching.precision_pct(verdict),
            missed=[say_event(a.event) for a in verdict.answers if a.seen_ms is None],
            wrong=[say_spell(spell) for spell in verdict.false_alarms],
        )


def capacities(layout: Layout, seed: int) -> list[float]:
    """Return the capacity of each region: more than a usual day needs."""
    life = Life(layout, seed=seed)
    loads = np.array(
        [
            np.bincount(layout.region, life.power_kw(MIDNIGHT_MS + half * 30 * MINUTE))
            for half in range(48)
        ]
    )
    return (loads.max(axis=0) * SPARE).tolist()


def _faults(events: Sequence[Event]) -> list[Fault]:
    return [fault for fault in Fault if any(event.fault is fault for event in events)]


def _row(verdict: matching.Verdict, fault: Fault) -> dict[str, object]:
    answers = verdict.of([fault])
    delays = [answer.delay_s for answer in answers if answer.delay_s is not None]
    return {"fault": fault.value, "injected": len(answers), "delays": delays}


def say_event(event: Event) -> str:
    return (
        f"missed {event.fault} {event.place.on} {event.place.number}"
        f" {_clock(event.start_ms)}–{_clock(event.end_ms)} size {event.size:.2f}"
    )


def say_spell(spell: matching.Spell) -> str:
    place = f"{spell.place.on} {spell.place.number}" if spell.place else "the system"
    end = _clock(spell.end_ms) if spell.end_ms else "the end"
    return f"false {spell.kind} at {place} {_clock(spell.start_ms)}–{end}"


def _clock(ms: int) -> str:
    return f"{alerts_product.moment(ms):%d %H:%M:%S}"


def prepare(order: Order, start_ms: int, peak: Peak | None = None) -> Stage:
    layout = lay_out(meters=order.meters, seed=order.seed, usual_size=order.meters_a_transformer)
    life = Life(layout, seed=order.seed, peak=peak)
    return Stage(order, start_ms, Plan([], start_ms), layout, life)
