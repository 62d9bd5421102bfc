"""SAIDI, SAIFI and CAIDI from interruptions, after IEEE 1366.

An interruption of up to five minutes is momentary: it counts into MAIFI alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

MOMENTARY = timedelta(minutes=5)
ZERO = timedelta()


@dataclass(frozen=True, slots=True)
class Loss:
    """One customer's interruption: its whole length, and the part of it in the period.

    `begins` says whether it began in the period, which counts it there.
    """

    length: timedelta
    within: timedelta
    begins: bool


@dataclass(frozen=True, slots=True)
class Continuity:
    """Indices of a period; None where they mean nothing (no customers, no interruption).

    SAIDI and CAIDI in minutes, SAIFI and MAIFI in interruptions a customer.
    """

    customers: int
    sustained: int
    momentary: int
    saidi_min: float | None
    saifi: float | None
    caidi_min: float | None
    maifi: float | None


def reckon(*, losses: Iterable[Loss], customers: int) -> Continuity:
    """Return the indices of customers who had these interruptions."""
    sustained = momentary = 0
    lasted = ZERO
    for loss in losses:
        if loss.length <= MOMENTARY:
            momentary += loss.begins
            continue
        sustained += loss.begins
        lasted += loss.within
    minutes = lasted / timedelta(minutes=1)
    return Continuity(
        customers=customers,
        sustained=sustained,
        momentary=momentary,
        saidi_min=minutes / customers if customers else None,
        saifi=sustained / customers if customers else None,
        caidi_min=minutes / sustained if sustained else None,
        maifi=momentary / customers if customers else None,
    )
