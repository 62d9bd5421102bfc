"""What the desk showed, held against what happened. Pure: nothing of the product is asked."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.alerts_faults import DARKNESS, Event, Fault
from benchmarks.alerts_layout import Layout, On, Place

ANSWERS: Mapping[Fault, frozenset[str]] = {
    Fault.DEAD: frozenset({"silent", "outage"}),
    Fault.TRANSFORMER: frozenset({"transformer_outage"}),
    Fault.FEEDER: frozenset({"feeder_outage"}),
    Fault.REGION: frozenset({"region_outage"}),
    Fault.GATEWAY: frozenset({"gateway_lost"}),
    Fault.STUCK: frozenset({"frozen"}),
    Fault.THEFT: frozenset({"drop"}),
    Fault.SPIKE: frozenset({"spike"}),
    Fault.VOLTAGE: frozenset({"voltage"}),
}
OUTAGE_KINDS = frozenset().union(*(ANSWERS[fault] for fault in DARKNESS))
NODE_KINDS = frozenset().union(*(ANSWERS[fault] for fault in DARKNESS if fault != Fault.DEAD))
TOLD_AFTER_MS = 10_000  # an alert explained by another one within this was never an alarm
LATE_MS = 60_000  # an answer that comes later than this after the end is none
ECHO_MS = 600_000  # an alarm nearby within this after a fault's end is its echo
FLOOD, FLOOD_MS = 10, 600_000  # EEMUA 191: ten alarms in ten minutes


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch in which an alert stood on the desk with nothing to explain it.

    `place` is None for the system as a whole; `end_ms` is None where the run ended first.
    """

    kind: str
    place: Place | None
    start_ms: int
    end_ms: int | None

    @property
    def is_alarm(self) -> bool:
        """Whether it stood long enough to be told to somebody."""
        return self.end_ms is None or self.end_ms - self.start_ms >= TOLD_AFTER_MS


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one fault: when it was seen (ms since 1970), None for never."""

    event: Event
    last_heard_ms: int
    seen_ms: int | None

    @property
    def delay_s(self) -> float | None:
        """Seconds from the last healthy reading of the place to the alarm."""
        return None if self.seen_ms is None else (self.seen_ms - self.last_heard_ms) / 1000


@dataclass(slots=True)
class Verdict:
    """Faults with their answers; alarms that answer none: strays of a fault, or out of nothing."""

    answers: list[Answer] = field(default_factory=list)
    strays: list[Spell] = field(default_factory=list)
    groundless: list[Spell] = field(default_factory=list)

    @property
    def false_alarms(self) -> list[Spell]:
        """Every alarm that is not the first right answer to a fault."""
        return [*self.strays, *self.groundless]

    def of(self, faults: Iterable[Fault]) -> list[Answer]:
        """Return the answers to some kinds of fault."""
        wanted = set(faults)
        return [answer for answer in self.answers if answer.event.fault in wanted]


def judge(
    layout: Layout,
    events: Sequence[Event],
    last_heard_ms: Mapping[Event, int],
    spells: Sequence[Spell],
) -> Verdict:
    """Match alarms with faults by kind, place and time; each alarm answers one fault at most."""
    alarms = sorted((s for s in spells if s.is_alarm), key=lambda s: s.start_ms)
    by_place: dict[Place | None, list[Spell]] = {}
    for spell in alarms:
        by_place.setdefault(spell.place, []).append(spell)
    used: set[int] = set()
    verdict = Verdict()
    for event in sorted(events, key=lambda e: e.start_ms):
        found = _first(event, by_place.get(event.place, []), used)
        heard = last_heard_ms.get(event, event.start_ms)
        verdict.answers.append(Answer(event, heard, found.start_ms if found else None))
        if found:
            used.add(id(found))
    for spell in alarms:
        if id(spell) not in used and not _surfaces(layout, spell, events):
            related = any(_near(layout, spell, event) for event in events)
            (verdict.strays if related else verdict.groundless).append(spell)
    return verdict


def _first(event: Event, spells: Sequence[Spell], used: set[int]) -> Spell | None:
    for spell in spells:
        in_time = event.start_ms <= spell.start_ms < event.end_ms + LATE_MS
        if in_time and spell.kind in ANSWERS[event.fault] and id(spell) not in used:
            return spell
    return None


def _surfaces(layout: Layout, spell: Spell, events: Sequence[Event]) -> bool:
    """Tell whether it is told again, for what explained it meanwhile is over, and it is not."""
    goes_on = [
        event
        for event in events
        if event.place == spell.place
        and spell.kind in ANSWERS[event.fault]
        and event.start_ms <= spell.start_ms < event.end_ms
    ]
    return any(
        above.place in layout.above(event.place)[1:]
        and above.end_ms <= spell.start_ms < above.end_ms + LATE_MS
        for event in goes_on
        for above in events
    )


def _near(layout: Layout, spell: Spell, event: Event) -> bool:
    if not event.start_ms <= spell.start_ms < event.end_ms + ECHO_MS:
        return False
    return spell.place is None or touches(layout, spell.place, event.place)


def touches(layout: Layout, one: Place, other: Place) -> bool:
    """Tell whether two places share a meter."""
    return bool(np.isin(layout.below(one), layout.below(other)).any())


def per_ten_minutes(spells: Sequence[Spell], *, start_ms: int, end_ms: int) -> float:
    """Return alarms per ten minutes over a run."""
    alarms = sum(spell.is_alarm and start_ms <= spell.start_ms < end_ms for spell in spells)
    return alarms / ((end_ms - start_ms) / FLOOD_MS)


def floods(spells: Sequence[Spell]) -> int:
    """Return in how many stretches ten or more alarms came within ten minutes."""
    starts = sorted(spell.start_ms for spell in spells if spell.is_alarm)
    found, until = 0, -1
    for first, tenth in zip(starts, starts[FLOOD - 1 :], strict=False):
        if tenth - first < FLOOD_MS and first > until:
            found, until = found + 1, first + FLOOD_MS
    return found


def called_outages(
    layout: Layout, losses: Sequence[Event], true: Sequence[Event], spells: Sequence[Spell]
) -> int:
    """Return how many losses of a head-end had an alarm of an outage where there was none."""
    wrong = [
        spell
        for spell in spells
        if spell.is_alarm and spell.kind in NODE_KINDS and not _is_true(layout, spell, true)
    ]
    return sum(any(_near(layout, spell, loss) for spell in wrong) for loss in losses)


def _is_true(layout: Layout, spell: Spell, events: Sequence[Event]) -> bool:
    return any(
        spell.place == event.place
        and event.start_ms <= spell.start_ms < event.end_ms + LATE_MS
        and spell.kind in ANSWERS[event.fault]
        for event in events
    )


def precision_pct(verdict: Verdict, kinds: frozenset[str] = OUTAGE_KINDS) -> float | None:
    """Return the share of alarms of some kinds that answer a fault, in percent."""
    right = sum(answer.seen_ms is not None for answer in verdict.of(DARKNESS))
    wrong = sum(spell.kind in kinds for spell in verdict.false_alarms)
    return 100 * right / (right + wrong) if right + wrong else None


def by_kind(spells: Iterable[Spell]) -> str:
    """Return counts by kind in words."""
    counts = Counter(spell.kind for spell in spells)
    return ", ".join(f"{count} {kind}" for kind, count in counts.most_common()) or "none"


def is_gateway(spell: Spell) -> bool:
    """Tell whether an alarm is about a head-end."""
    return spell.place is not None and spell.place.on is On.GATEWAY


def surfacing_s(events: Sequence[Event], spells: Sequence[Spell]) -> list[float | None]:
    """Return, for each nested outage, the seconds from its feeder's return to its own alarm.

    Events come in pairs: a feeder, then the transformer below it that stays dark. An alarm that
    stands already when the feeder returns waits for nothing.
    """
    waits: list[float | None] = []
    for feeder, inner in zip(events[::2], events[1::2], strict=True):
        shown = [
            max(0.0, (spell.start_ms - feeder.end_ms) / 1000)
            for spell in spells
            if spell.kind in ANSWERS[Fault.TRANSFORMER]
            and spell.place == inner.place
            and inner.start_ms <= spell.start_ms < inner.end_ms
            and (spell.end_ms is None or spell.end_ms > feeder.end_ms)
        ]
        waits.append(min(shown, default=None))
    return waits
