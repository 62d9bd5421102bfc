"""The sums themselves, in SQL: a closed minute is grouped, never counted up.

A reading is counted in the minute that holds the last instant of the interval it stands for
(see `segs_site.lib.periods.window_of_reading`): `start < ts <= start + 1 minute`. Sums are of
integers, so the order of rows changes nothing; a mean is divided once, at the end.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from segs_site.lib.choices import Quality

COVERAGE_LIMIT_PCT = 90  # below this share of meters a region's load is not known
ESTIMATE_FROM = timedelta(days=1)  # a silent meter is taken to draw what it last drew, that long

_MEASURES = """
    count(*) AS readings, sum(power_mw) AS power, min(power_mw) AS low, max(power_mw) AS high,
    coalesce(sum(energy_mwh), 0) AS reported,
    coalesce(sum(power_mw) FILTER (WHERE energy_mwh IS NULL), 0) AS power_alone,
    count(*) FILTER (WHERE energy_mwh IS NULL) AS alone, round(avg(voltage_mv)) AS voltage
"""
_WHOLE = f"""
SELECT r.meter_id, %(minute)s::timestamptz AS start, {_MEASURES}
FROM meters_reading r
WHERE r.ts > %(minute)s::timestamptz
  AND r.ts <= %(minute)s::timestamptz + interval '1 minute'
GROUP BY r.meter_id
"""
_SINGLE = f"""
SELECT p.meter_id, p.start, {_MEASURES}
FROM unnest(%(meters)s::int[], %(minutes)s::timestamptz[]) AS p (meter_id, start)
JOIN meters_reading r ON r.meter_id = p.meter_id
 AND r.ts > p.start AND r.ts <= p.start + interval '1 minute'
GROUP BY p.meter_id, p.start
"""
# A meter that reports every L seconds is due 60/L times a minute; what is missing is taken to
# be like what came, and said to be estimated. Power without energy counts for L seconds,
# or for its share of the minute where more readings came than were due.
_MINUTES = """
INSERT INTO meters_minute AS w (start, mean_mw, min_mw, max_mw, energy_mwh, estimated_mwh,
    revised_at, meter_id, region_id, mean_mv, count, expected, quality)
SELECT s.start, round(s.power / s.readings), s.low, s.high, measured + missing, missing,
       %(now)s, s.meter_id, p.region_id, s.voltage, s.readings, expected,
       CASE WHEN s.readings < expected THEN {estimated}
            WHEN s.alone > 0 THEN {calculated} ELSE {actual} END
FROM ({source}) s
JOIN meters_meter m ON m.id = s.meter_id AND m.shard = ANY(%(shards)s)
LEFT JOIN meters_meterinstallation i ON i.meter_id = s.meter_id AND i.during @> s.start
LEFT JOIN meters_servicepoint p ON p.id = i.service_point_id
CROSS JOIN LATERAL (SELECT greatest(60 / m.reading_interval_s, 1) AS expected,
    s.reported + CASE WHEN s.readings * m.reading_interval_s > 60 AND m.reading_interval_s <= 60
        THEN round(s.power_alone * 60 / (3600 * s.readings))
        ELSE round(s.power_alone * m.reading_interval_s / 3600) END AS measured) e
CROSS JOIN LATERAL (SELECT round(
    measured * greatest(expected - s.readings, 0) / s.readings) AS missing) x
ON CONFLICT (meter_id, start) DO UPDATE SET mean_mw = excluded.mean_mw, min_mw = excluded.min_mw,
    max_mw = excluded.max_mw, energy_mwh = excluded.energy_mwh,
    estimated_mwh = excluded.estimated_mwh, revised_at = excluded.revised_at,
    region_id = excluded.region_id, mean_mv = excluded.mean_mv, count = excluded.count,
    expected = excluded.expected, quality = excluded.quality
WHERE (w.mean_mw, w.min_mw, w.max_mw, w.energy_mwh, w.estimated_mwh, w.region_id, w.mean_mv,
       w.count, w.expected, w.quality)
      IS DISTINCT FROM (excluded.mean_mw, excluded.min_mw, excluded.max_mw, excluded.energy_mwh,
       excluded.estimated_mwh, excluded.region_id, excluded.mean_mv, excluded.count,
       excluded.expected, excluded.quality)
"""
# A quarter-hour has 15 minutes, or 900/L readings of a meter that reports less than once a
# minute; parts without a row are taken to be like the others, and said to be estimated.
_QUARTERS = """
INSERT INTO meters_quarter AS w (start, mean_mw, min_mw, max_mw, energy_mwh, estimated_mwh,
    revised_at, meter_id, region_id, mean_mv, count, expected, quality)
