"""When an outage of a node begins: once it is settled which node it is."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alerts.conditions import spans
from alerts.conditions.fleet import Ints, Mask, Tier
from alerts.conditions.liveness import Look
from alerts.conditions.moment import Moment
from alerts.conditions.nodes import Judged
from alerts.conditions.standing import Nodes, Tiers

SETTLED_INTERVALS = 2.0
HELD_US = 6_000_000  # a node waits so long for one above it that may be out as well
LEANING_US = 22_000_000  # and so long while most meters of one above it are overdue


def opened(
    moment: Moment,
    tiers: Tiers,
    look: Look,
    judged: tuple[Judged, Judged, Judged],
    *,
    out: Mask,
    may_be: Mask,
    leaning: tuple[Mask, Mask, Mask],
) -> Tiers:
    """Return the nodes with those that open now, and since when others no longer fit.

    `out` are the meters that count as out, `may_be` those below a node that may turn out to be,
    `leaning` the nodes most of whose meters are overdue.
    """
    below, middle, above = (
        _stand(moment, place, tiers, look, judged, out=out, may_be=may_be, leaning=leaning)
        for place in range(3)
    )
    return below, middle, above


def _stand(
    moment: Moment,
    place: int,
    tiers: Tiers,
    look: Look,
    judged: tuple[Judged, Judged, Judged],
    *,
    out: Mask,
    may_be: Mask,
    leaning: tuple[Mask, Mask, Mask],
) -> Nodes:
    tier, was, is_now = moment.layout.tiers[place], tiers[place], judged[place]
    now_us = moment.now_us
    fit = np.where(is_now.proven, np.where(was.fit_us > 0, was.fit_us, now_us), 0)
    on_us = moment.by_node(place, lambda limit: limit.on_delay_us)
    opens = ~was.is_open & (fit > 0) & (now_us - fit >= on_us)
    settled = _settled_us(moment, tier, look, out)
    opens &= (settled <= now_us) & (tier.count(may_be) == 0)
    fits = tier.count(_above(moment, place, tiers, [one.fits for one in judged])) > 0
    opens &= ~fits | (now_us - settled >= HELD_US)
    leans = tier.count(_above(moment, place, tiers, leaning)) > 0
    opens &= ~leans | (now_us - settled >= LEANING_US)
    gone = np.where(is_now.fits, 0, np.where(was.gone_us > 0, was.gone_us, now_us))
    return replace(
        was,
        is_open=was.is_open | opens,
        fit_us=fit,
        gone_us=np.where(was.is_open, gone, 0),
        start_us=_starts(moment, tier, was, look, opens=opens, out=out),
        back_us=np.where(opens, 0, was.back_us),
    )


def _starts(moment: Moment, tier: Tier, was: Nodes, look: Look, *, opens: Mask, out: Mask) -> Ints:
    start = was.start_us.copy()
    for node in np.flatnonzero(opens):
        start[node] = spans.failure(moment.layout, look, (tier.of_meter == node) & out)
    return start


def _above(moment: Moment, place: int, tiers: Tiers, nodes: Sequence[Mask]) -> Mask:
    """Tell which meters hang below a higher node of some that is not told yet."""
    above = np.zeros(len(moment.layout.fleet), np.bool_)
    for higher in range(place + 1, len(tiers)):
        above |= moment.layout.tiers[higher].spread(nodes[higher] & ~tiers[higher].is_open)
    return above


def _settled_us(moment: Moment, tier: Tier, look: Look, out: Mask) -> Ints:
    """Return by when all is in that a node's failure does: two intervals after it.

    By then whatever fell with it is late, and the highest node that explains it is seen.
    """
    newest = np.zeros(len(tier.ids), np.int64)
    below = out & (tier.of_meter >= 0)
    patience = (SETTLED_INTERVALS * moment.layout.fleet.interval_us).astype(np.int64)
    due = look.good_us + patience
    np.maximum.at(newest, tier.of_meter[below], due[below])
    return newest
