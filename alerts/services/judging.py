"""Judges closed minutes and quarter-hours, once each, in order; never what came late.

A window is judged after it has closed, while it is fresh; when it is revised later, because late
readings touched it, history is healed and no alarm is raised.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection, transaction

from alerts.conditions import fleet, movement, packing, windows
from alerts.conditions.fleet import Floats, Ints, Latest, Mask
from alerts.conditions.kinds import Kind
from alerts.conditions.limits import Limits
from alerts.conditions.liveness import MW_PER_KW
from alerts.conditions.standing import State as Swept
from alerts.conditions.windows import Judged, Minute, Quarter, State
from alerts.models import TimeOfDay, WatchState
from alerts.selectors import closed, watching
from alerts.selectors.closed import NO_USUAL, Usual, Windows
from alerts.selectors.watching import Watched
from alerts.services import learning, raising, sweeping
from grid.models import Region
from meters.models import WindowClock
from segs_site.lib.locks import Lock
from segs_site.lib.periods import MINUTE, QUARTER, floor, microseconds

FRESH = timedelta(minutes=15)  # what closed longer ago, after a standstill, is history
HEARD = 2 * MINUTE  # a newest reading that is older says nothing of the meter's clock


@dataclass(frozen=True, slots=True)
class _Region:
    """A region being judged: its meters (ids in order), what they can carry, who feeds in."""

    id: int
    meters: Ints
    limit: Floats
    feeds_in: Mask
    dark: Mask
    latest: Latest


class Judge:
    """Judges; keeps nothing but the fleet as it last read it, by its version."""

    def __init__(self) -> None:
        self._watched: Watched | None = None

    def judge_due(self, *, now: datetime) -> int:
        """Judge what has closed since the last time; return how many minutes of regions.

        One worker judges at a time; the others return at once.
        """
        until = WindowClock.objects.values_list("closed_until", flat=True).first()
        if until is None or not _is_due(until):
            return 0
        self._watched = watching.watched(now=now, known=self._watched)
        judged = 0
        for region in Region.objects.order_by("pk").values_list("pk", flat=True):
            judged += self._judge_region(region, until, self._watched, now)
        return judged

    @transaction.atomic
    def _judge_region(self, region: int, until: datetime, watched: Watched, now: datetime) -> int:
        row = _locked(region, until, now)
        if row is None or row.done_until is None or row.done_until >= until:
            return 0
        about = _about(region, watched)
        limits = watching.limits()
        state = _state(row, about, limits, until, now)
        start = max(row.done_until, until - FRESH)
        count = 0
        while start < until:
            state = _minute(state, about, start, limits, now)
            start += MINUTE
            count += 1
            if floor(start, QUARTER) == start:
                state = _quarter(state, about, start - QUARTER, limits, now)
        row.columns, row.done_until, row.changed_at = packing.pack(state), until, now
        row.save()
        return count


def _state(
    row: WatchState, about: _Region, limits: Limits, until: datetime, now: datetime
) -> State:
    """Return what is remembered of a region; where that is nothing, what is stored tells."""
    known = packing.unpack(bytes(row.columns), windows.nothing())
    state = known.fitted(about.meters)
    if len(known.meter) or not len(about.meters):
        return state
    return learning.learn(
        state, region=about.id, judges=~about.feeds_in, until=until, limits=limits, now=now
    )


def _is_due(until: datetime) -> bool:
    rows = WatchState.objects.filter(name__startswith="minutes:", done_until__gte=until)
    return rows.count() < Region.objects.count()


def _locked(region: int, until: datetime, now: datetime) -> WatchState | None:
    """Return a region's locked state; new, it begins with what closes from now on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.JUDGING])
        if not cursor.fetchone()[0]:
            return None
    row, _ = WatchState.objects.select_for_update().get_or_create(
        name=f"minutes:{region}", defaults={"changed_at": now, "done_until": until}
    )
    return row


def _about(region: int, watched: Watched) -> _Region:
    everybody = watched.layout.fleet
    here = everybody.region == region
    meters = everybody.meter[here]
    return _Region(
        id=region,
        meters=meters,
        limit=watched.limit_mw[here].astype(np.float64),
        feeds_in=everybody.feeds_in[here],
        dark=_dark(meters),
        latest=watching.latest(meters=meters),
    )


