"""Closed windows as detection judges them, and what a region's meters usually draw."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection

from alerts.conditions.fleet import Floats, Ints, Mask
from alerts.models import TimeOfDay
from grid.models import RegionMinute

SLOT = timedelta(minutes=15)
SLOTS = 96
NEIGHBOURS = (-1, 0, 1)  # an oven that goes on a quarter-hour sooner is the same day

_WINDOWS = """
SELECT w.meter_id, w.mean_mw::float8, w.min_mw::float8, w.max_mw::float8, w.mean_mv::float8 / 1000
FROM unnest(%s::int[]) AS m (id) JOIN {table} w ON w.meter_id = m.id AND w.start = %s
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
