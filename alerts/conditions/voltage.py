"""Voltage outside its limits: ± 10 % of nominal over some minutes, after EN 50160."""

import numpy as np

from alerts.conditions import spells
from alerts.conditions.fleet import Floats, Mask
from alerts.conditions.limits import Limit
from alerts.conditions.spells import Spells, Turn

NOMINAL_V = (100.0, 110.0, 120.0, 127.0, 220.0, 230.0, 240.0)
DEAD_V = 60.0  # less is no supply, which is another alert
MINUTE_S = 60


def nominal(volts: Floats) -> float:
    """Return the nominal voltage that is nearest to the median of a region's meters."""
    alive = volts[volts >= DEAD_V]
    if not len(alive):
        return 230.0
    usual = float(np.median(alive))
    return min(NOMINAL_V, key=lambda one: abs(one - usual))


def judge(before: Spells, *, volts: Floats, known: Mask, limit: Limit) -> tuple[Turn, Floats]:
    """Judge a minute; return also the limit that each meter is nearest to, in volts."""
    middle = nominal(volts[known])
    alive = known & (volts >= DEAD_V)
    off_pct = 100 * np.abs(volts / middle - 1)
    outside = alive & (off_pct > limit.threshold)
    inside = alive & (off_pct <= limit.threshold - limit.deadband)
    turned = spells.turn(
        before, holds=outside, is_gone=inside, limit=limit, window_s=MINUTE_S, may_begin=outside
    )
    side = np.where(volts < middle, -1, 1)
    return turned, middle * (1 + side * limit.threshold / 100)
