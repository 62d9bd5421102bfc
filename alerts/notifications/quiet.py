"""Quiet hours: wall-clock times of a person's zone, which may cross midnight and clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


def end_of(moment: datetime, *, start: time, end: time, zone: ZoneInfo) -> datetime | None:
    """Return when the quiet hours that a moment lies in end; None when it lies in none.

    An hour that comes twice is quiet twice: they begin with its first and end with its second.
    A time that a clock change leaves out stands for the same instant by the old clock.
    """
    today = moment.astimezone(zone).date()
    for day in (today - ONE_DAY, today):
        begins = _first(day, start, zone)
        ends = _last(day if start < end else day + ONE_DAY, end, zone)
        if begins <= moment < ends:
            return ends
    return None


def _first(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).replace(fold=0).astimezone(UTC)


def _last(day: date, at: time, zone: ZoneInfo) -> datetime:
    second = datetime.combine(day, at, zone).replace(fold=1).astimezone(UTC)
    return max(second, _first(day, at, zone))
