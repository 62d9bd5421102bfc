"""How time is cut for sums: quarter-hours, hours, and days and months of a civil calendar."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from segs_site.lib.periods import DAY, EPOCH, QUARTER, Period, floor

HOUR = timedelta(hours=1)


class Granularity(StrEnum):
    """How fine a sum is."""

    QUARTER = "15m"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


def cut(period: Period, granularity: Granularity, zone: ZoneInfo) -> list[Period]:
    """Cut a period at the edges of hours, days or months of `zone`; first and last may be short.

    Days are 23, 24 or 25 hours long. Quarter-hours and hours are cut in UTC; hours at the
    minutes at which the zone's own hours begin, so where the clock goes back by half an hour
    (Lord Howe Island) one of them is cut at the quarter-hours of before.
    """
    edges = [period.start]
    while edges[-1] < period.end:
        edges.append(min(_next_edge(edges[-1], granularity, zone), period.end))
    return [Period(start, end) for start, end in pairwise(edges)]


def _next_edge(moment: datetime, granularity: Granularity, zone: ZoneInfo) -> datetime:
    if granularity is Granularity.QUARTER:
        return floor(moment, QUARTER) + QUARTER
    local = moment.astimezone(zone)
    if granularity is Granularity.HOUR:
        offset = (local.utcoffset() or timedelta()) % HOUR
        return floor(moment + offset, HOUR) - offset + HOUR
    day = local.date() + DAY if granularity is Granularity.DAY else _next_month(local.date())
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def whole_quarters(start: datetime, end: datetime) -> int:
    """Return how many quarter-hours lie wholly in `[start, end)`; 0 when it is empty."""
    first = -((EPOCH - start) // QUARTER)
    return max(0, (end - EPOCH) // QUARTER - first)
