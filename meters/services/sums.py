"""The sums themselves, in SQL: a closed minute is grouped, never counted up.

A reading is counted in the minute that holds the last instant of the interval it stands for
(see `segs_site.lib.periods.window_of_reading`): `start < ts <= start + 1 minute`. Sums are of
integers, so the order of rows changes nothing; a mean is divided once, at the end.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from segs_site.lib.choices import Quality
from segs_site.lib.periods import MINUTE, QUARTER

COVERAGE_LIMIT_PCT = 90  # below this share of meters a region's load is not known
ESTIMATE_FROM = timedelta(days=1)  # a silent meter is taken to draw what it last drew, that long

_MEASURES = """
    count(*) AS readings, sum(power_mw) AS power, min(power_mw) AS low, max(power_mw) AS high,
    coalesce(sum(energy_mwh), 0) AS reported,
    coalesce(-sum(energy_mwh) FILTER (WHERE energy_mwh < 0), 0) AS fed,
    coalesce(sum(power_mw) FILTER (WHERE energy_mwh IS NULL), 0) AS power_alone,
    coalesce(-sum(power_mw) FILTER (WHERE energy_mwh IS NULL AND power_mw < 0), 0) AS fed_alone,
    count(*) FILTER (WHERE energy_mwh IS NULL) AS alone, round(avg(voltage_mv)) AS voltage
"""
# `hung_at` is when in the minute the meter began to count, `seconds` how long it did, `reach` how
# far back its newest reading may speak.
_WHOLE = f"""
SELECT r.meter_id, %(minute)s::timestamptz AS start, %(minute)s::timestamptz AS hung_at,
       60::numeric AS seconds, 900::numeric AS reach, {_MEASURES}
FROM meters_reading r
WHERE r.ts > %(minute)s::timestamptz
  AND r.ts <= %(minute)s::timestamptz + interval '1 minute'
  AND r.meter_id <> ALL(%(apart)s::int[])
GROUP BY r.meter_id
"""
# Of a window in which a meter was hung or taken down only the time that it hung counts. One that
# hung nowhere counts whole, for nobody.
_HUNG = """
SELECT p.meter_id, p.start, greatest(p.start, min(coalesce(lower(i.during), '-infinity')))
           AS hung_at,
       least(p.start + interval '{length}', max(coalesce(upper(i.during), 'infinity')))
           AS hung_until,
       greatest(p.start - interval '15 minutes', min(lower(i.during))) AS reach_from
FROM unnest(%(meters)s::int[], %(starts)s::timestamptz[]) AS p (meter_id, start)
LEFT JOIN meters_meterinstallation i ON i.meter_id = p.meter_id
 AND i.during && tstzrange(p.start, p.start + interval '{length}')
GROUP BY p.meter_id, p.start
"""
_SINGLE = f"""
SELECT p.meter_id, p.start, p.hung_at, extract(epoch FROM p.hung_until - p.hung_at) AS seconds,
       extract(epoch FROM max(r.ts) - p.reach_from) AS reach, {_MEASURES}
FROM ({_HUNG.format(length="1 minute")}) p
JOIN meters_reading r ON r.meter_id = p.meter_id
 AND r.ts > p.start AND r.ts <= p.start + interval '1 minute'
 AND r.ts > p.hung_at AND r.ts <= p.hung_until
GROUP BY p.meter_id, p.start, p.hung_at, p.hung_until, p.reach_from
"""
# A meter that reports every L seconds is due 60/L times a minute; what is missing is taken to
# be like what came, and said to be estimated. Power without energy counts for L seconds,
# or for its share of the minute where more readings came than were due. The ratio of the
# transformers in front of a meter is applied here, and nowhere else.
_MINUTES = """
INSERT INTO meters_minute AS w (start, mean_mw, min_mw, max_mw, energy_mwh, estimated_mwh,
    export_mwh, revised_at, meter_id, region_id, mean_mv, count, expected, quality)
SELECT s.start, round(s.power * ratio / s.readings), round(s.low * ratio), round(s.high * ratio),
       measured + missing, missing, exported + round(exported * lacking / s.readings),
       %(now)s, s.meter_id, p.region_id, s.voltage, s.readings, expected,
       CASE WHEN lacking > 0 THEN {estimated}
            WHEN s.alone > 0 THEN {calculated} ELSE {actual} END
