"""What the rules of validation look at: facts of quarter-hours, gaps, what registers counted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection

from meters.models import ValidationRule
from meters.vee.checks import Facts
from meters.vee.filling import Series
from meters.vee.rules import Kind, Rule
from segs_site.lib.choices import Quality
from segs_site.lib.periods import DAY, QUARTER, Period
from segs_site.lib.quantities import MW_PER_KW, MWH_PER_KWH

HEARD_WITHIN = timedelta(days=56)  # a meter that said nothing for longer has no gap, but no life

# Only what may be odd is looked at closer: the history of a quarter-hour costs hundreds of rows.
_FACTS = """
WITH keys AS (
    SELECT w.meter_id, w.start FROM meters_quarter w WHERE w.start = ANY(%(whole)s)
    UNION
    SELECT * FROM unnest(%(meters)s::int[], %(starts)s::timestamptz[]) AS p (meter_id, start)
), ahead AS MATERIALIZED (
    SELECT r.meter_id, q.start, max(extract(epoch FROM r.ts - r.received_at)) AS seconds
    FROM unnest(%(all)s::timestamptz[]) AS q (start)
    JOIN meters_reading r ON r.ts > q.start AND r.ts <= q.start + interval '15 minutes'
     AND r.ts > r.received_at + interval '1 second'
    WHERE %(looks_ahead)s
    GROUP BY 1, 2
)
SELECT w.meter_id, w.start, w.energy_mwh,
       greatest(abs(w.min_mw), abs(w.max_mw)) / 4, m.limit_kw, m.flow = 'both',
       coalesce(like_it.energies, '{}'), coalesce(before.energies, '{}'),
       coalesce(a.seconds, 0), c.conflicts
FROM keys k
JOIN meters_quarter w ON w.meter_id = k.meter_id AND w.start = k.start
JOIN meters_meter m ON m.id = w.meter_id
LEFT JOIN ahead a ON a.meter_id = w.meter_id AND a.start = w.start
LEFT JOIN meters_quarter p ON p.meter_id = w.meter_id AND p.start = w.start - interval '15 minutes'
CROSS JOIN LATERAL (
    SELECT count(*) AS conflicts FROM meters_quarantinedreading h
    WHERE h.serial = m.serial AND h.reason = 'conflict' AND h.state = 'open'
      AND h.ts > w.start AND h.ts <= w.start + interval '15 minutes'
) c
CROSS JOIN LATERAL (
    SELECT w.energy_mwh <> 0 AND p.energy_mwh IS NOT DISTINCT FROM w.energy_mwh AS same,
           w.energy_mwh = 0 OR abs(w.energy_mwh) >= %(spike_mwh)s AS odd
) o
LEFT JOIN LATERAL (
    SELECT array_agg(b.energy_mwh ORDER BY b.place) AS energies FROM (
        SELECT energy_mwh, start, row_number() OVER (ORDER BY start DESC) AS place
        FROM meters_quarter
        WHERE o.same AND meter_id = w.meter_id AND start < w.start AND count > 0
          AND start >= w.start - %(frozen)s * interval '15 minutes'
    ) b WHERE b.start = w.start - b.place * interval '15 minutes'
) before ON true
LEFT JOIN LATERAL (
    SELECT array_agg(h.energy_mwh) AS energies
    FROM generate_series(1, %(days)s) AS d (day)
    CROSS JOIN LATERAL (
        SELECT (w.start AT TIME ZONE %(zone)s) - d.day * interval '1 day' AS wall
    ) t
    JOIN meters_quarter h ON h.meter_id = w.meter_id
     AND h.start >= t.wall AT TIME ZONE %(zone)s - interval '30 minutes'
     AND h.start <= t.wall AT TIME ZONE %(zone)s + interval '30 minutes'
    WHERE o.odd AND h.count > 0 AND h.quality >= %(calculated)s
      AND (extract(isodow FROM t.wall) > 5)
          = (extract(isodow FROM w.start AT TIME ZONE %(zone)s) > 5)
) like_it ON true
WHERE w.count > 0 AND w.edit_id IS NULL
  AND (o.same OR o.odd OR c.conflicts > 0 OR a.seconds > 0
       OR (w.energy_mwh < 0 AND m.flow <> 'both')
       OR greatest(abs(w.min_mw), abs(w.max_mw), abs(w.energy_mwh) * 4)
          > m.limit_kw * %(limit_share)s)
