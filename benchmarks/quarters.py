"""Quarter-hours in bulk, made by the database itself: 5,000 meters × 30 days in a minute."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from meters.models import QUARTERS
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.periods import QUARTER

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
    days = (end - start) // timedelta(days=1) + 2
    partitions.ensure(QUARTERS, [(start + timedelta(days=day)).date() for day in range(days)])
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
