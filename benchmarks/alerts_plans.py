"""When and where which fault strikes, in each of the judge's runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from benchmarks.alerts_faults import VALUES, Bursts, Event, Fault
from benchmarks.alerts_layout import Ints, Layout, On, Place
from benchmarks.alerts_life import Life

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
# A region's cycle: dark itself, lit, then a feeder, a transformer and a meter elsewhere in it.
CYCLE_MS, REGION_DARK_MS, OTHERS_FROM_MS, OTHERS_UNTIL_MS = (
    8 * MINUTE,
    150 * SECOND,
    4 * MINUTE,
    390 * SECOND,
)
SHORTEST_MS = 110 * SECOND
LOST_SHARE = 0.2
BURST_MS = 40 * SECOND  # the usual length; exponential
FEWEST = 5  # meters of a transformer that is made dark, else it is no transformer's fault to see

SIZES: dict[Fault, tuple[float, float]] = {
    Fault.THEFT: (0.05, 0.3),
    Fault.SPIKE: (3.0, 6.0),
    Fault.VOLTAGE: (0.80, 0.88),
}
HIGH_VOLTAGE = (1.12, 1.18)
LASTS_MS: dict[Fault, tuple[int, int]] = {
    Fault.STUCK: (3 * HOUR, 5 * HOUR),
    Fault.THEFT: (4 * HOUR, 6 * HOUR),
    Fault.SPIKE: (30 * MINUTE, 60 * MINUTE),
    Fault.VOLTAGE: (10 * MINUTE, 60 * MINUTE),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens in a run that lasts until `end_ms`."""

    events: Sequence[Event]
    end_ms: int


def outages(layout: Layout, *, each: int, start_ms: int, seed: int) -> Plan:
    """Plan so many dark meters, transformers, feeders and regions, none inside another.

    The regions take turns: while one is dark the next has its smaller faults.
    """
    draw = np.random.default_rng([seed, 1])
    regions = layout.count(On.REGION)
    step = CYCLE_MS // regions
    events: list[Event] = []
    for turn in range(each):
        region, from_ms = turn % regions, start_ms + turn * step
        events.append(_dark(Fault.REGION, region, from_ms, from_ms + REGION_DARK_MS, draw))
        window = (from_ms + OTHERS_FROM_MS, from_ms + OTHERS_UNTIL_MS)
        for fault, place in _apart(layout, region, draw):
            events.append(_dark(fault, place.number, *window, draw))
    return Plan(events, start_ms + (each + regions) * step)


def _dark(
    fault: Fault, number: int, from_ms: int, until_ms: int, draw: np.random.Generator
) -> Event:
    on = {Fault.DEAD: On.METER, Fault.TRANSFORMER: On.TRANSFORMER, Fault.FEEDER: On.FEEDER}
    start = from_ms + int(draw.integers(0, 30 * SECOND))
    end = start + int(draw.integers(SHORTEST_MS, max(SHORTEST_MS + 1, until_ms - start)))
    return Event(fault, Place(on.get(fault, On.REGION), number), start, end)


def _apart(
    layout: Layout, region: int, draw: np.random.Generator
) -> Iterator[tuple[Fault, Place]]:
    """Draw a feeder, a transformer and a meter of a region that do not hang on each other."""
    feeders = draw.permutation(np.flatnonzero(layout.region_of_feeder == region))
    dark, lit = int(feeders[0]), feeders[1:]
    yield Fault.FEEDER, Place(On.FEEDER, dark)
    candidates = np.flatnonzero(np.isin(layout.feeder_of, lit))
    sizes = np.bincount(layout.transformer, minlength=len(layout.feeder_of))
    transformer = int(draw.choice(candidates[sizes[candidates] >= FEWEST]))
    yield Fault.TRANSFORMER, Place(On.TRANSFORMER, transformer)
    members = np.isin(layout.feeder, lit) & (layout.transformer != transformer)
    yield Fault.DEAD, Place(On.METER, int(draw.choice(np.flatnonzero(members))))


def values(layout: Layout, life: Life, *, each: int, period: tuple[int, int], seed: int) -> Plan:
    """Plan so many stuck values, drops, spikes and voltages, each at a meter of its own.

    Roofs and flats that stand empty are left out: what feeds in or draws nothing cannot be
    robbed or stuck in a way that anybody could see.
    """
    draw = np.random.default_rng([seed, 2])
    candidates = draw.permutation(np.flatnonzero(~life.is_empty & ~life.has_roof))
    chosen = iter(candidates[: each * len(VALUES)].tolist())
    events = []
    for fault in VALUES:
        for number in islice(chosen, each):
            lasts = int(draw.integers(*LASTS_MS[fault]))
            start = int(draw.integers(period[0], max(period[0] + 1, period[1] - lasts)))
            size = _size(fault, draw)
            events.append(Event(fault, Place(On.METER, number), start, start + lasts, size))
    return Plan(events, period[1])


