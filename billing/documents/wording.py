"""Labels of lines and components, which are kept in English, in the language that is active."""

import re
from collections.abc import Callable
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.documents import figures

LABELS: Final = {
    "Energy": gettext_lazy("Energy"),
    "Energy fed in": gettext_lazy("Energy fed in"),
    "Standing charge": gettext_lazy("Standing charge"),
    "Demand charge": gettext_lazy("Demand charge"),
    "Up to the minimum charge": gettext_lazy("Up to the minimum charge"),
    "flat": gettext_lazy("one price at all times"),
    "fed in": gettext_lazy("fed in"),
    "per day": gettext_lazy("per day"),
    "charged above": gettext_lazy("charged above"),
    "days": gettext_lazy("days"),
}


def label(text: str) -> str:
    """Return a label; what a plan's author named is his and stays as it is."""
    if text in LABELS:
        return str(LABELS[text])
    for pattern, words in _PATTERNS:
        if found := pattern.fullmatch(text):
            return words(found)
    return text


def _block(found: re.Match[str]) -> str:
    return _("block %(number)s") % {"number": found[1]}


def _of_days(found: re.Match[str]) -> str:
    said = {"days": found[1], "all": found[2]}
    words = ngettext("%(days)s of %(all)s day", "%(days)s of %(all)s days", int(found[2]))
    return words % said


def _percent(found: re.Match[str]) -> str:
    return _("%(pct)s %% of") % {"pct": figures.exact(found[1])}


def _highest(found: re.Match[str]) -> str:
    return _("highest quarter-hour, %(moment)s UTC") % {"moment": found[1]}


def _correction(found: re.Match[str]) -> str:
    said = {"line": label(found[1]), "number": found[2]}
    return _("%(line)s, correction of %(number)s") % said


_PATTERNS: Final[list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]] = [
    (re.compile(r"block (\d+)"), _block),
    (re.compile(r"(\d+) of (\d+) days"), _of_days),
    (re.compile(r"([\d.]+) % of"), _percent),
    (re.compile(r"highest quarter-hour, ([\d :-]+) UTC"), _highest),
    (re.compile(r"(.+), correction of (\S+)"), _correction),
]