def _dark(meters: Ints) -> Mask:
    """Return which meters the sweep takes for silent or without supply: nothing else is said."""
    row = WatchState.objects.filter(name=sweeping.NAME).first()
    signs = packing.unpack(bytes(row.columns) if row else b"", Swept()).signs
    places, known = fleet.align(signs.meter, meters)
    if not len(signs.meter):
        return known
    dark: Mask = known & (signs.certain_us[places] > 0)
    return dark


def _minute(state: State, about: _Region, start: datetime, limits: Limits, now: datetime) -> State:
    found = closed.minute(meters=about.meters, start=start)
    load = closed.load(region=about.id, start=start)
    nothing_mw = limits.of(Kind.OUTAGE, about.id).threshold * MW_PER_KW
    minute = Minute(
        start=start,
        known=found.known & ~about.dark & (np.abs(found.mean) > nothing_mw),
        mean=found.mean,
        low=found.low,
        high=found.high,
        volts=found.volts,
        offset_s=_offsets(about, start),
        profile=_usual(about, start)[0],
        limit=about.limit,
        load_pct=load.load_pct,
        load_kw=load.load_kw,
        capacity_kw=load.capacity_kw,
    )
    state, judged = windows.judge_minute(state, minute, region=about.id, limits=limits)
    _tell(judged, now)
    return state


def _offsets(about: _Region, start: datetime) -> Floats:
    latest = about.latest
    heard = latest.seen_us >= microseconds(start + MINUTE - HEARD)
    return np.where(heard, (latest.seen_us - latest.ts_us) / 1_000_000, np.nan)


def _quarter(
    state: State, about: _Region, start: datetime, limits: Limits, now: datetime
) -> State:
    found = closed.quarter(meters=about.meters, start=start)
    profile, days = _usual(about, start)
    nothing_mw = limits.of(Kind.OUTAGE, about.id).threshold * MW_PER_KW
    known = found.known & ~about.dark & ~about.feeds_in & (np.abs(found.mean) > nothing_mw)
    expected = movement.expected(profile, closed.weeks_ago(meters=about.meters, start=start))
    quarter = Quarter(start=start, known=known, mean=found.mean, profile=expected, days=days)
    state, judged = windows.judge_quarter(state, quarter, region=about.id, limits=limits)
    _learn(about, found, start, known & (state.lows.spells.held == 0), now)
    _tell(judged, now)
    return state


def _usual(about: _Region, start: datetime) -> tuple[Floats, Ints]:
    """Return what each meter draws at this time of day (NaN: unknown), and by how many days."""
    slot = closed.slot_of(start)
    kept = closed.bodies(region=about.id, slot=slot)
    total, count = np.zeros(len(about.meters)), np.zeros(len(about.meters))
    days = np.zeros(len(about.meters), np.int64)
    for one, body in kept.items():
        usual = packing.unpack(body, NO_USUAL)
        places, known = fleet.align(usual.meter, about.meters)
        known = known & (usual.days[places] > 0) if len(usual.meter) else known
        if not known.any():
            continue
        total += np.where(known, usual.mean[places], 0)
        count += known
        if one == slot:
            days = np.where(known, usual.days[places], 0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), days


def _learn(about: _Region, found: Windows, start: datetime, known: Mask, now: datetime) -> None:
    """Add a day to what the meters usually draw at this time; what is too low is no example."""
    slot = closed.slot_of(start)
    row = TimeOfDay.objects.select_for_update().filter(region_id=about.id, slot=slot).first()
    usual = packing.unpack(bytes(row.columns) if row else b"", NO_USUAL)
    places, was = fleet.align(usual.meter, about.meters)
    mean = np.where(was, usual.mean[places], 0) if len(usual.meter) else np.zeros(len(was))
    days = np.where(was, usual.days[places], 0) if len(usual.meter) else np.zeros(len(was), int)
    mean, days = movement.learn_profile(mean, days, mean_mw=found.mean, known=known)
    TimeOfDay.objects.update_or_create(
        region_id=about.id,
        slot=slot,
        defaults={
            "columns": packing.pack(Usual(about.meters, mean, days)),
            "changed_at": now,
        },
    )


def _tell(judged: Judged, now: datetime) -> None:
    raising.raise_all(triggers=judged.raised, now=now)
    if judged.cleared:
        raising.clear_all(matters=judged.cleared, now=now)