FROM ({source}) s
JOIN meters_meter m ON m.id = s.meter_id AND m.shard = ANY(%(shards)s)
LEFT JOIN meters_meterinstallation i ON i.meter_id = s.meter_id AND i.during @> s.hung_at
LEFT JOIN meters_servicepoint p ON p.id = i.service_point_id
CROSS JOIN LATERAL (SELECT coalesce(i.multiplier, 1) AS ratio,
    greatest(floor(s.seconds / m.reading_interval_s), 1) AS expected,
    s.readings * m.reading_interval_s > s.seconds AND m.reading_interval_s <= 60 AS crowded) d
CROSS JOIN LATERAL (SELECT
    CASE WHEN crowded THEN s.seconds ELSE least(m.reading_interval_s, s.reach) END AS times,
    CASE WHEN crowded THEN 3600 * s.readings ELSE 3600 END AS parts,
    greatest(CASE WHEN s.seconds = 60 THEN expected ELSE s.seconds / m.reading_interval_s END
             - s.readings, 0) AS lacking) t
CROSS JOIN LATERAL (SELECT
    round((s.reported + round(s.power_alone * times / parts)) * ratio) AS measured,
    round((s.fed + round(s.fed_alone * times / parts)) * ratio) AS exported) e
CROSS JOIN LATERAL (SELECT round(measured * lacking / s.readings) AS missing) x
ON CONFLICT (meter_id, start) DO UPDATE SET mean_mw = excluded.mean_mw, min_mw = excluded.min_mw,
    max_mw = excluded.max_mw, energy_mwh = excluded.energy_mwh,
    estimated_mwh = excluded.estimated_mwh, export_mwh = excluded.export_mwh,
    revised_at = excluded.revised_at, region_id = excluded.region_id, mean_mv = excluded.mean_mv,
    count = excluded.count, expected = excluded.expected, quality = excluded.quality
WHERE (w.mean_mw, w.min_mw, w.max_mw, w.energy_mwh, w.estimated_mwh, w.export_mwh, w.region_id,
       w.mean_mv, w.count, w.expected, w.quality)
      IS DISTINCT FROM (excluded.mean_mw, excluded.min_mw, excluded.max_mw, excluded.energy_mwh,
       excluded.estimated_mwh, excluded.export_mwh, excluded.region_id, excluded.mean_mv,
       excluded.count, excluded.expected, excluded.quality)
"""
# A quarter-hour has 15 minutes, or 900/L readings of a meter that reports less than once a
# minute; parts without a row are taken to be like the others, and said to be estimated. What a
# quarter-hour was before it is revised is kept.
_QUARTERS = """
WITH fresh AS MATERIALIZED (
SELECT q.start, round(q.mean) AS mean_mw, q.low AS min_mw, q.high AS max_mw,
       q.energy + missing AS energy_mwh, q.estimated + missing AS estimated_mwh,
       q.exported + round(q.exported * lacking / parts) AS export_mwh,
       %(now)s::timestamptz AS revised_at, q.meter_id, q.region_id,
       round(q.voltage) AS mean_mv, q.readings AS count,
       greatest(floor(q.seconds / m.reading_interval_s), 1) AS expected,
       CASE WHEN lacking > 0 THEN least(q.quality, {estimated}) ELSE q.quality END AS quality
FROM (
    SELECT w.meter_id, k.start, avg(w.mean_mw) AS mean, min(w.min_mw) AS low,
           max(w.max_mw) AS high, sum(w.energy_mwh) AS energy, sum(w.estimated_mwh) AS estimated,
           sum(coalesce(w.export_mwh, greatest(-w.energy_mwh, 0))) AS exported,
           (array_agg(w.region_id ORDER BY w.start))[1] AS region_id, avg(w.mean_mv) AS voltage,
           sum(w.count) AS readings, count(*) AS parts, min(w.quality) AS quality,
           extract(epoch FROM k.hung_until - k.hung_at) AS seconds,
           ceil(extract(epoch FROM k.hung_until - k.start) / 60)
               - floor(extract(epoch FROM k.hung_at - k.start) / 60) AS minutes
    FROM ({keys}) k JOIN meters_minute w ON {join}
     AND w.start >= k.start AND w.start < k.start + interval '15 minutes'
     AND w.start < k.hung_until AND w.start + interval '1 minute' > k.hung_at
    GROUP BY w.meter_id, k.start, k.hung_at, k.hung_until
) q
JOIN meters_meter m ON m.id = q.meter_id
CROSS JOIN LATERAL (SELECT greatest(CASE WHEN m.reading_interval_s <= 60 THEN q.minutes
    ELSE greatest(floor(q.seconds / m.reading_interval_s), 1) END - parts, 0) AS lacking) n
CROSS JOIN LATERAL (SELECT round(q.energy * lacking / parts) AS missing) x
), kept AS (
    INSERT INTO meters_windowrevision (meter_id, start, mean_mw, energy_mwh, estimated_mwh,
        export_mwh, count, expected, quality, since, until)
    SELECT w.meter_id, w.start, w.mean_mw, w.energy_mwh, w.estimated_mwh, w.export_mwh, w.count,
           w.expected, w.quality, w.revised_at, f.revised_at
    FROM fresh f JOIN meters_quarter w ON w.meter_id = f.meter_id AND w.start = f.start
    WHERE (w.mean_mw, w.energy_mwh, w.estimated_mwh, w.export_mwh, w.count, w.expected, w.quality)
          IS DISTINCT FROM (f.mean_mw, f.energy_mwh, f.estimated_mwh, f.export_mwh, f.count,
                            f.expected, f.quality)
)
INSERT INTO meters_quarter AS w (start, mean_mw, min_mw, max_mw, energy_mwh, estimated_mwh,
    export_mwh, revised_at, meter_id, region_id, mean_mv, count, expected, quality)
