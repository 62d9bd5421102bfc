"""A region's closed minutes and quarter-hours, judged in order: what began, holds, is over."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from alerts.conditions import clock, frozen, movement, overload, spells, voltage
from alerts.conditions.clock import Offsets
from alerts.conditions.fleet import Floats, Ints, Mask
from alerts.conditions.frozen import Runs
from alerts.conditions.kinds import Kind, Matter, On, Severity, Subject, Trigger
from alerts.conditions.limits import Limits
from alerts.conditions.liveness import MW_PER_KW
from alerts.conditions.movement import Highs, Lows
from alerts.conditions.spells import Spells, Turn

Numbers = tuple[float | None, float | None, float | None]  # value, limit, baseline
MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered of a region and its meters, in order of `meter`."""

    meter: Ints
    highs: Highs
    lows: Lows
    runs: Runs
    volts: Spells
    offsets: Offsets
    load: Spells

    def fitted(self, meters: Ints) -> "State":
        """Return the same for other meters (ids, in order)."""
        if np.array_equal(self.meter, meters):
            return self
        parts = (self.highs, self.lows, self.runs, self.volts, self.offsets)
        highs, lows, runs, volts, offsets = (
            spells.realign(part, self.meter, meters) for part in parts
        )
        return State(meters, highs, lows, runs, volts, offsets, self.load)


def nothing() -> State:
    """Return the state before anything is known."""
    return State(
        np.zeros(0, np.int64),
        movement.no_highs(0),
        movement.no_lows(0),
        frozen.no_runs(0),
        spells.none(0),
        clock.no_offsets(0),
        spells.none(1),
    )


@dataclass(frozen=True, slots=True)
class Minute:
    """A closed minute of a region, one entry per meter of the state; milliwatts.

    `known` marks meters that have a window and supply; `volts` and `profile` are NaN where
    unknown; `offset_s` is by how much its newest reading came after its stamp, NaN without one.
    `load_pct` of the region is NaN where its load is not known.
    """

    start: datetime
    known: Mask
    mean: Floats
    low: Floats
    high: Floats
    volts: Floats
    offset_s: Floats
    profile: Floats
    limit: Floats
    load_pct: float
    load_kw: float | None = None
    capacity_kw: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a window showed. What holds is told with every window: an occurrence each."""

    raised: list[Trigger] = field(default_factory=list)
    cleared: list[Matter] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Telling:
    """One condition's turn, told of meters."""

    kind: Kind
    turned: Turn
    start: datetime
    window: timedelta
    severity: Severity

    def into(self, judged: Judged, meters: Ints, make: Callable[[int], Numbers]) -> None:
        """Add what the turn says, with value, limit and baseline of each meter."""
        held = self.turned.spells.held
        for one in np.flatnonzero(self.turned.spells.told & (held > 0)):
            subject = Subject(On.METER, int(meters[one]))
            since = self.start - (int(held[one]) - 1) * self.window
            judged.raised.append(
                Trigger(self.kind, subject, self.severity, since, *make(int(one)))
            )
        for one in np.flatnonzero(self.turned.ends):
            judged.cleared.append(Matter(self.kind, Subject(On.METER, int(meters[one]))))


def judge_minute(
    before: State, minute: Minute, *, region: int, limits: Limits
) -> tuple[State, Judged]:
    """Judge a minute of a region; the state's meters are the minute's."""
    judged = Judged()
    runs, frozen_turn = frozen.judge(
        before.runs,
        low_mw=minute.low,
        high_mw=minute.high,
        known=minute.known,
        limit=limits.of(Kind.FROZEN, region),
    )
    moves = minute.known & ~runs.spells.told  # a value that is stuck says nothing of consumption
    highs, high_turn, usual = movement.spikes(
        before.highs,
        mean_mw=minute.mean,
        known=moves,
        profile_mw=minute.profile,
        limit_mw=minute.limit,
        limit=limits.of(Kind.SPIKE, region),
    )
    volt_turn, bound = voltage.judge(
        before.volts,
        volts=np.nan_to_num(minute.volts),
        known=minute.known & np.isfinite(minute.volts),
        limit=limits.of(Kind.VOLTAGE, region),
    )
    offsets, clock_turn = clock.judge(
        before.offsets,
        offset_s=np.nan_to_num(minute.offset_s),
        known=np.isfinite(minute.offset_s),
        limit=limits.of(Kind.CLOCK, region),
    )
    meters = before.meter

    def tell(kind: Kind, turned: Turn, make: Callable[[int], Numbers]) -> None:
        severity = limits.of(kind, region).severity
        _Telling(kind, turned, minute.start, MINUTE, severity).into(judged, meters, make)

    tell(Kind.FROZEN, frozen_turn, lambda one: _kw(minute.mean[one]))
    tell(Kind.SPIKE, high_turn, lambda one: _kw(minute.mean[one], usual_mw=usual[one]))
    tell(
        Kind.VOLTAGE,
        volt_turn,
        lambda one: (float(minute.volts[one]), float(bound[one]), None),
    )
    tell(Kind.CLOCK, clock_turn, lambda one: (float(minute.offset_s[one]), None, None))
    load = _overload(before.load, minute, region, limits, judged)
    after = replace(
        before, highs=highs, runs=runs, volts=volt_turn.spells, offsets=offsets, load=load
    )
    return after, judged


def _kw(mean_mw: float, usual_mw: float | None = None) -> Numbers:
    usual = None if usual_mw is None else round(float(usual_mw) / MW_PER_KW, 3)
    return round(float(mean_mw) / MW_PER_KW, 3), None, usual


def _overload(
    before: Spells, minute: Minute, region: int, limits: Limits, judged: Judged
) -> Spells:
    limit = limits.of(Kind.OVERLOAD, region)
    turned = overload.judge(before, load_pct=np.array([minute.load_pct]), limit=limit)
    subject = Subject(On.REGION, region)
    if turned.spells.told[0] and turned.spells.held[0]:
        judged.raised.append(
            Trigger(
                kind=Kind.OVERLOAD,
                subject=subject,
                severity=overload.severity(minute.load_pct, limit),
                since=minute.start - (int(turned.spells.held[0]) - 1) * MINUTE,
                value=round(minute.load_pct, 1),
                limit=limit.threshold,
                facts={"load_kw": minute.load_kw, "capacity_kw": minute.capacity_kw},
            )
        )
    if turned.ends[0]:
        judged.cleared.append(Matter(Kind.OVERLOAD, subject))
    return turned.spells


@dataclass(frozen=True, slots=True)
class Quarter:
    """A closed quarter-hour of a region; `profile` is NaN where unknown, of `days` days."""

    start: datetime
    known: Mask
    mean: Floats
    profile: Floats
    days: Ints


def judge_quarter(
    before: State, quarter: Quarter, *, region: int, limits: Limits
) -> tuple[State, Judged]:
    """Judge a quarter-hour of a region."""
    limit = limits.of(Kind.DROP, region)
    known = quarter.known & ~before.runs.spells.told
    lows, turned, expected = movement.drops(
        before.lows,
        mean_mw=quarter.mean,
        known=known,
        profile_mw=quarter.profile,
        days=quarter.days,
        limit=limit,
    )
    judged = Judged()
    _Telling(Kind.DROP, turned, quarter.start, QUARTER, limit.severity).into(
        judged, before.meter, lambda one: _kw(quarter.mean[one], usual_mw=expected[one])
    )
    return replace(before, lows=lows), judged
