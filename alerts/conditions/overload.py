"""Regions loaded beyond what they carry, from closed minutes whose load is known."""

import numpy as np

from alerts.conditions import spells
from alerts.conditions.fleet import Floats
from alerts.conditions.kinds import Severity
from alerts.conditions.limits import Limit
from alerts.conditions.spells import Spells, Turn

MINUTE_S = 60
CRITICAL_PCT = 100.0  # of the capacity


def judge(before: Spells, *, load_pct: Floats, limit: Limit) -> Turn:
    """Judge a minute of regions; NaN is a load that is not known, and clears nothing."""
    known = np.isfinite(load_pct)
    over = known & (load_pct >= limit.threshold)
    return spells.turn(
        before,
        holds=over,
        is_gone=known & (load_pct < limit.threshold - limit.deadband),
        limit=limit,
        window_s=MINUTE_S,
        may_begin=over,
    )


def severity(load_pct: float, limit: Limit) -> Severity:
    """Return how bad it is: beyond the capacity somebody must act at once."""
    return Severity.CRITICAL if load_pct >= CRITICAL_PCT else limit.severity