ORDER BY w.meter_id, w.start
"""
_MISSING = """
SELECT i.meter_id, k.start
FROM ({asked}) k
JOIN meters_meterinstallation i ON i.during @> tstzrange(k.start, k.start + interval '15 minutes')
 AND {whose}
WHERE NOT EXISTS (SELECT FROM meters_quarter w
                  WHERE w.meter_id = i.meter_id AND w.start = k.start AND w.count > 0)
  AND EXISTS (SELECT FROM meters_quarter e
              WHERE e.meter_id = i.meter_id AND e.start < k.start AND e.count > 0
                AND e.start >= k.start - %(heard)s)
"""
_OF_ALL = "SELECT * FROM unnest(%(whole)s::timestamptz[]) AS u (start)"
_OF_ONE = (
    "SELECT * FROM unnest(%(meters)s::int[], %(starts)s::timestamptz[]) AS u (meter_id, start)"
)
_MISSING = " UNION ".join(
    (
        _MISSING.format(asked=_OF_ALL, whose="true"),
        _MISSING.format(asked=_OF_ONE, whose="i.meter_id = k.meter_id"),
    )
)
_TOUCHED = """
SELECT DISTINCT f.meter_id, f.start, f."end"
FROM unnest(%(meters)s::int[], %(starts)s::timestamptz[]) AS k (meter_id, start)
JOIN meters_finding f ON f.rule = 'gap' AND f.state = ANY(%(states)s)
 AND f.start <= k.start + interval '15 minutes' AND f."end" >= k.start
 AND (k.meter_id IS NULL OR f.meter_id = k.meter_id)
"""
_STANDS = """
SELECT w.start, w.count > 0 OR coalesce(e.by <> '', false), w.energy_mwh
FROM meters_quarter w LEFT JOIN meters_intervaledit e ON e.id = w.edit_id
WHERE w.meter_id = %(meter)s AND w.start >= %(start)s AND w.start < %(end)s
"""
_HISTORY = """
SELECT extract(epoch FROM start)::bigint, energy_mwh FROM meters_quarter
WHERE meter_id = %(meter)s AND start >= %(start)s AND start < %(end)s AND count > 0
  AND quality >= %(estimated)s
"""
# What the register counted from the last reading before the gap to the first after it, less what
# that reading itself stands for, less what the windows beside the gap already hold of it.
_COUNTED = """
SELECT i.multiplier * (after.stood - before.register_mwh)
       - coalesce(wb.estimated_mwh, 0) - coalesce(wa.estimated_mwh, 0)
FROM meters_meter m
JOIN meters_meterinstallation i ON i.meter_id = m.id
 AND i.during @> tstzrange(%(start)s, %(end)s)
CROSS JOIN LATERAL (
    SELECT r.register_mwh FROM meters_reading r
    WHERE r.meter_id = m.id AND r.ts <= %(start)s AND r.ts > %(start)s - interval '15 minutes'
      AND r.register_mwh IS NOT NULL
    ORDER BY r.ts DESC LIMIT 1
) before
CROSS JOIN LATERAL (
    SELECT r.register_mwh
           - coalesce(r.energy_mwh, round(r.power_mw * m.reading_interval_s / 3600.0)) AS stood
    FROM meters_reading r
    WHERE r.meter_id = m.id AND r.ts > %(end)s AND r.ts <= %(end)s + interval '15 minutes'
      AND r.register_mwh IS NOT NULL
    ORDER BY r.ts LIMIT 1
) after
LEFT JOIN meters_quarter wb ON wb.meter_id = m.id AND wb.start = %(start)s - interval '15 minutes'
 AND wb.edit_id IS NULL
