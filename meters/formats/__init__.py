"""Meter files in: one module a format, each with a `read` that fits `base.Reader`.

A new format is a module beside these and a line in `FORMATS`.
"""

from meters.formats import nem12
from meters.formats.base import Format

FORMATS: dict[str, Format] = {
    "nem12": Format(name="nem12", label="AEMO NEM12 interval data", read=nem12.read),
}
