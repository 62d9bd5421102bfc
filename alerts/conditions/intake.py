"""Whether anything comes in at all: when nobody is heard, nothing is said of anybody but that.

Where outages that are told explain that nobody is heard, there is nothing more to say.
"""

from dataclasses import replace

import numpy as np

from alerts.conditions import nodes
from alerts.conditions.fleet import SHARED
from alerts.conditions.gateways import Hearing
from alerts.conditions.kinds import Kind
from alerts.conditions.moment import Moment
from alerts.conditions.standing import Input, State

LONGEST_STEP_US = 10_000_000  # of the clock: after a standstill nothing counts as watched
GONE_AGAIN_INTERVALS = 2


def take(known: State, moment: Moment, hearing: Hearing) -> Input:
    """Return what is known of the input now; the desk is told of what `is_told` changes to."""
    before = known.input
    passed = moment.slowest_us - before.clock_us if before.clock_us else 0
    watched = before.watched_us + max(0, min(passed, LONGEST_STEP_US))
    came = int(hearing.newest_us[SHARED]) > int(known.lines.newest_us[SHARED])
    mark = watched if came or not before.clock_us else before.input_us
    after = Input(moment.slowest_us, watched, mark, before.is_told, before.back_us)
    if before.is_told:
        return _back(after, moment, came)
    return after if _is_explained(known, moment) else _lost(after, moment)


def _is_explained(known: State, moment: Moment) -> bool:
    """Tell whether next to all meters hang below nodes that are out."""
    layout = moment.layout
    under = np.zeros(len(layout.fleet), np.bool_)
    for tier, now in zip(layout.tiers, known.tiers, strict=True):
        under |= tier.spread(now.is_open)
    return float(under.mean()) >= nodes.ALL_UNHEARD


def since_us(taken: Input, hearing: Hearing) -> int:
    """Return since when nothing has come."""
    unheard_us = taken.watched_us - taken.input_us
    return int(hearing.newest_us[SHARED]) or taken.clock_us - unheard_us


def _lost(after: Input, moment: Moment) -> Input:
    limit = moment.limits.of(Kind.NO_INPUT)
    usual_us = int(limit.threshold * moment.layout.line_interval_us[SHARED])
    for_long = after.watched_us - after.input_us >= usual_us + limit.on_delay_us
    return replace(after, is_told=True, back_us=0) if limit.is_enabled and for_long else after


def _back(after: Input, moment: Moment, came: bool) -> Input:
    usual_us = int(moment.layout.line_interval_us[SHARED])
    if came and not after.back_us:
        after = replace(after, back_us=moment.now_us)
    elif after.watched_us - after.input_us > GONE_AGAIN_INTERVALS * usual_us:
        after = replace(after, back_us=0)
    off_delay_us = moment.limits.of(Kind.NO_INPUT).off_delay_us
    if after.back_us and moment.now_us - after.back_us >= off_delay_us:
        return replace(after, is_told=False, back_us=0)
    return after
