"""Codes of Green Button: units, directions, qualities, and where its clocks stand.

Source: NAESB REQ.21, Energy Services Provider Interface, and its schema espi.xsd.
"""

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from meters.formats import espi_clock
from meters.formats.base import Direction, Unit
from segs_site.lib.quantities import Quality

UNITS: dict[str, Unit] = {"72": "kWh", "73": "kvarh", "71": "kVAh"}  # Wh, varh, VAh
TO_KILO = -3  # the power of ten from these to what is kept
DIRECTIONS: dict[str, Direction] = {"1": "import", "19": "export"}  # forward, reverse
NO_DIRECTION = frozenset({"", "0"})
ELECTRICITY = frozenset({"", "0", "1", "2"})  # commodity: unsaid, none, secondary, primary
INTERVAL_VALUES = frozenset({"", "0", "4"})  # accumulation: unsaid, none, what was added
POWERS = range(-12, 13)  # powers of ten that a multiplier may name

NO_QUALITY = ""
QUALITIES = {
    NO_QUALITY: Quality.ACTUAL,
    "0": Quality.ACTUAL,  # valid
    "7": Quality.EDITED,
    "8": Quality.ESTIMATED,  # by a reference day
    "9": Quality.ESTIMATED,  # by linear interpolation
    "10": Quality.SUSPECT,  # questionable
    "11": Quality.CALCULATED,
    "12": Quality.ESTIMATED,  # projected
    "13": Quality.ESTIMATED,  # mixed: part of it is somebody's estimate
    "14": Quality.ACTUAL,  # raw
    "15": Quality.CALCULATED,  # adjusted to the weather
    "16": Quality.SUSPECT,  # other
    "17": Quality.ACTUAL,  # validated
    "18": Quality.ACTUAL,  # verified
    "19": Quality.ACTUAL,  # fit for a bill
}

WRITTEN = {
    Quality.ACTUAL: "0",
    Quality.EDITED: "7",
    Quality.CALCULATED: "11",
    Quality.ESTIMATED: "8",
    Quality.SUSPECT: "10",
}  # the codes that are written; what is missing has no reading
PARTLY_ESTIMATED = "13"

_RULE = re.compile(r"[0-9A-Fa-f]{8}")
_ZONES = {  # of North America, by offset
    -12_600: "America/St_Johns",
    -14_400: "America/Halifax",
    -18_000: "America/New_York",
    -21_600: "America/Chicago",
    -25_200: "America/Denver",
    -28_800: "America/Los_Angeles",
    -32_400: "America/Anchorage",
}
FURTHEST_S = 15 * 3_600  # east or west of Greenwich


def rule_is_sound(rule: str) -> bool:
    """Tell whether a clock-change rule is one: eight hexadecimal digits, or none at all."""
    return rule == "" or _RULE.fullmatch(rule) is not None


def zone(offset_s: int, dst_offset_s: int, rules: tuple[str, str]) -> tuple[tzinfo, bool]:
    """Return where a file's clocks stand, and whether that is said or only likely.

    A zone whose clocks go by the rules; where these cannot be read, one of North America by its
    offset; else the offset alone.
    """
    fixed = timezone(timedelta(seconds=offset_s))
    if dst_offset_s == 0:
        return fixed, True
    start, end = map(str.upper, rules)
    said = espi_clock.zones().get(espi_clock.Clocks(offset_s, dst_offset_s, start, end))
    if said is not None:
        return ZoneInfo(said), True
    sound = all(rule and rule_is_sound(rule) for rule in rules)
    if offset_s in _ZONES and not sound:
        return ZoneInfo(_ZONES[offset_s]), False
    return fixed, False
