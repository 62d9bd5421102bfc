"""Closed windows as detection judges them, and what a region's meters usually draw.

What validation filled where nobody measured is no window here: `count` is 0 in it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection

from alerts.conditions.fleet import Floats, Ints, Mask
from alerts.models import TimeOfDay
from alerts.selectors import cells
from grid.models import RegionMinute
from segs_site.lib.quantities import Quality

SLOT = timedelta(minutes=15)
SLOTS = 96
NEIGHBOURS = (-1, 0, 1)  # an oven that goes on a quarter-hour sooner is the same day
WEEKS = (timedelta(weeks=1), timedelta(weeks=2))

_WINDOWS = """
SELECT w.meter_id, w.mean_mw::float8, w.min_mw::float8, w.max_mw::float8, w.mean_mv::float8 / 1000
FROM unnest(%s::int[]) AS m (id) JOIN {table} w ON w.meter_id = m.id AND w.start = %s
WHERE w.count > 0
ORDER BY w.meter_id
"""


@dataclass(frozen=True, slots=True)
class Windows:
    """One window of some meters, in their order; zeros, and NaN volts, where there is none."""

    known: Mask
    mean: Floats
    low: Floats
    high: Floats
    volts: Floats


def minute(*, meters: Ints, start: datetime) -> Windows:
    """Return a minute of meters."""
    return _windows("meters_minute", meters, start)


def quarter(*, meters: Ints, start: datetime) -> Windows:
    """Return a quarter-hour of meters."""
    return _windows("meters_quarter", meters, start)


def _windows(table: str, meters: Ints, start: datetime) -> Windows:
    with connection.cursor() as cursor:
        cursor.execute(_WINDOWS.format(table=table), [meters.tolist(), start])
        rows = np.array(cursor.fetchall() or np.empty((0, 5)), np.float64).reshape(-1, 5)
    known = np.zeros(len(meters), np.bool_)
    places = np.searchsorted(meters, rows[:, 0].astype(np.int64))
    known[places] = True

    def spread(column: int, otherwise: float) -> Floats:
        values = np.full(len(meters), otherwise)
        values[places] = rows[:, column]
        return values

    return Windows(known, spread(1, 0), spread(2, 0), spread(3, 0), spread(4, np.nan))


_WEEK_AGO = """
SELECT w.meter_id, avg(w.mean_mw)::float8
FROM unnest(%s::int[]) AS m (id) JOIN meters_quarter w ON w.meter_id = m.id
WHERE w.start = ANY(%s) AND w.count > 0 GROUP BY w.meter_id
"""


def weeks_ago(*, meters: Ints, start: datetime) -> Floats:
    """Return the least that each meter drew about this time a week ago and two; NaN: unknown.

    A shop that is shut on Sundays, and a car that charges on some evenings, are seen in it.
    """
    least = np.full(len(meters), np.nan)
    for back in WEEKS:
        then = [start - back + step * SLOT for step in NEIGHBOURS]
        with connection.cursor() as cursor:
            cursor.execute(_WEEK_AGO, [meters.tolist(), then])
            rows = np.array(cursor.fetchall() or np.empty((0, 2)), np.float64).reshape(-1, 2)
        places = np.searchsorted(meters, rows[:, 0].astype(np.int64))
        least[places] = np.fmin(least[places], rows[:, 1])
    return least


_DAY = """
SELECT int8send(meter_id) || int8send(floor(extract(epoch FROM start - '{since}') / 900)::bigint)
       || int8send(mean_mw) || int8send(max_mw) AS cells
FROM meters_quarter WHERE start >= '{since}' AND start < '{until}' AND meter_id = ANY('{meters}')
AND quality = {actual}
"""


@dataclass(frozen=True, slots=True)
class Day:
    """The quarter-hours of a day, in order, of some meters: shape (96, meters), NaN: no window."""

    mean: Floats
    high: Floats


def day(*, meters: Ints, since: datetime) -> Day:
    """Return what was measured in the 24 hours from `since` on; an estimate is no example."""
    told = {
        "actual": Quality.ACTUAL.value,
        "since": since.isoformat(),
        "until": (since + SLOTS * SLOT).isoformat(),
        "meters": str(set(meters.tolist()) or "{}"),
    }
    ids, slot, mean, high = cells.columns(_DAY.format(**told), 4)
    at = slot, np.searchsorted(meters, ids)
    found = Day(*(np.full((SLOTS, len(meters)), np.nan) for _ in range(2)))
    found.mean[at], found.high[at] = mean, high
    return found


@dataclass(frozen=True, slots=True)
class Load:
    """A region's minute: load and capacity in kW, load in %; None and NaN where not known."""

    load_kw: float | None
    capacity_kw: float | None
    load_pct: float


def load(*, region: int, start: datetime) -> Load:
    """Return how loaded a region was in a closed minute."""
    row = RegionMinute.objects.filter(region_id=region, start=start).first()
    if row is None or not row.load_known or row.load_mw is None or not row.capacity_mw:
        return Load(None, None, float("nan"))
    pct = 100 * row.load_mw / row.capacity_mw
    return Load(row.load_mw / 1_000_000, row.capacity_mw / 1_000_000, pct)


@dataclass(frozen=True, slots=True)
class Usual:
    """What each of `meter` draws in one quarter-hour of the day, by the mean of `days` days."""

    meter: Ints
    mean: Floats
    days: Ints


NO_USUAL = Usual(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))


def slot_of(moment: datetime) -> int:
    """Return the quarter-hour of the day that a moment lies in."""
    return (moment.hour * 60 + moment.minute) // 15


def bodies(*, region: int, slot: int) -> dict[int, bytes]:
    """Return what is kept of a slot and its neighbours, packed, by slot."""
    slots = [(slot + step) % SLOTS for step in NEIGHBOURS]
    rows = TimeOfDay.objects.filter(region_id=region, slot__in=slots)
    return {one: bytes(body) for one, body in rows.values_list("slot", "columns")}