SELECT * FROM fresh
ON CONFLICT (meter_id, start) DO UPDATE SET mean_mw = excluded.mean_mw, min_mw = excluded.min_mw,
    max_mw = excluded.max_mw, energy_mwh = excluded.energy_mwh,
    estimated_mwh = excluded.estimated_mwh, export_mwh = excluded.export_mwh,
    revised_at = excluded.revised_at, region_id = excluded.region_id, mean_mv = excluded.mean_mv,
    count = excluded.count, expected = excluded.expected, quality = excluded.quality
WHERE (w.mean_mw, w.min_mw, w.max_mw, w.energy_mwh, w.estimated_mwh, w.export_mwh, w.region_id,
       w.mean_mv, w.count, w.expected, w.quality)
      IS DISTINCT FROM (excluded.mean_mw, excluded.min_mw, excluded.max_mw, excluded.energy_mwh,
       excluded.estimated_mwh, excluded.export_mwh, excluded.region_id, excluded.mean_mv,
       excluded.count, excluded.expected, excluded.quality)
"""
_ALL_OF = """
SELECT start, start AS hung_at, start + interval '15 minutes' AS hung_until
FROM unnest(%(starts)s::timestamptz[]) AS u (start)
"""
_APART = """(w.meter_id, k.start) NOT IN (
    SELECT * FROM unnest(%(apart)s::int[], %(apart_starts)s::timestamptz[]))"""
# Windows in whose middle a meter was hung or taken down, or shortly before which it was hung: a
# reading may speak of 15 minutes.
_BROKEN = """
SELECT DISTINCT i.meter_id, k.start FROM unnest(%(starts)s::timestamptz[]) AS k (start)
JOIN meters_meterinstallation i
  ON (lower(i.during) > k.start - interval '15 minutes'
      AND lower(i.during) < k.start + %(length)s)
  OR (upper(i.during) > k.start AND upper(i.during) < k.start + %(length)s)
ORDER BY 2, 1
"""
# Where nothing that counts is left: the meter was taken down before its only readings.
_DROP_MINUTES = f"""
DELETE FROM meters_minute w USING ({_HUNG.format(length="1 minute")}) k
WHERE w.meter_id = k.meter_id AND w.start = k.start AND NOT EXISTS (
    SELECT FROM meters_reading r WHERE r.meter_id = k.meter_id
     AND r.ts > k.start AND r.ts <= k.start + interval '1 minute'
     AND r.ts > k.hung_at AND r.ts <= k.hung_until)
"""
_DROP_QUARTERS = f"""
WITH gone AS (
    DELETE FROM meters_quarter w USING ({_HUNG.format(length="15 minutes")}) k
    WHERE w.meter_id = k.meter_id AND w.start = k.start AND NOT EXISTS (
        SELECT FROM meters_minute r WHERE r.meter_id = k.meter_id
         AND r.start >= k.start AND r.start < k.start + interval '15 minutes'
         AND r.start < k.hung_until AND r.start + interval '1 minute' > k.hung_at)
    RETURNING w.*
)
INSERT INTO meters_windowrevision (meter_id, start, mean_mw, energy_mwh, estimated_mwh,
    export_mwh, count, expected, quality, since, until)
SELECT meter_id, start, mean_mw, energy_mwh, estimated_mwh, export_mwh, count, expected, quality,
       revised_at, %(now)s FROM gone