SELECT q.start, round(q.mean), q.low, q.high, q.energy + missing, q.estimated + missing,
       %(now)s, q.meter_id, q.region_id, round(q.voltage), q.readings,
       900 / m.reading_interval_s,
       CASE WHEN parts < slots THEN least(q.quality, {estimated}) ELSE q.quality END
FROM (
    SELECT w.meter_id, k.start, avg(w.mean_mw) AS mean, min(w.min_mw) AS low,
           max(w.max_mw) AS high, sum(w.energy_mwh) AS energy, sum(w.estimated_mwh) AS estimated,
           (array_agg(w.region_id ORDER BY w.start))[1] AS region_id, avg(w.mean_mv) AS voltage,
           sum(w.count) AS readings, count(*) AS parts, min(w.quality) AS quality
    FROM {keys} k JOIN meters_minute w ON {join}
     AND w.start >= k.start AND w.start < k.start + interval '15 minutes'
    GROUP BY w.meter_id, k.start
) q
JOIN meters_meter m ON m.id = q.meter_id
CROSS JOIN LATERAL (SELECT least(15, 900 / m.reading_interval_s) AS slots) n
CROSS JOIN LATERAL (SELECT round(q.energy * greatest(slots - parts, 0) / parts) AS missing) x
ON CONFLICT (meter_id, start) DO UPDATE SET mean_mw = excluded.mean_mw, min_mw = excluded.min_mw,
    max_mw = excluded.max_mw, energy_mwh = excluded.energy_mwh,
    estimated_mwh = excluded.estimated_mwh, revised_at = excluded.revised_at,
    region_id = excluded.region_id, mean_mv = excluded.mean_mv, count = excluded.count,
    expected = excluded.expected, quality = excluded.quality
WHERE (w.mean_mw, w.min_mw, w.max_mw, w.energy_mwh, w.estimated_mwh, w.region_id, w.mean_mv,
       w.count, w.expected, w.quality)
      IS DISTINCT FROM (excluded.mean_mw, excluded.min_mw, excluded.max_mw, excluded.energy_mwh,
       excluded.estimated_mwh, excluded.region_id, excluded.mean_mv, excluded.count,
       excluded.expected, excluded.quality)
"""
# Of a region: what reporting meters drew, plus what silent ones last drew. A meter that reports
# less than once a minute cannot be missed in a minute: it is estimated there, not expected.
_REGIONS = """
INSERT INTO {table} AS l (region_id, start, load_mw, estimated_mw, mean_mw, min_mw, max_mw,
    energy_mwh, meters_reporting, meters_expected, capacity_mw, load_known, revised_at)
SELECT g.id, k.start, CASE WHEN a.reporting + a.guessed > 0 THEN a.drawn + a.guess END, a.guess,
       a.mean, a.low, a.high, a.energy, a.reporting, a.expected, c.capacity,
       a.expected > 0 AND 100 * a.reporting >= {limit} * a.expected, %(now)s
FROM unnest(%(starts)s::timestamptz[]) AS k (start)
CROSS JOIN grid_region g
LEFT JOIN LATERAL (
    SELECT (capacity_kw * 1000000)::bigint AS capacity FROM grid_regioncapacity
    WHERE region_id = g.id AND effective_from <= k.start ORDER BY effective_from DESC LIMIT 1
) c ON true
CROSS JOIN LATERAL (
    SELECT coalesce(sum(w.mean_mw), 0) AS drawn, round(avg(w.mean_mw)) AS mean,
           min(w.min_mw) AS low, max(w.max_mw) AS high, sum(w.energy_mwh) AS energy,
           count(*) FILTER (WHERE w.meter_id IS NOT NULL AND m.reading_interval_s <= {slowest})
               AS reporting,
           count(*) FILTER (WHERE m.reading_interval_s <= {slowest}) AS expected,
           coalesce(sum(last.mean_mw), 0) AS guess, count(last.mean_mw) AS guessed
    FROM meters_servicepoint p
    JOIN meters_meterinstallation i ON i.service_point_id = p.id AND i.during @> k.start
    JOIN meters_meter m ON m.id = i.meter_id
    LEFT JOIN {windows} w ON w.meter_id = m.id AND w.start = k.start
    LEFT JOIN LATERAL (
        SELECT q.mean_mw FROM meters_quarter q
        WHERE w.meter_id IS NULL AND q.meter_id = m.id AND q.start < k.start
          AND q.start >= k.start - %(estimate_from)s
        ORDER BY q.start DESC LIMIT 1
    ) last ON true
    WHERE p.region_id = g.id
) a
ON CONFLICT (region_id, start) DO UPDATE SET load_mw = excluded.load_mw,
    estimated_mw = excluded.estimated_mw, mean_mw = excluded.mean_mw, min_mw = excluded.min_mw,
    max_mw = excluded.max_mw, energy_mwh = excluded.energy_mwh,
    meters_reporting = excluded.meters_reporting, meters_expected = excluded.meters_expected,
    capacity_mw = excluded.capacity_mw, load_known = excluded.load_known,
    revised_at = excluded.revised_at
