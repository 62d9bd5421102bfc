"""Writes final values of quarter-hours beside their raw ones, and sums regions anew.

What a quarter-hour was before is kept as a `WindowRevision`; who did what stands in an
`IntervalEdit`. An edit by a person yields to nobody but another person; the database keeps that
also against whoever sums a quarter-hour anew (migration 0010).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from meters.choices import FillMethod
from meters.models import IntervalEdit
from meters.services import sums
from segs_site.lib.choices import Quality
from segs_site.lib.locks import Lock

_KEEP = """
INSERT INTO meters_windowrevision (meter_id, start, mean_mw, energy_mwh, estimated_mwh, export_mwh,
    count, expected, quality, since, until)
SELECT w.meter_id, w.start, w.mean_mw, w.energy_mwh, w.estimated_mwh, w.export_mwh, w.count,
       w.expected, w.quality, w.revised_at, %(now)s
FROM unnest(%(meters)s::int[], %(starts)s::timestamptz[]) AS k (meter_id, start)
JOIN meters_quarter w ON w.meter_id = k.meter_id AND w.start = k.start
WHERE {writable}
"""
_RAW = """
    raw_mwh = CASE WHEN w.edit_id IS NULL THEN w.energy_mwh ELSE w.raw_mwh END,
    raw_estimated_mwh = CASE WHEN w.edit_id IS NULL THEN w.estimated_mwh
        ELSE w.raw_estimated_mwh END,
    raw_export_mwh = CASE WHEN w.edit_id IS NULL THEN w.export_mwh ELSE w.raw_export_mwh END,
    raw_quality = CASE WHEN w.edit_id IS NULL THEN w.quality ELSE w.raw_quality END
"""
_PUT = """
INSERT INTO meters_quarter AS w (start, mean_mw, min_mw, max_mw, energy_mwh, estimated_mwh,
    export_mwh, revised_at, meter_id, region_id, count, expected, quality, edit_id)
SELECT k.start, k.energy * 4, k.energy * 4, k.energy * 4, k.energy,
       CASE WHEN %(quality)s = {estimated} THEN k.energy ELSE 0 END,
       CASE WHEN m.flow = 'import' THEN 0 END, %(now)s, m.id, p.region_id, 0,
       greatest(900 / m.reading_interval_s, 1), %(quality)s, %(edit)s
FROM unnest(%(meters)s::int[], %(starts)s::timestamptz[], %(energies)s::bigint[])
     AS k (meter_id, start, energy)
JOIN meters_meter m ON m.id = k.meter_id
LEFT JOIN meters_meterinstallation i ON i.meter_id = m.id AND i.during @> k.start
LEFT JOIN meters_servicepoint p ON p.id = i.service_point_id
ON CONFLICT (meter_id, start) DO UPDATE SET
    energy_mwh = excluded.energy_mwh, estimated_mwh = excluded.estimated_mwh,
    export_mwh = excluded.export_mwh, quality = excluded.quality,
    revised_at = excluded.revised_at, edit_id = excluded.edit_id, {raw},
    mean_mw = CASE WHEN w.count = 0 THEN excluded.mean_mw ELSE w.mean_mw END,
    min_mw = CASE WHEN w.count = 0 THEN excluded.min_mw ELSE w.min_mw END,
    max_mw = CASE WHEN w.count = 0 THEN excluded.max_mw ELSE w.max_mw END
WHERE {writable}
"""
_CODES = {"estimated": int(Quality.ESTIMATED), "suspect": int(Quality.SUSPECT)}
_BY_RULE = f"w.count = 0 AND w.quality <> {int(Quality.EDITED)}"
_FLAG = """
UPDATE meters_quarter w SET quality = {suspect}, edit_id = %(edit)s,
    revised_at = %(now)s, {raw}
FROM unnest(%(meters)s::int[], %(starts)s::timestamptz[]) AS k (meter_id, start)
WHERE w.meter_id = k.meter_id AND w.start = k.start AND {writable}
"""
_RESTORE = """
UPDATE meters_quarter w SET energy_mwh = w.raw_mwh, estimated_mwh = w.raw_estimated_mwh,
    export_mwh = w.raw_export_mwh, quality = w.raw_quality, edit_id = %(edit)s,
    revised_at = %(now)s
FROM unnest(%(meters)s::int[], %(starts)s::timestamptz[]) AS k (meter_id, start)
WHERE w.meter_id = k.meter_id AND w.start = k.start AND {writable}
"""
_CONSENT = """
UPDATE meters_quarter w SET edit_id = %(edit)s, revised_at = %(now)s
FROM unnest(%(meters)s::int[], %(starts)s::timestamptz[]) AS k (meter_id, start)
WHERE w.meter_id = k.meter_id AND w.start = k.start AND {writable}
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What is done to a stretch of quarter-hours of a meter: how, by which rule, by whom, why."""

    meter_id: int
    start: datetime
    end: datetime
    method: FillMethod
    rule: str = ""
    by: str = ""
    reason: str = ""


def wait_for_windows() -> None:
    """Let nobody close windows until this transaction ends: both would write the same rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.WINDOWS])


def put(done: Done, *, starts: Sequence[datetime], energies: Sequence[int], now: datetime) -> None:
    """Make these the final energies: estimated, or edited if that is the method.

    A rule writes only where nothing was measured and nobody edited.
    """
    is_edit = done.method == FillMethod.EDITED
    quality = Quality.EDITED if is_edit else Quality.ESTIMATED
    writable = "true" if done.by else _BY_RULE
    _write(_PUT, done, starts, now, writable, energies=list(energies), quality=int(quality))


def replace(
    done: Done, *, starts: Sequence[datetime], energies: Sequence[int], now: datetime
) -> None:
    """Put estimates in the place of what a rule called suspect."""
    writable = f"w.quality = {int(Quality.SUSPECT)}"
    quality = int(Quality.ESTIMATED)
    _write(_PUT, done, starts, now, writable, energies=list(energies), quality=quality)


def flag(done: Done, *, starts: Sequence[datetime], now: datetime) -> None:
    """Call quarter-hours suspect that nobody has had a say about yet."""
    _write(_FLAG, done, starts, now, "w.edit_id IS NULL")


def restore(done: Done, *, starts: Sequence[datetime], now: datetime) -> None:
    """Make the raw values final again, by a person's consent."""
    _write(_RESTORE, done, starts, now, "w.raw_mwh IS NOT NULL")


def consent(done: Done, *, starts: Sequence[datetime], now: datetime) -> None:
    """Let estimates of what nobody measured stand, by a person's consent."""
    _write(_CONSENT, done, starts, now, "w.count = 0 AND w.raw_mwh IS NULL")


def _write(
    statement: str,
    done: Done,
    starts: Sequence[datetime],
    now: datetime,
    writable: str,
    **values: Any,
) -> None:
    edit = IntervalEdit.objects.create(
        meter_id=done.meter_id,
        start=done.start,
        end=done.end,
        method=done.method,
        rule=done.rule,
        by=done.by,
        reason=done.reason,
        at=now,
    )
    parameters = values | {
        "meters": [done.meter_id] * len(starts),
        "starts": list(starts),
        "edit": edit.pk,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP.format(writable=writable), parameters)
        cursor.execute(statement.format(writable=writable, raw=_RAW, **_CODES), parameters)


def sum_regions(starts: Sequence[datetime], *, now: datetime) -> None:
    """Sum the regions of quarter-hours anew."""
    if starts:
        with connection.cursor() as cursor:
            sums.region_quarters(cursor, starts=sorted(set(starts)), now=now)
