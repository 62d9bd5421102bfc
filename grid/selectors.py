"""Questions about the grid: how loaded its regions are, now and lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from grid import loading
from grid.models import Region, RegionMinute
from segs_site.lib import periods
from segs_site.lib.quantities import to_kw, to_kwh

# A minute closes seconds after its end; a newest one older than this means that closing halts.
CLOSING_PATIENCE = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class RegionStatus:
    """A region's newest closed minute; what is unknown is None. `as_of` is that minute's end."""

    code: str
    name: str
    load_kw: float | None
    capacity_kw: float | None
    load_pct: float | None
    coverage_pct: float | None
    meters_reporting: int | None
    meters_expected: int | None
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class LoadHistory:
    """Loads by region (rows, in the order of `regions`) and minute (columns); None is unknown.

    The capacity is the one that was in force in each minute.
    """

    regions: list[str]
    minutes: list[datetime]
    load_kw: list[list[float | None]]
    capacity_kw: list[list[float | None]]


_STATUSES = """
SELECT r.code, r.name, c.capacity_kw, m.start, m.load_mw, m.load_known, m.capacity_mw,
       m.meters_reporting, m.meters_expected
FROM grid_region r
LEFT JOIN LATERAL (
    SELECT * FROM grid_regionminute WHERE region_id = r.id AND start < %(now)s
    ORDER BY start DESC LIMIT 1
) m ON true
LEFT JOIN LATERAL (
    SELECT capacity_kw FROM grid_regioncapacity
    WHERE region_id = r.id AND effective_from <= %(now)s ORDER BY effective_from DESC LIMIT 1
) c ON true
ORDER BY r.code
"""


def region_statuses(*, now: datetime) -> list[RegionStatus]:
    """Return the state of every region, in order of code: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_STATUSES, {"now": now})
        return [_status(*row) for row in cursor.fetchall()]


def _status(  # noqa: PLR0913 the columns of a row
    code: str,
    name: str,
    capacity_kw: Decimal | None,
    start: datetime | None,
    load_mw: int | None,
    load_known: bool | None,
    capacity_mw: int | None,
    reporting: int,
    expected: int,
) -> RegionStatus:
    if start is None:
        capacity = None if capacity_kw is None else float(capacity_kw)
        return RegionStatus(code, name, None, capacity, None, None, None, None, None)
    known_mw = load_mw if load_known else None
    return RegionStatus(
        code=code,
        name=name,
        load_kw=to_kw(known_mw),
        capacity_kw=to_kw(capacity_mw),
        load_pct=loading.load_pct(known_mw, capacity_mw),
        coverage_pct=loading.coverage_pct(reporting, expected),
        meters_reporting=reporting,
        meters_expected=expected,
        as_of=start + periods.MINUTE,
    )


def load_history(*, minutes: int, now: datetime) -> LoadHistory:
    """Return the last `minutes` closed minutes of every region.

    The last column is the newest closed minute; when closing has halted it is the minute before
    `now`, so that the missing ones are seen.
    """
    regions = list(Region.objects.values_list("pk", "code"))
    end = _end_of_history(now)
    start = end - minutes * periods.MINUTE
    loads, capacities = _loads_and_capacities_kw([pk for pk, _ in regions], start, minutes)
    return LoadHistory(
        regions=[code for _, code in regions],
        minutes=[start + place * periods.MINUTE for place in range(minutes)],
        load_kw=loads,
        capacity_kw=capacities,
    )


def _end_of_history(now: datetime) -> datetime:
    recent = RegionMinute.objects.filter(start__lt=now, start__gte=now - CLOSING_PATIENCE)
    newest = recent.order_by("-start").values_list("start", flat=True).first()
    return periods.floor(now, periods.MINUTE) if newest is None else newest + periods.MINUTE


# Gathered by the database: a day of four regions is 5,760 rows, too many to read one by one.
_LOADS = """
SELECT region_id,
       array_agg((extract(epoch FROM start - %(start)s) / 60)::int),
       array_agg(CASE WHEN load_known THEN load_mw END), array_agg(capacity_mw)
FROM grid_regionminute
WHERE start >= %(start)s AND start < %(end)s
GROUP BY region_id
"""
Rows = list[list[float | None]]


def _loads_and_capacities_kw(
    region_ids: Sequence[int], start: datetime, minutes: int
) -> tuple[Rows, Rows]:
    with connection.cursor() as cursor:
        cursor.execute(_LOADS, {"start": start, "end": start + minutes * periods.MINUTE})
        found = {region: columns for region, *columns in cursor.fetchall()}
    nothing: tuple[list[int], list[int | None], list[int | None]] = ([], [], [])
    gathered = [found.get(region, nothing) for region in region_ids]
    return (
        [_laid_out(places, loads, minutes) for places, loads, _ in gathered],
        [_laid_out(places, capacities, minutes) for places, _, capacities in gathered],
    )


def _laid_out(
    places: Sequence[int], values_mw: Sequence[int | None], minutes: int
) -> list[float | None]:
    """Return values in kW, each at its place of so many minutes."""
    row: list[float | None] = [None] * minutes
    for place, value_mw in zip(places, values_mw, strict=True):
        row[place] = to_kw(value_mw)
    return row


@dataclass(frozen=True, slots=True)
class RegionStats:
    """A region over a period, from its quarter-hours; loads only from those that are known.

    `energy_kwh` is what reporting meters measured, not what silent ones are taken to have drawn.
    """

    code: str
    name: str
    energy_kwh: float | None
    mean_load_kw: float | None
    lowest_load_kw: float | None
    peak_load_kw: float | None
    peak_at: datetime | None
    peak_load_pct: float | None
    coverage_pct: float | None
    quarters_expected: int
    quarters_closed: int
    quarters_known: int


_STATS = """
SELECT g.code, g.name, sum(q.energy_mwh), avg(q.load_mw) FILTER (WHERE q.load_known),
       min(q.load_mw) FILTER (WHERE q.load_known), max(q.load_mw) FILTER (WHERE q.load_known),
       (array_agg(q.start ORDER BY q.load_mw DESC) FILTER (WHERE q.load_known))[1],
       (array_agg(q.capacity_mw ORDER BY q.load_mw DESC) FILTER (WHERE q.load_known))[1],
       sum(q.meters_reporting), sum(q.meters_expected),
       count(q.id), count(q.id) FILTER (WHERE q.load_known)
FROM grid_region g
LEFT JOIN grid_regionquarter q ON q.region_id = g.id AND q.start >= %s AND q.start < %s
GROUP BY g.id ORDER BY g.code
"""


def region_stats(*, period: periods.Period) -> list[RegionStats]:
    """Return every region over a period, in order of code: one query."""
    expected = periods.expected_intervals(period, periods.QUARTER)
    with connection.cursor() as cursor:
        cursor.execute(_STATS, [period.start, period.end])
        return [_stats(row, expected) for row in cursor.fetchall()]


def _stats(row: Sequence[Any], expected: int) -> RegionStats:
    code, name, energy, mean, low, high, peak_at, capacity, reporting, meters, closed, known = row
    return RegionStats(
        code=code,
        name=name,
        energy_kwh=to_kwh(None if energy is None else int(energy)),
        mean_load_kw=to_kw(None if mean is None else round(mean)),
        lowest_load_kw=to_kw(low),
        peak_load_kw=to_kw(high),
        peak_at=peak_at,
        peak_load_pct=loading.load_pct(high, capacity),
        coverage_pct=loading.coverage_pct(reporting, meters),
        quarters_expected=expected,
        quarters_closed=closed,
        quarters_known=known,
    )