WHERE (l.load_mw, l.estimated_mw, l.mean_mw, l.min_mw, l.max_mw, l.energy_mwh,
       l.meters_reporting, l.meters_expected, l.capacity_mw, l.load_known)
      IS DISTINCT FROM (excluded.load_mw, excluded.estimated_mw, excluded.mean_mw,
       excluded.min_mw, excluded.max_mw, excluded.energy_mwh, excluded.meters_reporting,
       excluded.meters_expected, excluded.capacity_mw, excluded.load_known)
RETURNING l.id
"""
_CODES = {
    "estimated": int(Quality.ESTIMATED),
    "calculated": int(Quality.CALCULATED),
    "actual": int(Quality.ACTUAL),
}


def whole_minute(cursor: Any, *, minute: datetime, shards: Sequence[int], now: datetime) -> None:
    """Sum one minute anew for every meter of some shards."""
    statement = _MINUTES.format(source=_WHOLE, **_CODES)
    cursor.execute(statement, {"minute": minute, "shards": list(shards), "now": now})


def single_minutes(
    cursor: Any, *, pairs: Sequence[tuple[int, datetime]], shards: Sequence[int], now: datetime
) -> None:
    """Sum anew the minutes of single meters, given as (meter id, minute)."""
    statement = _MINUTES.format(source=_SINGLE, **_CODES)
    parameters = {
        "meters": [meter for meter, _ in pairs],
        "minutes": [minute for _, minute in pairs],
        "shards": list(shards),
        "now": now,
    }
    cursor.execute(statement, parameters)


def whole_quarters(cursor: Any, *, starts: Sequence[datetime], now: datetime) -> None:
    """Sum quarter-hours anew for every meter."""
    keys = "unnest(%(starts)s::timestamptz[])"
    statement = _QUARTERS.format(
        keys=f"(SELECT start FROM {keys} AS u (start))", join="true", **_CODES
    )
    cursor.execute(statement, {"starts": list(starts), "now": now})


def single_quarters(cursor: Any, *, pairs: Sequence[tuple[int, datetime]], now: datetime) -> None:
    """Sum anew the quarter-hours of single meters, given as (meter id, start)."""
    keys = (
        "(SELECT meter_id, start FROM unnest(%(meters)s::int[], %(starts)s::timestamptz[])"
        " AS u (meter_id, start))"
    )
    statement = _QUARTERS.format(keys=keys, join="w.meter_id = k.meter_id", **_CODES)
    parameters = {
        "meters": [meter for meter, _ in pairs],
        "starts": [start for _, start in pairs],
        "now": now,
    }
    cursor.execute(statement, parameters)


def region_minutes(cursor: Any, *, starts: Sequence[datetime], now: datetime) -> list[int]:
    """Write a row per region and minute; return the ids of rows that are new or changed."""
    return _regions(cursor, "grid_regionminute", "meters_minute", 60, starts, now)


def region_quarters(cursor: Any, *, starts: Sequence[datetime], now: datetime) -> list[int]:
    """Write a row per region and quarter-hour; return the ids of rows new or changed."""
    return _regions(cursor, "grid_regionquarter", "meters_quarter", 900, starts, now)


def _regions(
    cursor: Any,
    table: str,
    windows: str,
    slowest: int,
    starts: Sequence[datetime],
    now: datetime,
) -> list[int]:
    statement = _REGIONS.format(
        table=table, windows=windows, slowest=slowest, limit=COVERAGE_LIMIT_PCT
    )
    parameters = {"starts": list(starts), "now": now, "estimate_from": ESTIMATE_FROM}
    cursor.execute(statement, parameters)
    return [row_id for (row_id,) in cursor.fetchall()]
