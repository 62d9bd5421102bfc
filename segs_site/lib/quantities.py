"""Exact integers of power and energy: milliwatts, milliwatt-hours, millivolts.

Sums of integers do not depend on the order of their rows. People see kW, kWh and V.
"""

from decimal import Decimal
from enum import IntEnum

MW_PER_KW = 1_000_000  # milliwatts in a kilowatt
MWH_PER_KWH = 1_000_000  # milliwatt-hours in a kilowatt-hour
MV_PER_V = 1_000
SECONDS_PER_HOUR = 3_600


class Quality(IntEnum):
    """Where a quantity comes from, kept beside every kWh from the meter to the invoice."""

    MISSING = 0
    SUSPECT = 1
    ESTIMATED = 2
    CALCULATED = 3
    EDITED = 4
    ACTUAL = 5


def to_kw(milliwatts: int | None) -> float | None:
    """Return kilowatts for a screen; None stays None, for unknown is not zero."""
    return None if milliwatts is None else milliwatts / MW_PER_KW


def to_kwh(milliwatt_hours: int | None) -> float | None:
    """Return kilowatt-hours for a screen; None stays None."""
    return None if milliwatt_hours is None else milliwatt_hours / MWH_PER_KWH


def exact_kwh(milliwatt_hours: int) -> Decimal:
    """Return kilowatt-hours without loss, for whatever is priced."""
    return Decimal(milliwatt_hours).scaleb(-6)


def from_kwh(kwh: Decimal) -> int:
    """Return milliwatt-hours; raises ValueError when `kwh` is finer than a milliwatt-hour."""
    scaled = kwh.scaleb(6)
    whole = int(scaled)
    if whole != scaled:
        message = f"{kwh} kWh is finer than a milliwatt-hour"
        raise ValueError(message)
    return whole
