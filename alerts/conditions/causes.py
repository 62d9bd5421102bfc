"""What the desk is told of nodes and gateways: those that went out, changed, or are back."""

from dataclasses import replace

import numpy as np

from alerts.conditions import gateways, liveness, nodes
from alerts.conditions.findings import Found, Teller
from alerts.conditions.fleet import SHARED, Mask
from alerts.conditions.gateways import Hearing, Lines
from alerts.conditions.kinds import Kind, Matter, On, Subject
from alerts.conditions.moment import Moment
from alerts.conditions.seeing import Seen
from alerts.conditions.standing import Nodes, Tiers


def heard(lines: Lines, hearing: Hearing) -> Lines:
    """Return lines with how they are heard now."""
    return replace(
        lines,
        newest_us=hearing.newest_us,
        heard_us=hearing.heard_us,
        gap_from_us=hearing.gap_from_us,
        gap_until_us=hearing.gap_until_us,
    )


def tell_gateways(
    moment: Moment, lines: Lines, hearing: Hearing, seen: Seen, teller: Teller, found: Found
) -> Lines:
    """Tell of gateways that are lost or back; return their lines as they stand now."""
    layout, limit = moment.layout, moment.limits.of(Kind.GATEWAY_LOST)
    now_us, lines = moment.now_us, heard(lines, hearing)
    gone = _gone(moment, hearing, seen)
    lost = np.where(gone, np.where(lines.lost_us > 0, lines.lost_us, now_us), 0)
    tells = gone & ~lines.told & (now_us - lost >= limit.on_delay_us) & limit.is_enabled
    back = np.where(gone, 0, np.where(lines.back_us > 0, lines.back_us, now_us))
    clears = lines.told & ~gone & (now_us - back >= limit.off_delay_us)
    for line in np.flatnonzero(tells):
        found.raised.append(teller.gateway(int(line), int(hearing.newest_us[line])))
    for line in np.flatnonzero(clears):
        subject = Subject(On.GATEWAY, int(layout.line_gateway[line]))
        found.cleared.append(Matter(Kind.GATEWAY_LOST, subject))
    late = seen.look.missed >= liveness.LOST_INTERVALS
    return replace(
        lines,
        loss=gateways.learn_loss(lines, layout, late=late, counted=seen.known & ~seen.sure),
        lost_us=lost,
        told=(lines.told | tells) & ~clears,
        back_us=np.where(lines.told, back, 0),
    )


def _gone(moment: Moment, hearing: Hearing, seen: Seen) -> Mask:
    """Tell which lines are not heard though the supply of their meters explains nothing."""
    layout, count = moment.layout, len(moment.layout.line_gateway)
    under = np.bincount(layout.line[seen.sure & (seen.lowest > 0)], minlength=count)
    explained = under >= nodes.ALL_UNHEARD * layout.line_meters
    gone: Mask = hearing.is_unheard & ~explained & (np.arange(count) != SHARED)
    return gone & (hearing.newest_us > 0)


def tell_nodes(
    moment: Moment, before: Tiers, now: Tiers, seen: Seen, teller: Teller, found: Found
) -> Tiers:
    """Tell of nodes that went out, changed or are back, from above; return what is told now."""
    above, moved = [], False
    for place in (2, 1, 0):
        above.append(_tell_tier(moment, place, before, now, seen, teller, found, moved=moved))
        moved |= bool((now[place].is_open != before[place].is_open).any())
    return above[2], above[1], above[0]


def _tell_tier(
    moment: Moment,
    place: int,
    before: Tiers,
    now: Tiers,
    seen: Seen,
    teller: Teller,
    found: Found,
    *,
    moved: bool,
) -> Nodes:
    """Tell of one tier; `moved` where a node above it opened or closed: parents changed."""
    tier, was, is_now = moment.layout.tiers[place], before[place].is_open, now[place]
    dark = tier.count(seen.sure)
    freed = is_now.is_alone != before[place].is_alone
    same = is_now.is_open & was & ((dark != is_now.told) | moved | freed)
    for node in np.flatnonzero(is_now.is_open & ~was):
        found.raised.append(teller.node(place, int(node), int(dark[node])))
    for node in np.flatnonzero(same):
        found.refreshed.append(teller.node(place, int(node), int(dark[node])))
    for node in np.flatnonzero(~is_now.is_open & was):
        subject = Subject(tier.on, int(tier.ids[node]))
        found.cleared.append(Matter(nodes.KINDS[tier.on], subject))
    return replace(is_now, told=np.where(is_now.is_open, dark, 0))