LEFT JOIN meters_quarter wa ON wa.meter_id = m.id AND wa.start = %(end)s AND wa.edit_id IS NULL
WHERE m.id = %(meter)s AND after.stood >= before.register_mwh
  AND NOT EXISTS (SELECT FROM meters_registerturn t
                  WHERE t.meter_id = m.id AND t.at > %(start)s - interval '15 minutes'
                    AND t.at <= %(end)s + interval '15 minutes')
"""
_DAY = """
SELECT i.meter_id, (i.multiplier * (b.register_mwh - a.register_mwh))::bigint, q.energy::bigint
FROM meters_meterinstallation i
CROSS JOIN LATERAL (
    SELECT register_mwh FROM meters_reading r
    WHERE r.meter_id = i.meter_id AND r.register_mwh IS NOT NULL
      AND r.ts <= %(start)s AND r.ts > %(start)s - interval '15 minutes'
    ORDER BY r.ts DESC LIMIT 1
) a
CROSS JOIN LATERAL (
    SELECT register_mwh FROM meters_reading r
    WHERE r.meter_id = i.meter_id AND r.register_mwh IS NOT NULL
      AND r.ts <= %(end)s AND r.ts > %(end)s - interval '15 minutes'
    ORDER BY r.ts DESC LIMIT 1
) b
CROSS JOIN LATERAL (
    SELECT sum(w.energy_mwh) AS energy, count(*) AS found FROM meters_quarter w
    WHERE w.meter_id = i.meter_id AND w.start >= %(start)s AND w.start < %(end)s
) q
WHERE i.during @> tstzrange(%(start)s, %(end)s) AND b.register_mwh >= a.register_mwh
  AND q.found = %(expected)s AND (%(meters)s::int[] IS NULL OR i.meter_id = ANY(%(meters)s))
"""


@dataclass(frozen=True, slots=True)
class Marked:
    """Quarter-hours to judge: whole ones for every meter, and single meters' ones."""

    whole: Sequence[datetime]
    single: Sequence[tuple[int, datetime]]

    def of(self, meters: Collection[int]) -> list[tuple[int, datetime]]:
        """Return them for some meters, each by itself."""
        wanted = set(meters)
        return [(meter, start) for meter in meters for start in self.whole] + [
            key for key in self.single if key[0] in wanted
        ]


@dataclass(frozen=True, slots=True)
class Stand:
    """What stands in a quarter-hour; `is_settled` when it is measured, or a person has spoken."""

    is_settled: bool
    energy_mwh: int


GONE = Stand(is_settled=False, energy_mwh=0)


def rules() -> dict[Kind, Rule]:
    """Return the rules that are on, as they are now."""
    rows = ValidationRule.objects.filter(is_on=True)
    return {rule.kind: rule for rule in (row.declared() for row in rows)}


def facts(
    marked: Marked, *, rules: Mapping[Kind, Rule], zone: ZoneInfo
) -> list[tuple[int, datetime, Facts]]:
    """Return what may be odd among measured quarter-hours that nobody has had a say about."""
    spike, zero = rules.get(Kind.SPIKE), rules.get(Kind.ZERO)
    weeks = max((rule["weeks"] for rule in (spike, zero) if rule is not None), default=0)
    share = rules[Kind.BEYOND_LIMIT]["limit_pct"] / 100 if Kind.BEYOND_LIMIT in rules else 1e9
    parameters: dict[str, Any] = {
        "whole": list(marked.whole),
        "meters": [meter for meter, _ in marked.single],
        "starts": [start for _, start in marked.single],
        "all": sorted({*marked.whole, *(start for _, start in marked.single)}),
        "looks_ahead": Kind.CLOCK_SKEW in rules,
        "spike_mwh": round(spike["least_kwh"] * MWH_PER_KWH) if spike is not None else 2**62,
        "frozen": int(rules[Kind.FROZEN]["intervals"]) if Kind.FROZEN in rules else 0,
        "days": round(7 * weeks),
        "zone": zone.key,
        "calculated": int(Quality.CALCULATED),
        "limit_share": share * MW_PER_KW,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, parameters)
        return [_fact(*row) for row in cursor.fetchall()]


