"""Why an account waits for the clerk: details, kept in English, in the language that is active."""

import re
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_PATTERNS: Final = [
    (
        re.compile(r"(?P<missing>\d+) of (?P<all>\d+) quarter-hours are not known"),
        gettext_noop("%(missing)s of %(all)s quarter-hours are not known"),
    ),
    (
        re.compile(r"(?P<pct>[\d.]+) % of the energy is estimated"),
        gettext_noop("%(pct)s %% of the energy is estimated"),
    ),
    (re.compile(r"the customer would be paid"), gettext_noop("the customer would be paid")),
    (
        re.compile(r"(?P<count>\d+) readings wait in quarantine"),
        gettext_noop("readings that wait in quarantine: %(count)s"),
    ),
    (
        re.compile(
            r"(?P<total>-?[\d.]+) where the bill before lets expect (?P<expected>-?[\d.]+)"
        ),
        gettext_noop("%(total)s where the bill before lets expect %(expected)s"),
    ),
    (
        re.compile(r"no agreement runs in this period"),
        gettext_noop("no agreement runs in this period"),
    ),
    (
        re.compile(r"no price from (?P<moment>[\d :-]+) UTC, (?P<count>\d+) intervals"),
        gettext_noop("no price from %(moment)s UTC, intervals: %(count)s"),
    ),
    (
        re.compile(r"the intervals are too long for its prices"),
        gettext_noop("the intervals are too long for its prices"),
    ),
    (
        re.compile(r"prices are in (?P<prices>\w+), the plan in (?P<plan>\w+)"),
        gettext_noop("prices are in %(prices)s, the plan in %(plan)s"),
    ),
    (re.compile(r"plans in (?P<currencies>[\w ]+)"), gettext_noop("plans in: %(currencies)s")),
]


def detail(text: str) -> str:
    """Return a detail; what is named by people or by a fault stays as it is."""
    for pattern, words in _PATTERNS:
        if found := pattern.fullmatch(text):
            return _(words) % found.groupdict()
    point, colon, rest = text.partition(": ")
    return f"{point}: {detail(rest)}" if colon else text
