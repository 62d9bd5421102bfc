"""Which transformers, feeders and regions are out, from the meters below them.

Meters whose gateway is not heard are left out: nothing is known of them. What stands then: a
node is out when enough of its meters, and enough of the nodes below it, are. Meters that are
only late count along, so that the first sweep which finds one silent finds the whole node;
but half of them must be certain before it is told.
"""

from dataclasses import dataclass

import numpy as np

from alerts.conditions.fleet import NOWHERE, Floats, Ints, Layout, Mask, Tier
from alerts.conditions.gateways import Hearing
from alerts.conditions.kinds import Kind, On
from alerts.conditions.limits import Limit, Limits

KINDS = {
    On.TRANSFORMER: Kind.TRANSFORMER_OUTAGE,
    On.FEEDER: Kind.FEEDER_OUTAGE,
    On.REGION: Kind.REGION_OUTAGE,
}
PROOF = 0.5  # of the meters that count, so many must be certain
MANY_BELOW = 0.75  # of the nodes below, more than that must be out: three of four are three
SOME_BELOW = 0.5  # and more than that while the outage stands: what is back shows the rest
ENOUGH_KNOWN = 0.5  # of the meters below, to speak of more than one transformer
ALL_UNHEARD = 0.9  # of a node's meters: less is lost gateways
TOGETHER_INTERVALS = 1.5  # lines that fell silent within this fell together
TOGETHER = 0.6
BLACK_INTERVALS = 4.0  # a burst of losses is over by then, mostly


@dataclass(frozen=True, slots=True)
class Counts:
    """Of the nodes of one tier: meters that say something, that count as out, that are surely."""

    known: Ints
    out: Ints
    sure: Ints


@dataclass(frozen=True, slots=True)
class Judged:
    """The nodes of one tier: which fit an outage, which are proven, and what was counted."""

    fits: Mask
    proven: Mask
    counts: Counts


def judge(
    layout: Layout,
    limits: Limits,
    *,
    known: Mask,
    out: Mask,
    sure: Mask,
    open_nodes: tuple[Mask, Mask, Mask],
) -> tuple[Judged, Judged, Judged]:
    """Judge all tiers from below, given which nodes are open outages already."""
    found: list[Judged] = []
    for place, tier in enumerate(layout.tiers):
        counts = Counts(tier.count(known), tier.count(known & out), tier.count(known & sure))
        fits = _fits_share(tier, counts, limits, open_nodes[place])
        if place:
            fits &= _fits_below(tier, layout.tiers[place - 1], found[-1], open_nodes[place])
        proven = fits & (counts.sure >= np.maximum(PROOF * counts.out, 1))
        found.append(Judged(fits, proven, counts))
    return found[0], found[1], found[2]


def _fits_share(tier: Tier, counts: Counts, limits: Limits, is_open: Mask) -> Mask:
    rules = [limits.of(KINDS[tier.on], int(region)) for region in tier.region]
    share = 100 * counts.out / np.maximum(counts.known, 1)
    opens = (share >= _column(rules, "share_pct")) & (counts.out >= _column(rules, "count"))
    if tier.on is not On.TRANSFORMER:
        everybody = tier.count(np.ones(len(tier.of_meter), np.bool_))
        opens &= counts.known >= ENOUGH_KNOWN * everybody
    holds = share >= _column(rules, "share_pct") - _column(rules, "deadband")
    enabled = np.array([rule.is_enabled for rule in rules], np.bool_)
    fits: Mask = np.where(is_open, holds & (counts.out > 0), opens) & enabled
    return fits


def _column(rules: list[Limit], name: str) -> Floats:
    return np.array([getattr(rule, name) for rule in rules], np.float64)


def _fits_below(tier: Tier, lower: Tier, below: Judged, is_open: Mask) -> Mask:
    """Tell where enough of the nodes below are out; where there are fewer than two it is so."""
    counted = (lower.parent != NOWHERE) & (below.counts.known >= 2)
    size = len(tier.ids)
    nodes = np.bincount(lower.parent[counted], minlength=size)
    dark = np.bincount(lower.parent[counted & below.fits], minlength=size)
    share = dark / np.maximum(nodes, 1)
    enough: Mask = (nodes < 2) | (share > np.where(is_open, SOME_BELOW, MANY_BELOW))
    return enough


def leaning(
    layout: Layout, limits: Limits, *, known: Mask, overdue: Mask
) -> tuple[Mask, Mask, Mask]:
    """Return of each tier the nodes that would be out if all were that have missed a reading."""
    closed = [np.zeros(len(tier.ids), np.bool_) for tier in layout.tiers]
    below, middle, above = judge(
        layout,
        limits,
        known=known,
        out=overdue,
        sure=overdue,
        open_nodes=(closed[0], closed[1], closed[2]),
    )
    return below.fits, middle.fits, above.fits


def blacked(
    layout: Layout, hearing: Hearing, *, unheard: Mask, known: Mask, out: Mask
) -> tuple[Mask, Mask]:
    """Return the unheard meters of nodes whose gateways all fell silent together: it is dark.

    The second mask is of all meters below nodes where it may turn out to be so in a moment. One
    lost gateway says nothing of the supply; all that serve a feeder or a region, at once, do.
    The shared line is not asked: when it is silent nobody is heard at all.
    """
    black = np.zeros(len(unheard), np.bool_)
    may_be = np.zeros(len(unheard), np.bool_)
    if not unheard.any():
        return black, may_be
    for place in (1, 2):
        tier = layout.tiers[place]
        of = tier.count(known | unheard)
        gone = tier.count(unheard | (known & out))
        likely = (gone >= ALL_UNHEARD * of) & (tier.count(unheard) > 0) & (of > 0)
        for node in np.flatnonzero(likely):
            age = _fell(layout, hearing, tier, int(node))
            below = tier.of_meter == node
            if age >= BLACK_INTERVALS:
                black |= below & unheard
            elif age > 0:
                may_be |= below
    return black, may_be & ~black


def _fell(layout: Layout, hearing: Hearing, tier: Tier, node: int) -> float:
    """Return how many intervals ago the lines of a node fell together, 0 if they did not."""
    below = np.bincount(layout.line[tier.of_meter == node], minlength=len(layout.line_gateway))
    own = below >= ALL_UNHEARD * layout.line_meters
    lines = np.flatnonzero(hearing.is_unheard & own & (below > 0))
    lines = lines[lines > 0]
    if len(lines) < 2:
        return 0.0
    interval = layout.line_interval_us[lines]
    newest = hearing.newest_us[lines]
    together = newest >= newest.max() - TOGETHER_INTERVALS * interval
    if together.sum() < max(2, TOGETHER * len(lines)):
        return 0.0
    return float((hearing.age_us[lines] / interval)[together].min())