def _size(fault: Fault, draw: np.random.Generator) -> float:
    if fault not in SIZES:
        return 0.0
    is_high = fault is Fault.VOLTAGE and draw.random() < 0.5
    return float(draw.uniform(*(HIGH_VOLTAGE if is_high else SIZES[fault])))


def bursts(layout: Layout, *, start_ms: int, end_ms: int, seed: int) -> Bursts:
    """Draw the stretches in which each head-end is not heard: a fifth of the time in all."""
    rows: list[tuple[int, int, int]] = []
    for gateway in range(layout.count(On.GATEWAY)):
        draw = np.random.default_rng([seed, 3, gateway])
        gap_ms = BURST_MS * (1 - LOST_SHARE) / LOST_SHARE
        at = start_ms + draw.exponential(gap_ms)
        while at < end_ms:
            length = draw.exponential(BURST_MS)
            rows.append((gateway, int(at), int(at + length)))
            at += length + draw.exponential(gap_ms)
    return Bursts(*(np.array(column, np.int64) for column in zip(*rows, strict=True)))


def lost_gateways(layout: Layout, *, each: int, start_ms: int, seed: int) -> Plan:
    """Plan so many losses of a head-end, two to four minutes long, one region after another.

    Several are lost at once, each in a region of its own.
    """
    draw = np.random.default_rng([seed, 4])
    region_of: Ints = np.zeros(layout.count(On.GATEWAY), np.int64)
    region_of[layout.gateway] = layout.region
    step = 90 * SECOND
    events = []
    for turn in range(each):
        region = turn % layout.count(On.REGION)
        gateway = int(draw.choice(np.flatnonzero(region_of == region)))
        start = start_ms + turn * step + int(draw.integers(0, 20 * SECOND))
        lasts = int(draw.integers(2 * MINUTE, 4 * MINUTE))
        events.append(Event(Fault.GATEWAY, Place(On.GATEWAY, gateway), start, start + lasts))
    return Plan(events, start_ms + each * step + 10 * MINUTE)


def nested(layout: Layout, *, each: int, start_ms: int, seed: int) -> Plan:
    """Plan feeders that go dark with one transformer of theirs broken for longer."""
    draw = np.random.default_rng([seed, 5])
    regions = layout.count(On.REGION)
    sizes = np.bincount(layout.transformer, minlength=len(layout.feeder_of))
    events = []
    for turn in range(each):
        round_, region = divmod(turn, regions)
        feeder = int(draw.choice(np.flatnonzero(layout.region_of_feeder == region)))
        inside = np.flatnonzero((layout.feeder_of == feeder) & (sizes >= FEWEST))
        broken = int(draw.choice(inside))
        start = start_ms + round_ * 12 * MINUTE + int(draw.integers(0, 30 * SECOND))
        end = start + int(draw.integers(150 * SECOND, 210 * SECOND))
        before = int(draw.choice([0, -40 * SECOND, 60 * SECOND]))
        events.append(Event(Fault.FEEDER, Place(On.FEEDER, feeder), start, end))
        events.append(
            Event(
                Fault.TRANSFORMER,
                Place(On.TRANSFORMER, broken),
                start + before,
                end + 4 * MINUTE,
            )
        )
    rounds = -(-each // regions)
    return Plan(events, start_ms + rounds * 12 * MINUTE)


def long_outages(layout: Layout, *, each: int, period: tuple[int, int], seed: int) -> Plan:
    """Plan outages of 10 to 60 minutes, one at a time in a region, for the reliability figures."""
    draw = np.random.default_rng([seed, 6])
    regions = layout.count(On.REGION)
    busy = [period[0]] * regions
    events: list[Event] = []
    for _ in range(each):
        region = int(np.argmin(busy))
        feeder, transformer, _ = _apart(layout, region, draw)
        whole = (Fault.REGION, Place(On.REGION, region))
        options = [feeder, transformer, whole]
        fault, place = options[int(draw.choice(3, p=(0.4, 0.5, 0.1)))]
        start = busy[region] + int(draw.integers(1 * MINUTE, 4 * MINUTE))
        end = start + int(draw.integers(10 * MINUTE, 60 * MINUTE))
        if end > period[1] - 5 * MINUTE:
            busy[region] = period[1]
            continue
        events.append(Event(fault, place, start, end))
        busy[region] = end + 8 * MINUTE
    return Plan(events, period[1])


def blackout(layout: Layout, *, start_ms: int, lasts_ms: int) -> Plan:
    """Plan that everything goes dark at once."""
    events = [
        Event(Fault.REGION, Place(On.REGION, region), start_ms, start_ms + lasts_ms)
        for region in range(layout.count(On.REGION))
    ]
    return Plan(events, start_ms + lasts_ms + 10 * MINUTE)


def long_bursts(bursts: Bursts, least_ms: int) -> list[Event]:
    """Return the bursts of at least some length as losses of their head-ends."""
    rows = zip(bursts.gateway, bursts.start_ms, bursts.end_ms, strict=True)
    return [
        Event(Fault.GATEWAY, Place(On.GATEWAY, int(gateway)), int(start), int(end))
        for gateway, start, end in rows
        if end - start >= least_ms
    ]
