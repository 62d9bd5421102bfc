"""Codes of NEM12: quality flags, units of measure, data stream suffixes.

Sources: AEMO, Meter Data File Format Specification NEM12 & NEM13 (flags, units, field sizes);
AEMO, MSATS Procedures: National Metering Identifier (data stream suffixes).
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from meters.formats.base import FINEST, Direction, Unit
from segs_site.lib.quantities import Quality

# The letter of a QualityMethod such as A, S14 or F16. Substituted values, final ones included,
# are somebody's estimate: they are never shown as measured.
QUALITIES = {
    "A": Quality.ACTUAL,
    "E": Quality.ESTIMATED,  # forward estimate
    "F": Quality.ESTIMATED,  # final substitute
    "S": Quality.ESTIMATED,  # substitute
    "N": Quality.MISSING,  # null: the value beside it says nothing
}
VARIABLE = "V"  # the 400 records that follow qualify every interval
FLAG = re.compile(r"[AEFNSV]\d{0,2}")

_WHOLE_DIGITS = 12  # of a value in kWh, kvarh or kVAh
_PREFIXES = {"": -3, "K": 0, "M": 3}  # powers of ten from the file's unit to the kept one
_ENERGIES: dict[str, Unit] = {"WH": "kWh", "VARH": "kvarh", "VAH": "kVAh"}
# Units the market knows that are no energy: read past, and said so.
NOT_ENERGY = frozenset(
    {prefix + unit for prefix in _PREFIXES for unit in ("W", "VAR", "VA", "V", "A")}
    | {"PF", "QH", "PARH"}
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How values of one unit are read: what is kept, the power of ten, and what may be written."""

    unit: Unit
    exponent: int
    pattern: re.Pattern[str]

    def value(self, text: str) -> Decimal:
        """Return a text that fits `pattern` in `unit`, exactly."""
        value = Decimal(text)
        return value.scaleb(self.exponent) if self.exponent else value

    def objection(self, text: str) -> str:
        """Say why a text does not fit `pattern`."""
        if re.fullmatch(r"-\d*\.?\d*", text):
            return f"{text} is negative: each direction has a channel of its own"
        if re.fullmatch(r"\d*\.\d+", text):
            return f"{text} has more digits than a whole milliwatt-hour allows"
        return f"{text!r} is not a plain decimal number of at most {_WHOLE_DIGITS} digits"


def _scale(unit: Unit, exponent: int) -> Scale:
    whole, fine = _WHOLE_DIGITS - exponent, FINEST + exponent
    pattern = rf"0*\d{{1,{whole}}}(?:\.\d{{0,{fine}}}0*)?|\.\d{{1,{fine}}}0*"
    return Scale(unit, exponent, re.compile(pattern, re.ASCII))


SCALES = {
    prefix + name: _scale(unit, exponent)
    for name, unit in _ENERGIES.items()
    for prefix, exponent in _PREFIXES.items()
}


@dataclass(frozen=True, slots=True)
class Stream:
    """What the first letter of a suffix stands for; `role` is master, check or average.

    The market speaks from the network's side, where energy that a customer draws is an export;
    here it is an import, as everywhere in SEGS. No direction: apparent energy.
    """

    role: str
    unit: Unit
    direction: Direction | None


def _streams(letters: str, unit: Unit, direction: Direction | None) -> dict[str, Stream]:
    roles = ("average", "master", "check")
    return {
        letter: Stream(role, unit, direction) for letter, role in zip(letters, roles, strict=True)
    }


STREAMS = (
    _streams("DEF", "kWh", "import")
    | _streams("ABC", "kWh", "export")
    | _streams("PQR", "kvarh", "import")
    | _streams("JKL", "kvarh", "export")
    | _streams("STU", "kVAh", None)
)
# Net of both directions (N, X), power factor, Q and par metering, volts and amperes.
NOT_KEPT = frozenset("NXGHYMWVZ")
