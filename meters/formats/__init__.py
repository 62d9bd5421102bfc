"""Meter files in: one module a format, each with a `read` that fits `base.Reader`.

A new format is a module beside these and a line in `FORMATS`; a new CSV layout is a row, which
`of_profile` makes a format.
"""

from functools import partial

from meters.formats import espi, nem12, profiled
from meters.formats.base import Format
from meters.formats.profile import Profile

FORMATS: dict[str, Format] = {
    "nem12": Format("nem12", "AEMO NEM12 interval data", nem12.read, nem12.fits),
    "espi": Format("espi", "Green Button (ESPI XML)", espi.read, espi.fits),
}


def of_profile(profile: Profile, label: str) -> Format:
    """Return the format of CSV files that a profile describes."""
    return Format(
        profile.name, label, partial(profiled.read, profile), partial(profiled.fits, profile)
    )
