"""Meters with supply again: when it came back, and what the desk is told of it."""

from dataclasses import replace

import numpy as np

from alerts.conditions import meters, spans
from alerts.conditions.findings import FINE, NONE, Found, Returns
from alerts.conditions.fleet import SHARED, Ints, Mask
from alerts.conditions.gateways import Hearing
from alerts.conditions.liveness import Signs
from alerts.conditions.moment import Moment
from alerts.conditions.standing import Nodes, Tiers

SAME_RETURN_US = 900_000_000  # later ones of an outage may be unheard for so long


def bring_back(
    moment: Moment, signs: Signs, tiers: Tiers, hearing: Hearing, *, lit: Mask, good_us: Ints
) -> tuple[Signs, Tiers, Returns]:
    """End the interruptions of meters that show supply again.

    `good_us` are the last readings with supply that were known before the sweep.
    """
    back = lit & (signs.out_us > 0)
    if not back.any():
        return signs, tiers, Returns(NONE, NONE, NONE)
    ts, layout = moment.shown_us, moment.layout
    below, middle, above = (
        _first_back(moment, place, tiers[place], signs, back=back, good_us=good_us)
        for place in range(3)
    )
    tiers = (below, middle, above)
    shared = [_of_meters(moment, place, tiers[place]) for place in (2, 1, 0)]
    end = spans.returns(layout, hearing, ts_us=ts, start_us=signs.out_us, shared_us=shared)
    ended = Returns(signs.meter[back], ts[back], end[back])
    return replace(signs, out_us=np.where(back, 0, signs.out_us)), tiers, ended


def _first_back(
    moment: Moment, place: int, was: Nodes, signs: Signs, *, back: Mask, good_us: Ints
) -> Nodes:
    """Note when the first meter below each node came back."""
    tier = moment.layout.tiers[place]
    if not len(tier.ids):
        return was
    never = np.iinfo(np.int64).max
    hanging = back & (tier.of_meter >= 0)
    first, began = np.full(len(tier.ids), never), np.full(len(tier.ids), never)
    np.minimum.at(first, tier.of_meter[hanging], moment.shown_us[hanging])
    np.minimum.at(began, tier.of_meter[hanging], signs.out_us[hanging])
    interval = int(moment.layout.line_interval_us[SHARED])
    known = spans.stamps(tier, moment.layout, good_us=good_us, members=signs.out_us > 0)
    first = np.where(first == never, 0, first - interval // (known + 1))
    is_same = (was.back_us > began) & (first - was.back_us < SAME_RETURN_US)
    return replace(was, back_us=np.where((first == 0) | is_same, was.back_us, first))


def _of_meters(moment: Moment, place: int, now: Nodes) -> Ints:
    tier = moment.layout.tiers[place]
    if not len(tier.ids):
        return np.zeros(len(tier.of_meter), np.int64)
    return np.where(tier.of_meter >= 0, now.back_us[tier.of_meter], 0)


def clear(moment: Moment, signs: Signs, *, lit: Mask, is_back: Mask, found: Found) -> Signs:
    """Tell of meters that have shown supply for long enough; forget what was never told.

    Of those below a node that `is_back` the first reading is enough.
    """
    off_us = meters.by_region(moment, signs.told, lambda limit: limit.off_delay_us)
    is_sure = (moment.now_us - signs.lit_us >= off_us) | is_back
    over = (signs.told != FINE) & lit & is_sure
    meters.retract(moment.layout, signs, np.flatnonzero(over), found)
    forgotten = over | ((signs.told == FINE) & lit)
    return replace(
        signs,
        told=np.where(over, FINE, signs.told),
        told_tier=np.where(over, 0, signs.told_tier),
        certain_us=np.where(forgotten, 0, signs.certain_us),
        lit_us=np.where(forgotten, 0, signs.lit_us),
    )
