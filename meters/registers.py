"""A register that stands lower than before: what it moved, and whether later reads bear it out.

Milliwatt-hours, as the register shows them. It begins anew after the highest value its whole
digits can show, which the field calls rollover; anything else that goes down is a fault or a
reset, of which nothing is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from meters.columns import ABSENT, Flags, Integers
from segs_site.lib.quantities import MWH_PER_KWH

BEARS_OUT = 3  # reads in a row from which a lower register is believed
AT_LEAST = timedelta(hours=1)  # a read may be that old before it is sent


@dataclass(frozen=True, slots=True)
class Dial:
    """What is known of a register: its whole digits (None: unknown), and what can flow through."""

    digits: int | None
    limit_mw: int


@dataclass(frozen=True, slots=True)
class Read:
    """Where a register stood at a moment."""

    at: datetime
    mwh: int


def rolled(before: Read, after: Read, dial: Dial) -> int | None:
    """Return what was used if the register rolled over in between; None where it cannot have."""
    if dial.digits is None:
        return None
    whole = 10**dial.digits * MWH_PER_KWH
    used = whole - before.mwh + after.mwh
    hours = max(after.at - before.at, AT_LEAST) / timedelta(hours=1)
    return used if before.mwh < whole and used <= dial.limit_mw * hours else None


def bear_out(reads: Sequence[Read]) -> bool:
    """Tell whether reads go on from a lower value: three in a row, none back, and it moved."""
    return (
        len(reads) >= BEARS_OUT
        and reads[-1].mwh > reads[0].mwh
        and all(one.mwh <= other.mwh for one, other in pairwise(reads))
    )


def going_back(
    meter: Integers, ts: Integers, register: Integers, known: Integers, known_at: Integers
) -> Flags:
    """Tell which rows stand lower than their meter's register did before.

    Rows in order of meter and time. `known` is each row's meter's newest read, ABSENT for none,
    of `known_at`; reads up to then came late, and are not judged.
    """
    back = np.zeros(len(ts), np.bool_)
    rows = np.flatnonzero((register != ABSENT) & (ts > known_at))
    if not len(rows):
        return back
    said, of = register[rows], meter[rows]
    before = known[rows].copy()
    same = of[1:] == of[:-1]
    before[1:][same] = np.maximum(before[1:][same], said[:-1][same])
    back[rows] = said < before
    return back