def _fact(meter: int, start: datetime, *row: Any) -> tuple[int, datetime, Facts]:
    energy, peak, limit_kw, feeds_in, like, before, ahead_s, conflicts = row
    limit = round(limit_kw * MWH_PER_KWH / 4)
    found = Facts(
        energy_mwh=energy,
        peak_mwh=int(peak),
        limit_mwh=limit,
        feeds_in=feeds_in,
        like=like,
        before=before,
        ahead_s=float(ahead_s),
        conflicts=conflicts,
    )
    return meter, start, found


def missing(marked: Marked) -> list[tuple[int, datetime]]:
    """Return who hung there, was heard before, and was not measured in these quarter-hours."""
    parameters: dict[str, Any] = {
        "whole": list(marked.whole),
        "meters": [meter for meter, _ in marked.single],
        "starts": [start for _, start in marked.single],
        "heard": HEARD_WITHIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, parameters)
        return list(cursor.fetchall())


def touched_gaps(marked: Marked, *, states: Sequence[str]) -> list[tuple[int, datetime, datetime]]:
    """Return the gaps, as they are written down, that marked quarter-hours lie in or beside."""
    keys = [(None, start) for start in marked.whole] + list(marked.single)
    with connection.cursor() as cursor:
        cursor.execute(
            _TOUCHED,
            {
                "meters": [meter for meter, _ in keys],
                "starts": [start for _, start in keys],
                "states": list(states),
            },
        )
        return list(cursor.fetchall())


def stands(*, meter_id: int, period: Period) -> dict[datetime, Stand]:
    """Return what stands in the quarter-hours that have a row."""
    with connection.cursor() as cursor:
        cursor.execute(
            _STANDS,
            {"meter": meter_id, "start": period.start, "end": period.end},
        )
        return {start: Stand(*row) for start, *row in cursor.fetchall()}


def history(*, meter_id: int, gap: Period, weeks: float) -> Series:
    """Return what was measured for so many weeks before a gap, in it, and for a week after it."""
    start, end = gap.start - round(7 * weeks) * DAY, gap.end + 7 * DAY
    energy = np.full((end - start) // QUARTER, np.nan)
    with connection.cursor() as cursor:
        cursor.execute(
            _HISTORY,
            {"meter": meter_id, "start": start, "end": end, "estimated": int(Quality.ESTIMATED)},
        )
        rows = np.array(cursor.fetchall() or np.empty((0, 2)), np.int64).reshape(-1, 2)
    energy[(rows[:, 0] - round(start.timestamp())) // 900] = rows[:, 1]
    return Series(start, QUARTER, energy)


def counted(*, meter_id: int, gap: Period) -> int | None:
    """Return what the register counted in a gap; None where no read on both sides says so."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, {"meter": meter_id, "start": gap.start, "end": gap.end})
        row = cursor.fetchone()
    return int(row[0]) if row is not None and row[0] >= 0 else None


def counted_days(
    period: Period, *, meter_ids: Sequence[int] | None = None
) -> list[tuple[int, int, int]]:
    """Return meters with what register and intervals say of a day that is known whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            _DAY,
            {
                "start": period.start,
                "end": period.end,
                "expected": period.length // QUARTER,
                "meters": None if meter_ids is None else list(meter_ids),
            },
        )
        return list(cursor.fetchall())
