"""Writes down who was without supply, and when, as the sweep finds it."""

from datetime import datetime

from django.db import connection

from alerts.conditions.findings import Outages, Returns
from segs_site.lib import periods

_BEGIN = """
INSERT INTO alerts_interruption
    (meter_id, service_point_id, region_id, transformer_id, last_at, started_at, is_planned)
SELECT f.meter, p.id, p.region_id, p.transformer_id, f.last_at, f.started_at, EXISTS (
    SELECT FROM alerts_plannedwork w
    WHERE w.cancelled_at IS NULL AND w.during @> f.started_at
      AND (w.region_id = p.region_id OR w.transformer_id = p.transformer_id
           OR w.feeder_id = t.feeder_id))
FROM unnest(%(meters)s::int[], %(lasts)s::timestamptz[], %(starts)s::timestamptz[])
     AS f (meter, last_at, started_at)
JOIN meters_meterinstallation i ON i.meter_id = f.meter AND i.during @> f.started_at
JOIN meters_servicepoint p ON p.id = i.service_point_id
LEFT JOIN grid_transformer t ON t.id = p.transformer_id
ON CONFLICT DO NOTHING
"""
# A reading with supply that came while nobody looked is the true first one; the end moves along.
_END = """
WITH back AS (
    SELECT f.meter, f.ended_at - (f.next_at - x.first) AS ended_at, x.first
    FROM unnest(%(meters)s::int[], %(nexts)s::timestamptz[], %(ends)s::timestamptz[])
         AS f (meter, next_at, ended_at)
    JOIN alerts_interruption o ON o.meter_id = f.meter AND o.ended_at IS NULL
    CROSS JOIN LATERAL (
        SELECT coalesce(min(r.ts), f.next_at) AS first FROM meters_reading r
        WHERE r.meter_id = f.meter AND abs(r.power_mw) > %(nothing_mw)s
          AND r.ts > o.started_at AND r.ts <= f.next_at
    ) x
)
UPDATE alerts_interruption o SET next_at = back.first,
    ended_at = greatest(back.ended_at, o.started_at + interval '1 millisecond')
FROM back WHERE o.meter_id = back.meter AND o.ended_at IS NULL
"""


def begin(*, outages: Outages) -> int:
    """Write a row for each meter that has lost its supply and hangs somewhere."""
    if not len(outages.meter):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _BEGIN,
            {
                "meters": outages.meter.tolist(),
                "lasts": [_moment(one) for one in outages.last_us.tolist()],
                "starts": [periods.instant(one) for one in outages.start_us.tolist()],
            },
        )
        return cursor.rowcount


def end(*, returns: Returns, nothing_mw: int) -> int:
    """Close the rows of meters that have supply again."""
    if not len(returns.meter):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _END,
            {
                "meters": returns.meter.tolist(),
                "nexts": [periods.instant(one) for one in returns.first_us.tolist()],
                "ends": [periods.instant(one) for one in returns.end_us.tolist()],
                "nothing_mw": nothing_mw,
            },
        )
        return cursor.rowcount


def _moment(us: int) -> datetime | None:
    return periods.instant(us) if us else None
