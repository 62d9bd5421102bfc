"""Meters that say the same value, to the milliwatt, for longer than they ever did.

A load that is flat by nature (a mast, an empty house) has long runs of one value: its own
longest is remembered and must be passed twice over.
"""

from dataclasses import dataclass

import numpy as np

from alerts.conditions import spells
from alerts.conditions.fleet import Floats, Ints, Mask
from alerts.conditions.limits import Limit
from alerts.conditions.spells import Spells, Turn

LEAST_MW = 10_000_000 // 1000  # 10 W: next to nothing is the same for long in any empty flat
FLAT_FACTOR = 2
MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Runs:
    """The value that each meter repeats, for how many minutes, and its longest run so far."""

    value: Floats
    run: Ints
    longest: Ints
    spells: Spells


def no_runs(count: int) -> Runs:
    """Return the state before anything is known."""
    return Runs(
        np.zeros(count), np.zeros(count, np.int64), np.zeros(count, np.int64), spells.none(count)
    )


def judge(
    before: Runs, *, low_mw: Floats, high_mw: Floats, known: Mask, limit: Limit
) -> tuple[Runs, Turn]:
    """Judge a minute by its lowest and highest value; the threshold is in minutes."""
    is_flat = known & (low_mw == high_mw)
    goes_on = is_flat & (low_mw == before.value) & (before.run > 0)
    run = np.where(goes_on, before.run + 1, np.where(is_flat, 1, np.where(known, 0, before.run)))
    broke = known & ~goes_on
    longest = np.where(
        broke, np.maximum(before.longest, before.run // FLAT_FACTOR), before.longest
    )
    longest = np.where(broke & ~before.spells.told, np.maximum(longest, before.run), longest)
    long = (run >= limit.threshold) & (run > FLAT_FACTOR * longest) & (np.abs(low_mw) >= LEAST_MW)
    turned = spells.turn(
        before.spells,
        holds=long & known,
        is_gone=known & ~goes_on,
        limit=limit,
        window_s=MINUTE_S,
        may_begin=long,
    )
    value = np.where(known, low_mw, before.value)
    return Runs(value, run, longest, turned.spells), turned
