"""Billing periods: cycles of whole months that follow an anchor day without gap or overlap."""

import calendar
from dataclasses import dataclass
from datetime import date

MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Cycle:
    """Local days from `start` up to, not including, `end`: one billing period of an account."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many local days it has: what a part of it is held against."""
        return (self.end - self.start).days


def cycle_of(day: date, *, anchor: date, months: int = 1) -> Cycle:
    """Return the cycle in which a day lies.

    Cycles start `months` apart on the anchor's day of the month, or on the last day of a month
    that has no such day; the day of the anchor itself is never lost, as it would be by adding a
    month to the start before (31 January, 28 February, 28 March).
    """
    if months < 1:
        message = f"a cycle has one month at least, not {months}"
        raise ValueError(message)
    apart = (day.year - anchor.year) * MONTHS_A_YEAR + day.month - anchor.month
    number = apart // months
    if _start(anchor, number * months) > day:
        number -= 1
    return Cycle(_start(anchor, number * months), _start(anchor, (number + 1) * months))


def _start(anchor: date, months: int) -> date:
    year, month = divmod(anchor.year * MONTHS_A_YEAR + anchor.month - 1 + months, MONTHS_A_YEAR)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(anchor.day, last))
