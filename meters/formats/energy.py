"""Numbers of meter files made energy, exactly: nothing is rounded, nothing is below zero."""

import re
from decimal import Decimal

from meters.formats.base import FINEST, Unit

LARGEST = Decimal(10) ** 12  # kWh in one interval; what is more is no number of a meter
LONGEST_TEXT = 40  # characters of a number
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_PREFIXES = {"": -3, "K": 0, "M": 3, "G": 6}  # powers of ten from the file's unit to the kept one
_ENERGIES: dict[str, Unit] = {"WH": "kWh", "VARH": "kvarh", "VAH": "kVAh"}
SCALES: dict[str, tuple[Unit, int]] = {
    prefix + name: (unit, exponent)
    for name, unit in _ENERGIES.items()
    for prefix, exponent in _PREFIXES.items()
}  # by a unit in capitals: what is kept, and the power of ten that leads there


class Unfit(Exception):
    """A text that is no energy which can be kept; says why."""


def number(text: str) -> Decimal:
    """Return a number written with a point; raises Unfit."""
    if len(text) > LONGEST_TEXT or _NUMBER.fullmatch(text) is None:
        message = f"{text[:LONGEST_TEXT]!r} is not a number"
        raise Unfit(message)
    return Decimal(text)


def kept(value: Decimal, exponent: int) -> Decimal:
    """Return `value` times ten to `exponent`; raises Unfit unless it is whole milliwatt-hours."""
    sign, digits, power = value.as_tuple()
    scaled = Decimal((sign, digits, int(power) + exponent))
    if scaled < 0:
        message = f"{value} is negative: each direction has a channel of its own"
        raise Unfit(message)
    if scaled >= LARGEST:
        message = f"{value} is more than a meter can count in an interval"
        raise Unfit(message)
    if scaled != round(scaled, FINEST):
        message = f"{value} has more digits than a whole milliwatt-hour allows"
        raise Unfit(message)
    return scaled
