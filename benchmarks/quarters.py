"""Quarter-hours in bulk: made by the database itself, or, faster, poured into it by COPY."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from django.db import connection

from meters.models import QUARTERS
from segs_site.lib import bulk, partitions, pgcopy
from segs_site.lib.choices import Quality
from segs_site.lib.periods import QUARTER

Integers = npt.NDArray[np.int64]

# In order of time, as they come in life, so that the block range index is worth something.
_FILL = """
INSERT INTO meters_quarter (start, mean_mw, min_mw, max_mw, energy_mwh, estimated_mwh, revised_at,
    meter_id, region_id, mean_mv, count, expected, quality)
SELECT k.start, p.mw, p.mw / 2, p.mw * 2, p.mw / 4, %(estimated)s, k.start + interval '15 min',
       m.id, sp.region_id, 230000, e.expected, e.expected, %(quality)s
FROM generate_series(%(start)s::timestamptz, %(end)s::timestamptz - %(quarter)s, %(quarter)s)
     AS k (start)
JOIN meters_meter m ON m.id = ANY(%(meters)s)
LEFT JOIN meters_meterinstallation i ON i.meter_id = m.id AND i.during @> k.start
LEFT JOIN meters_servicepoint sp ON sp.id = i.service_point_id
CROSS JOIN LATERAL (SELECT 900 / m.reading_interval_s AS expected) e
CROSS JOIN LATERAL (SELECT %(mw)s::bigint + %(spread)s::bigint * (m.id %% 97) AS mw) p
ORDER BY k.start, m.id
"""


def fill(
    meter_ids: Sequence[int],
    *,
    start: datetime,
    end: datetime,
    kw: float = 4.0,
    spread_kw: float = 0.0,
    quality: Quality = Quality.ACTUAL,
    estimated_kwh: float = 0.0,
) -> int:
    """Make every quarter-hour of `[start, end)` of some meters; return how many.

    Each meter draws `kw`, and up to 96 × `spread_kw` more by its id.
    """
    _make_room(start, end)
    with connection.cursor() as cursor:
        cursor.execute(
            _FILL,
            {
                "meters": list(meter_ids),
                "start": start,
                "end": end,
                "quarter": QUARTER,
                "mw": round(kw * 1e6),
                "spread": round(spread_kw * 1e6),
                "quality": int(quality),
                "estimated": round(estimated_kwh * 1e6),
            },
        )
        return cursor.rowcount


def _make_room(start: datetime, end: datetime) -> None:
    days = (end - start) // timedelta(days=1) + 2
    partitions.ensure(QUARTERS, [(start + timedelta(days=day)).date() for day in range(days)])


_COLUMNS = (
    "start, mean_mw, min_mw, max_mw, energy_mwh, estimated_mwh, revised_at, meter_id, region_id,"
    " mean_mv, count, expected, quality"
)
_AT_ONCE = 96  # quarter-hours of all meters in one COPY
_READINGS = 90  # in a quarter-hour, at one in ten seconds


def pour(
    regions: Mapping[int, int], *, start: datetime, end: datetime, kw: float, spread_kw: float
) -> None:
    """Make every quarter-hour of `[start, end)` as `fill` does, of meters that stay in a region.

    `regions` are theirs by meter id; no such quarter-hour may be there yet.
    """
    _make_room(start, end)
    meters = np.array(sorted(regions), np.int64)
    places = np.array([regions[int(meter)] for meter in meters], np.int64)
    power = round(kw * 1e6) + round(spread_kw * 1e6) * (meters % 97)
    count = (end - start) // QUARTER
    for first in range(0, count, _AT_ONCE):
        length = min(_AT_ONCE, count - first)
        begun_us = round((start + first * QUARTER).timestamp()) * 1_000_000
        starts = begun_us + 900_000_000 * np.arange(length).repeat(len(meters))
        body = _rows(starts, *(np.tile(values, length) for values in (meters, places, power)))
        bulk.copy_in(table="meters_quarter", columns=_COLUMNS, body=body)


def _rows(starts: Integers, meters: Integers, regions: Integers, power: Integers) -> bytes:
    def same(value: int, sent_as: str) -> pgcopy.Fixed:
        return pgcopy.Fixed(np.full(len(starts), value), sent_as)

    return pgcopy.rows(
        [
            pgcopy.timestamps(starts),
            *(
                pgcopy.Fixed(values, ">i8")
                for values in (power, power // 2, power * 2, power // 4)
            ),
            same(0, ">i8"),
            pgcopy.timestamps(starts + 900_000_000),
            pgcopy.Fixed(meters, ">i4"),
            pgcopy.Fixed(regions, ">i4"),
            same(230_000, ">i4"),
            same(_READINGS, ">i4"),
            same(_READINGS, ">i4"),
            same(int(Quality.ACTUAL), ">i2"),
        ]
    )
