"""What the desk is told of meters: silent or without supply, by themselves or below a node."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from alerts.conditions import liveness, spans
from alerts.conditions.findings import FINE, OUTAGE, SILENT, TOLD, Found, Outages, Teller
from alerts.conditions.fleet import Ints, Layout, Mask
from alerts.conditions.gateways import Lines
from alerts.conditions.kinds import Matter, On, Subject
from alerts.conditions.limits import Limit
from alerts.conditions.liveness import Look, Signs
from alerts.conditions.moment import Moment
from alerts.conditions.seeing import Seen
from alerts.conditions.standing import Tiers

ALONE_INTERVALS = 3.0  # a single meter that says it is dark waits for what its neighbours do
CROWD = 5
CROWD_INTERVALS = 5.0


def noted(moment: Moment, signs: Signs, seen: Seen) -> tuple[Signs, Mask]:
    """Return the signs with what is seen now, and who shows supply again."""
    look = seen.look
    fresh = seen.sure & (signs.certain_us == 0)
    certain = np.where(fresh, moment.now_us, signs.certain_us)
    certain_seen = np.where(fresh, look.seen_us, signs.certain_seen_us)
    shows = (look.seen_us > certain_seen) | moment.is_alive
    lit = (certain > 0) & ~seen.sure & ~look.fading & shows
    since = np.where(signs.lit_us > 0, signs.lit_us, moment.now_us)
    after = replace(
        signs,
        seen_us=look.seen_us,
        heard_us=look.heard_us,
        good_us=look.good_us,
        zero_us=look.zero_us,
        absent_us=look.absent_us,
        usual_mw=look.usual_mw,
        certain_us=certain,
        certain_seen_us=certain_seen,
        lit_us=np.where(lit, since, 0),
    )
    return after, lit


def tell(
    moment: Moment,
    signs: Signs,
    lines: Lines,
    tiers: Tiers,
    seen: Seen,
    found: Found,
) -> tuple[Signs, Outages]:
    """Tell of meters that are silent or dark; return the signs, and who is without supply now.

    `lines` are those that were known before the sweep.
    """
    look, under = seen.look, seen.lowest > 0
    kind = np.where(look.dark | under, OUTAGE, SILENT)
    waited = _waited(moment, signs, seen, kind)
    by_chance = ~liveness.is_certain_alone(look, moment.layout, lines.loss) & ~look.dark
    alone = ~under & ~seen.is_pending & ~seen.unheard & ~by_chance & waited
    enabled = by_region(moment, kind, lambda limit: int(limit.is_enabled)) > 0
    tells = seen.sure & (signs.told == FINE) & (under | (alone & enabled))
    worse = (signs.told == SILENT) & seen.sure & look.dark & ~under & waited
    moves = (signs.told != FINE) & seen.sure & ~tells & (signs.told_tier != seen.lowest)
    retract(moment.layout, signs, np.flatnonzero(worse), found)
    signs = replace(
        signs,
        told=np.where(tells | worse, kind, signs.told),
        told_tier=np.where(tells | worse | moves, seen.lowest, signs.told_tier),
    )
    signs, gone_out = _out(moment, signs, tiers, seen)
    teller = Teller(moment.layout, moment.limits, tiers)
    since = np.where(signs.out_us > 0, signs.out_us, np.maximum(look.good_us, _first(moment)))
    for which, told in ((tells | worse, found.raised), (moves, found.refreshed)):
        ones = np.flatnonzero(which)
        told.extend(teller.meters(ones, signs=signs, latest=moment.latest, start_us=since))
    return signs, gone_out


def _waited(moment: Moment, signs: Signs, seen: Seen, kind: Ints) -> Mask:
    """Tell which meters have been sure for as long as one alone must be."""
    look, interval = seen.look, moment.layout.fleet.interval_us
    since = np.where(look.zero_us > 0, look.zero_us - interval, look.good_us)
    since = since + (ALONE_INTERVALS * interval).astype(np.int64)
    on_us = by_region(moment, kind, lambda limit: limit.on_delay_us)
    waited: Mask = moment.now_us - np.maximum(signs.certain_us, since) >= on_us
    crowded = _is_crowded(moment.layout, signs, seen)
    return waited & (~crowded | (look.missed >= CROWD_INTERVALS))


def _is_crowded(layout: Layout, signs: Signs, seen: Seen) -> Mask:
    """Tell which meters have company on their line: that may be the line yet."""
    new = seen.sure & (signs.told == FINE) & (seen.lowest == 0) & ~seen.look.dark
    on_line = np.bincount(layout.line[new], minlength=len(layout.line_gateway))
    crowded: Mask = on_line[layout.line] >= CROWD
    return crowded


def _first(moment: Moment) -> Ints:
    """Return the moment before which a meter that never sent could not have been silent."""
    fleet = moment.layout.fleet
    return np.where(moment.latest.seen_us > 0, 0, fleet.registered_us + fleet.interval_us)


def _out(moment: Moment, signs: Signs, tiers: Tiers, seen: Seen) -> tuple[Signs, Outages]:
    """Return the signs with new interruptions, and these."""
    goes = seen.sure & (signs.out_us == 0) & (signs.told != FINE)
    goes &= (seen.lowest > 0) | (signs.told == OUTAGE)
    start = _starts(moment.layout, tiers, seen.look, seen.lowest)
    signs = replace(signs, out_us=np.where(goes, start, signs.out_us))
    return signs, Outages(signs.meter[goes], signs.good_us[goes], signs.out_us[goes])


def _starts(layout: Layout, tiers: Tiers, look: Look, lowest: Ints) -> Ints:
    """Return for each meter when its supply failed: with its node, or by itself."""
    start = spans.failures(layout, look)
    for place, tier in enumerate(layout.tiers):
        if not len(tier.ids):
            continue
        of_node = tiers[place].start_us[tier.of_meter]
        start = np.where(lowest == place + 1, np.maximum(of_node, look.good_us), start)
    return np.maximum(start, 1)


def by_region(moment: Moment, kind: Ints, read: Callable[[Limit], int]) -> Ints:
    """Return for each meter what the rule of the kind that it is told as says in its region."""
    out, silent = (moment.by_meter(TOLD[code], read) for code in (OUTAGE, SILENT))
    return np.where(kind == OUTAGE, out, silent)


def retract(layout: Layout, signs: Signs, which: Iterable[int], found: Found) -> None:
    """Tell that what the desk was told of some meters is over."""
    for one in which:
        subject = Subject(On.METER, int(layout.fleet.meter[one]))
        found.cleared.append(Matter(TOLD[int(signs.told[one])], subject))