"""
# Of a region: what reporting meters drew, plus what silent ones last drew, or are estimated to
# have drawn (a window that nobody measured has a count of 0); where one took another's place, each
# for its share of the window, the first of them expected. A meter that reports less than once a
# minute cannot be missed in a minute: it is estimated there, not expected.
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
    SELECT coalesce(sum(CASE WHEN hung.whole THEN w.mean_mw
                             ELSE round(w.mean_mw * hung.share) END)
               FILTER (WHERE w.count > 0), 0) AS drawn,
           round(avg(w.mean_mw) FILTER (WHERE w.count > 0)) AS mean,
           min(w.min_mw) FILTER (WHERE w.count > 0) AS low,
           max(w.max_mw) FILTER (WHERE w.count > 0) AS high, sum(w.energy_mwh) AS energy,
           count(*) FILTER (WHERE w.count > 0 AND hung.first
               AND m.reading_interval_s <= {slowest}) AS reporting,
           count(*) FILTER (WHERE hung.first AND m.reading_interval_s <= {slowest}) AS expected,
           coalesce(sum(round(last.mean_mw * hung.share)), 0) AS guess,
           count(last.mean_mw) AS guessed
    FROM meters_servicepoint p
    JOIN meters_meterinstallation i ON i.service_point_id = p.id
     AND i.during && tstzrange(k.start, k.start + interval '{slowest} seconds')
    CROSS JOIN LATERAL (SELECT i.during @> k.start AS first,
        i.during @> tstzrange(k.start, k.start + interval '{slowest} seconds') AS whole,
        extract(epoch FROM least(upper(i.during), k.start + interval '{slowest} seconds')
                           - greatest(lower(i.during), k.start)) / {slowest} AS share) hung
    JOIN meters_meter m ON m.id = i.meter_id
    LEFT JOIN {windows} w ON w.meter_id = m.id AND w.start = k.start
    LEFT JOIN LATERAL (
        SELECT w.mean_mw WHERE w.count = 0
        UNION ALL
        (SELECT q.mean_mw FROM meters_quarter q
         WHERE w.meter_id IS NULL AND hung.first AND q.meter_id = m.id AND q.start < k.start
           AND q.start >= k.start - %(estimate_from)s AND q.count > 0
         ORDER BY q.start DESC LIMIT 1)
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


Pairs = Sequence[tuple[int, datetime]]  # meter id and start of a window


def whole_minute(cursor: Any, *, minute: datetime, shards: Sequence[int], now: datetime) -> None:
    """Sum one minute anew for every meter of some shards."""
    apart = _broken(cursor, starts=[minute], length=MINUTE)
    statement = _MINUTES.format(source=_WHOLE, **_CODES)
    meters = [meter for meter, _ in apart]
    parameters = {"minute": minute, "shards": list(shards), "now": now, "apart": meters}
    cursor.execute(statement, parameters)
    if apart:
        single_minutes(cursor, pairs=apart, shards=shards, now=now)


def single_minutes(cursor: Any, *, pairs: Pairs, shards: Sequence[int], now: datetime) -> None:
    """Sum anew the minutes of single meters."""
    statement = _MINUTES.format(source=_SINGLE, **_CODES)
    cursor.execute(statement, _keys(pairs) | {"shards": list(shards), "now": now})
    cursor.execute(_DROP_MINUTES, _keys(pairs))


def whole_quarters(cursor: Any, *, starts: Sequence[datetime], now: datetime) -> None:
    """Sum quarter-hours anew for every meter."""
    apart = _broken(cursor, starts=starts, length=QUARTER)
    statement = _QUARTERS.format(keys=_ALL_OF, join=_APART if apart else "true", **_CODES)
    meters, broken = [meter for meter, _ in apart], [start for _, start in apart]
    parameters = {"starts": list(starts), "now": now, "apart": meters, "apart_starts": broken}
    cursor.execute(statement, parameters)
    if apart:
        single_quarters(cursor, pairs=apart, now=now)


def single_quarters(cursor: Any, *, pairs: Pairs, now: datetime) -> None:
    """Sum anew the quarter-hours of single meters."""
    statement = _QUARTERS.format(
        keys=_HUNG.format(length="15 minutes"), join="w.meter_id = k.meter_id", **_CODES
    )
    cursor.execute(statement, _keys(pairs) | {"now": now})
    cursor.execute(_DROP_QUARTERS, _keys(pairs) | {"now": now})


def _keys(pairs: Pairs) -> dict[str, Any]:
    return {
        "meters": [meter for meter, _ in pairs],
        "starts": [start for _, start in pairs],
    }


def _broken(
    cursor: Any, *, starts: Sequence[datetime], length: timedelta
) -> list[tuple[int, datetime]]:
    cursor.execute(_BROKEN, {"starts": list(starts), "length": length})
    found: list[tuple[int, datetime]] = cursor.fetchall()
    return found


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
