"""What is known of each meter once nodes are judged: what explains it, and what may yet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alerts.conditions import closing, liveness, nodes, opening
from alerts.conditions.fleet import SHARED, Ints, Layout, Mask
from alerts.conditions.gateways import Hearing
from alerts.conditions.kinds import Kind
from alerts.conditions.liveness import Look, Signs
from alerts.conditions.moment import Moment
from alerts.conditions.standing import Tiers

LEANING_US = 30_000_000  # a meter waits so long for what becomes of most of its neighbours


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of each meter.

    `sure`: silent or dark, or explained by a node that is out. `lowest` is the tier (1 to 3) of
    the lowest open node above a meter, 0 for none. `is_back`: below a node that has supply again.
    """

    look: Look
    known: Mask
    sure: Mask
    unheard: Mask
    lowest: Ints
    is_pending: Mask
    is_back: Mask


def see(moment: Moment, signs: Signs, tiers: Tiers, hearing: Hearing) -> tuple[Seen, Tiers]:
    """Return what is seen of meters, and the nodes as they stand now."""
    layout, limits = moment.layout, moment.limits
    look = liveness.look(
        signs,
        layout,
        hearing,
        moment.latest,
        clock_us=moment.clock_us,
        silent_intervals=limits.of(Kind.SILENT).threshold,
        dark_kw=limits.of(Kind.OUTAGE).threshold,
    )
    watched = moment.clock_us > 0
    alive = moment.is_alive
    look = liveness.spared(look, layout, hearing, alive=alive, alive_us=moment.latest.alive_us)
    unheard = hearing.is_unheard[layout.line] & (layout.line != SHARED) & ~look.dark & watched
    known = look.has_sent & watched & ~unheard
    sure = (look.silent | look.dark) & watched
    out = sure | ((look.late | look.fading) & watched)
    black, may_be = nodes.blacked(layout, hearing, unheard=unheard, known=known, out=out)
    black &= ~alive
    known, out, sure = known | black, out | black, sure | black
    open_nodes = (tiers[0].is_open, tiers[1].is_open, tiers[2].is_open)
    judged = nodes.judge(layout, limits, known=known, out=out, sure=sure, open_nodes=open_nodes)
    overdue = out | unheard | look.is_overdue & watched
    leaning = nodes.leaning(layout, limits, known=look.has_sent & watched, overdue=overdue)
    tiers = opening.opened(
        moment, tiers, look, judged, out=out & known, may_be=may_be, leaning=leaning
    )
    shows = (look.seen_us > signs.certain_seen_us) & ~sure & ~look.fading & ~unheard | alive
    now = closing.closed(moment, tiers, judged, (signs.certain_us > 0) & ~shows)
    tiers = now.tiers
    sure = sure | (_explained(layout, tiers, unheard) & ~alive)
    waits = _waits(layout, tiers, [one.fits for one in judged]) | may_be
    is_new = moment.now_us - signs.certain_us < LEANING_US
    waits |= _waits(layout, tiers, leaning) & ((signs.certain_us == 0) | is_new)
    lowest = _lowest(layout, tiers)
    return Seen(look, known, sure, unheard, lowest, waits, now.is_back), tiers


def _explained(layout: Layout, tiers: Tiers, unheard: Mask) -> Mask:
    """Tell which unheard meters a node that is out explains, with all of their gateway."""
    below = np.zeros(len(unheard), np.bool_)
    for tier, now in zip(layout.tiers, tiers, strict=True):
        below |= tier.spread(now.is_open)
    if not below.any():
        return below
    inside = np.bincount(layout.line[below], minlength=len(layout.line_gateway))
    lines = inside >= nodes.ALL_UNHEARD * layout.line_meters
    explained: Mask = unheard & below & lines[layout.line]
    return explained


def _lowest(layout: Layout, tiers: Tiers) -> Ints:
    lowest = np.zeros(len(layout.fleet), np.int64)
    for place in (2, 1, 0):
        under = layout.tiers[place].spread(tiers[place].is_open)
        lowest = np.where(under, place + 1, lowest)
    return lowest


def _waits(layout: Layout, tiers: Tiers, may_be: Sequence[Mask]) -> Mask:
    """Tell which meters may turn out to be part of something larger in a moment."""
    waits = np.zeros(len(layout.fleet), np.bool_)
    for tier, now, likely in zip(layout.tiers, tiers, may_be, strict=True):
        waits |= tier.spread(likely & ~now.is_open)
    return waits
