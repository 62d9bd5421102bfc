"""Learns what is usual for a region's meters from the quarter-hours that are stored already.

Who judges for the first time, after an import of history or a release that remembers other
things, need not wait for weeks: the last two are lived through again, and nothing is raised.
"""

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from alerts.conditions import movement, packing, spells, windows
from alerts.conditions.fleet import Floats, Ints, Mask
from alerts.conditions.limits import Limits
from alerts.conditions.movement import learn_profile
from alerts.conditions.windows import Quarter, State
from alerts.models import TimeOfDay
from alerts.selectors import closed
from alerts.selectors.closed import NEIGHBOURS, SLOT, SLOTS, Usual
from segs_site.lib.periods import QUARTER, floor

DAYS, WEEK = 14, 7
MINUTES_A_QUARTER = 15
HIGHEST_OF_A_MEAN = 2.0  # where history tells no highest value beside the mean


def learn(
    before: State, *, region: int, judges: Mask, until: datetime, limits: Limits, now: datetime
) -> State:
    """Return the state after the last two weeks; what is usual by time of day is written.

    `judges` marks the meters of the state whose drops are looked for.
    """
    state, days = before, deque[Floats](maxlen=WEEK)
    profile = np.zeros((SLOTS, len(judges)))
    counts = np.zeros((SLOTS, len(judges)), np.int64)
    first = floor(until, QUARTER) - DAYS * SLOTS * SLOT
    for number in range(DAYS):
        since = first + timedelta(days=number)
        day = closed.day(meters=before.meter, since=since)
        week_ago = _around(days[0]) if len(days) == WEEK else np.full_like(day.mean, np.nan)
        for place in range(SLOTS):
            start = since + place * SLOT
            slot = closed.slot_of(start)
            known = judges & np.isfinite(day.mean[place])
            mean = np.nan_to_num(day.mean[place])
            usual = _mean_of_neighbours(profile, counts, slot)
            quarter = Quarter(
                start, known, mean, movement.expected(usual, week_ago[place]), counts[slot]
            )
            state, _ = windows.judge_quarter(state, quarter, region=region, limits=limits)
            known &= state.lows.spells.held == 0
            profile[slot], counts[slot] = learn_profile(
                profile[slot], counts[slot], mean_mw=mean, known=known
            )
        state = _highest(state, day)
        days.append(day.mean)
    if counts.any():
        _keep(region, before.meter, profile, counts, now)
    lows = replace(state.lows, spells=spells.none(len(judges)))
    return replace(state, lows=lows)


def _around(day: Floats) -> Floats:
    """Return the means of each quarter-hour with the two beside it, as far as they are known."""
    beside = np.stack([np.roll(day, -step, axis=0) for step in NEIGHBOURS])
    known = np.isfinite(beside)
    total = np.where(known, beside, 0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def _mean_of_neighbours(profile: Floats, counts: Ints, slot: int) -> Floats:
    beside = [(slot + step) % SLOTS for step in NEIGHBOURS]
    known = counts[beside] > 0
    total = np.where(known, profile[beside], 0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def _highest(state: State, day: closed.Day) -> State:
    """Let a day say what a meter may draw, as its minutes would have."""
    highs = state.highs
    known = np.isfinite(day.mean)
    told = np.where(day.high > day.mean, day.high, HIGHEST_OF_A_MEAN * day.mean)
    peak = np.maximum(highs.peak, np.nan_to_num(told).max(axis=0))
    minutes = MINUTES_A_QUARTER * known.sum(axis=0)
    usual = np.where(known.any(axis=0), np.nan_to_num(day.mean[-1]), highs.usual)
    return replace(
        state, highs=replace(highs, peak=peak, usual=usual, samples=highs.samples + minutes)
    )


def _keep(region: int, meters: Ints, profile: Floats, counts: Ints, now: datetime) -> None:
    TimeOfDay.objects.filter(region_id=region).delete()
    TimeOfDay.objects.bulk_create(
        TimeOfDay(
            region_id=region,
            slot=slot,
            columns=packing.pack(Usual(meters, profile[slot], counts[slot])),
            changed_at=now,
        )
        for slot in range(SLOTS)
    )
