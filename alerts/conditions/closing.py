"""When an outage of a node ends: it is back, and each meter below had its chance to say so.

Supply comes back to a node at once, word of it with each meter's own next reading. Until then
the node's return explains who is not heard yet: they do not surface one by one, to be over a
moment later. A node below that stays dark is not waited for as long; it then stands alone.
"""

from dataclasses import dataclass, replace

import numpy as np

from alerts.conditions.fleet import SHARED, Ints, Mask
from alerts.conditions.moment import Moment
from alerts.conditions.nodes import Judged
from alerts.conditions.standing import Nodes, Tiers

CHANCE_INTERVALS = 3.0  # of a meter: one message may be lost
SETTLING_US = 8_000_000  # a reading's way to us, and a sweep's turn
LONGEST_CHANCE_US = 300_000_000  # of meters that seldom send
ALONE_INTERVALS = 2.0  # a node below has many meters that could have been heard by then


@dataclass(frozen=True, slots=True)
class Closed:
    """The nodes as they stand now, and the meters below those that are back, ended or not."""

    tiers: Tiers
    is_back: Mask


def closed(
    moment: Moment, tiers: Tiers, judged: tuple[Judged, Judged, Judged], still: Mask
) -> Closed:
    """Return what is left open; `still` are the meters without a sign of supply so far."""
    back = [_is_back(moment, place, tiers[place]) for place in range(3)]
    regions = replace(tiers[2], is_alone=np.zeros(len(tiers[2].ids), np.bool_))
    feeders = _alone(moment, 1, tiers[1], judged[1], [regions])
    transformers = _alone(moment, 0, tiers[0], judged[0], [feeders, regions])
    made: list[Nodes] = []
    awaited = np.zeros(len(still), np.bool_)
    for place, now in enumerate((transformers, feeders, regions)):
        tier = moment.layout.tiers[place]
        hopeful = still & _has_chance(moment, place, now)
        ends = back[place] & (tier.count(hopeful | awaited) == 0)
        now = replace(
            now,
            is_open=now.is_open & ~ends,
            gone_us=np.where(ends, 0, now.gone_us),
            is_alone=now.is_alone & ~ends,
        )
        still = still & ~tier.spread(now.is_alone)
        awaited |= tier.spread(now.is_open & ~now.is_alone)
        made.append(now)
    is_back = np.zeros(len(still), np.bool_)
    for tier, ones in zip(moment.layout.tiers, back, strict=True):
        is_back |= tier.spread(ones)
    return Closed((made[0], made[1], made[2]), is_back)


def _is_back(moment: Moment, place: int, now: Nodes) -> Mask:
    off_us = moment.by_node(place, lambda limit: limit.off_delay_us)
    back: Mask = now.is_open & (now.gone_us > 0) & (moment.now_us - now.gone_us >= off_us)
    return back


def _has_chance(moment: Moment, place: int, now: Nodes) -> Mask:
    """Tell which meters may yet be heard, so soon after their node's return."""
    tier = moment.layout.tiers[place]
    if not len(tier.ids):
        return np.zeros(len(tier.of_meter), np.bool_)
    interval = moment.layout.fleet.interval_us
    chance = np.minimum(CHANCE_INTERVALS * interval, LONGEST_CHANCE_US) + SETTLING_US
    since = np.where(tier.of_meter >= 0, now.gone_us[tier.of_meter], 0)
    hopeful: Mask = moment.now_us - since < chance
    return hopeful


def _alone(moment: Moment, place: int, now: Nodes, judged: Judged, above: list[Nodes]) -> Nodes:
    """Tell which nodes are still dark though one above is back for long enough."""
    patience = ALONE_INTERVALS * moment.layout.line_interval_us[SHARED]
    freed = np.zeros(len(now.ids), np.bool_)
    node: Ints = np.arange(len(now.ids))
    for step, upper in enumerate(above):
        parent = moment.layout.tiers[place + step].parent
        node = np.where(node >= 0, parent[node], -1) if len(parent) else node
        back = upper.is_open & (upper.gone_us > 0) & (moment.now_us - upper.gone_us >= patience)
        freed |= (node >= 0) & back[node] if len(back) else False
    return replace(now, is_alone=now.is_open & (now.is_alone | (judged.fits & freed)))
