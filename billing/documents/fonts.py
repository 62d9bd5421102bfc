"""The fonts of documents: every script that a customer's name may be written in.

A font is never taken from elsewhere, and a sign that none of them has is refused: no bill shows
empty boxes where a name belongs.
"""

from functools import cache
from typing import Final

import typst
from django.conf import settings

FAMILIES: Final = {
    "Noto Sans": "Latin, Greek and Cyrillic",
    "Noto Sans Devanagari": "Devanagari",
    "Noto Sans Arabic": "Arabic",
    "Noto Sans Thai": "Thai",
    "Noto Sans CJK SC": "Chinese",
}
PACKAGES: Final = "fonts-noto-core and fonts-noto-cjk"  # of Debian and Ubuntu


class MissingFont(Exception):
    """A font of documents is in none of the folders of SEGS_FONTS."""


def missing() -> list[str]:
    """Return the families that no folder of SEGS_FONTS holds."""
    found = set(_known(tuple(settings.SEGS_FONTS)).families())
    return [family for family in FAMILIES if family not in found]


def known() -> typst.Fonts:
    """Return the fonts that are there, read once in a process. Raises MissingFont."""
    if lacking := missing():
        raise MissingFont(explained(lacking))
    return _known(tuple(settings.SEGS_FONTS))


def explained(lacking: list[str]) -> str:
    """Return what is missing, what for, and what to do."""
    named = ", ".join(f"{family} ({FAMILIES[family]})" for family in lacking)
    folders = ", ".join(settings.SEGS_FONTS)
    return f"no font {named} in {folders}: install {PACKAGES}, or name their folder in SEGS_FONTS"


@cache
def _known(folders: tuple[str, ...]) -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders)
    )
