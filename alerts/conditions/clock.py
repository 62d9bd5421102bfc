"""Meters whose clock is off: their stamps and the arrival of what they say differ, steadily."""

from dataclasses import dataclass

import numpy as np

from alerts.conditions import spells
from alerts.conditions.fleet import Floats, Mask
from alerts.conditions.limits import Limit
from alerts.conditions.spells import Spells, Turn

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Offsets:
    """By how many seconds each meter's newest reading came after its stamp."""

    offset_s: Floats
    spells: Spells


def no_offsets(count: int) -> Offsets:
    """Return the state before anything is known."""
    return Offsets(np.zeros(count), spells.none(count))


def judge(before: Offsets, *, offset_s: Floats, known: Mask, limit: Limit) -> tuple[Offsets, Turn]:
    """Judge a minute. What came late differs from one time to the next; a clock does not."""
    is_off = known & (np.abs(offset_s) > limit.threshold)
    is_steady = np.abs(offset_s - before.offset_s) <= limit.deadband
    turned = spells.turn(
        before.spells,
        holds=is_off & is_steady,
        is_gone=known & ~is_off,
        limit=limit,
        window_s=MINUTE_S,
        may_begin=is_off,
    )
    return Offsets(np.where(known, offset_s, before.offset_s), turned.spells), turned
