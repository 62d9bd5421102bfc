"""Which numbers a payer's words may name.

A bill asks for its number as the reference. Banks fold long texts, drop signs and put words of
their own around it, so a number is looked for in the words first and, where none of them is
known, in the words without spaces.
"""

import re
from collections.abc import Callable, Collection
from typing import Final

DIGITS: Final = 6  # that a number has at least, as it is printed
SHORTEST_WORD: Final = 5  # an account "12" would be found in every date
MOST: Final = 50  # of one text
_WORD: Final = re.compile(r"[^\s,;/:+|]+")


def found(text: str, *, prefix: str, are: Callable[[Collection[str]], set[str]]) -> list[str]:
    """Return the numbers of a series that a text names, in order; `are` says which there are."""
    for read in (text, re.sub(r"\s+", "", text)):
        named = numbers(read, prefix=prefix)
        known = are(named) if named else set()
        if known:
            return [number for number in named if number in known]
    return []


def numbers(text: str, *, prefix: str) -> list[str]:
    """Return what looks like a number of a series, once each, as the series writes it."""
    letters = re.escape(prefix.rstrip("-"))
    pattern = re.compile(rf"(?<![A-Za-z]){letters}[\s\-./]*(\d{{{DIGITS},12}})(?!\d)", re.I)
    written = [f"{prefix}{int(digits):0{DIGITS}d}" for digits in pattern.findall(text)]
    return list(dict.fromkeys(written))[:MOST]


def words(text: str) -> list[str]:
    """Return the words of a text that are long enough to name an account."""
    split = (word.strip(".()[]'\"#") for word in _WORD.findall(text))
    return list(dict.fromkeys(word for word in split if len(word) >= SHORTEST_WORD))[:MOST]
