"""Stores readings: columns into the keyed table, newest values, and marks for the windows.

Everything here runs inside the caller's transaction, in which the shard's row is locked; the
partitions are made before it. One reading is one row: the table's key is (meter, timestamp).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from django.db import IntegrityError, connection, transaction

from meters import columns, copying, verdicts
from meters.columns import ABSENT, Columns, Held, Integers
from meters.models import READINGS, Meter, QuarantinedReading, WindowClock
from meters.services import turning
from segs_site.lib import bulk, partitions, periods
from segs_site.lib.quantities import MV_PER_V, to_kw, to_kwh

DAY_US = 86_400_000_000
MINUTE_US = 60_000_000
MANY_METERS = 500  # late meters in one minute from which the whole shard is summed anew

_STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_reading
    (LIKE meters_reading) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS staged_latest
    (LIKE meters_latestreading) ON COMMIT DELETE ROWS;
"""
_INSERT_STAGED = f"""
WITH stored AS (
    INSERT INTO meters_reading ({copying.READINGS}) SELECT {copying.READINGS} FROM staged_reading
    ON CONFLICT (meter_id, ts) DO NOTHING RETURNING meter_id, ts
), minutes AS (
    SELECT DISTINCT meter_id,
           date_trunc('minute', ts - interval '1 microsecond', 'UTC') AS minute FROM stored
), counted AS (
    SELECT *, count(*) OVER (PARTITION BY minute) AS meters FROM minutes
), marked AS (
    INSERT INTO meters_windowmark (shard, meter_id, minute)
    SELECT DISTINCT %(shard)s,
           CASE WHEN minute < %(closed_until)s AND meters <= %(many)s THEN meter_id END, minute
    FROM counted
)
SELECT count(*) FROM stored
"""  # noqa: S608 the column list is ours
_CONFLICTS = """
SELECT s.meter_id, s.ts FROM staged_reading s JOIN meters_reading r USING (meter_id, ts)
WHERE (s.power_mw, s.energy_mwh, s.register_mwh, s.voltage_mv)
      IS DISTINCT FROM (r.power_mw, r.energy_mwh, r.register_mwh, r.voltage_mv)
"""
_UPSERT_LATEST = """
INSERT INTO meters_latestreading AS l (meter_id, ts, power_mw, voltage_mv, received_at,
    register_mwh, register_at)
SELECT meter_id, ts, power_mw, voltage_mv, received_at, register_mwh,
       CASE WHEN register_mwh IS NOT NULL THEN ts END FROM staged_latest
ON CONFLICT (meter_id) DO UPDATE SET ts = excluded.ts, power_mw = excluded.power_mw,
    voltage_mv = excluded.voltage_mv, received_at = excluded.received_at,
    register_mwh = CASE WHEN excluded.register_at > l.register_at OR l.register_at IS NULL
        THEN excluded.register_mwh ELSE l.register_mwh END,
    register_at = greatest(l.register_at, excluded.register_at)
WHERE l.ts < excluded.ts
"""
_MARK = """
INSERT INTO meters_windowmark (shard, meter_id, minute)
SELECT %s, nullif(meter, -1), to_timestamp(minute)
FROM unnest(%s::int[], %s::bigint[]) AS marks (meter, minute)
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch: rows stored, repeats left out, conflicts held."""

    readings: int
    repeats: int
    conflicts: int


class Watermarks:
    """The newest stored timestamp of each meter of a shard, in microseconds; 0 for none.

    The latest-values table is the truth; this copy is read anew whenever the shard changes
    hands. Rows above it cannot be in the table yet.
    """

    def __init__(
        self, newest: dict[int, int], stood: Mapping[int, tuple[int, int]] = MappingProxyType({})
    ) -> None:
        self._newest = np.zeros(max(newest, default=0) + 1, np.int64)
        self._register = np.full(len(self._newest), ABSENT, np.int64)
        self._register_at = np.zeros(len(self._newest), np.int64)
        for meter, ts in newest.items():
            self._newest[meter] = ts
        for meter, (register, at) in stood.items():
            self._register[meter], self._register_at[meter] = register, at

    def of(self, meters: Integers) -> Integers:
        """Return each meter's watermark."""
        self._grow(meters)
        return self._newest[meters]

    def registers_of(self, meters: Integers) -> tuple[Integers, Integers]:
        """Return where each meter's register stood last, ABSENT for nowhere, and when."""
        self._grow(meters)
        return self._register[meters], self._register_at[meters]

    def note_registers(self, readings: Columns) -> None:
        """Remember where registers stand; whatever is rolled back is read anew."""
        newer = (readings.register != ABSENT) & (readings.ts > self._register_at[readings.meter])
        meters = readings.meter[newer]  # in order of time: the last of a meter stays
        self._register[meters] = readings.register[newer]
        self._register_at[meters] = readings.ts[newer]

    def raise_to(self, meters: Integers, ts: Integers) -> None:
        """Remember what has been committed."""
        self._grow(meters)
        np.maximum.at(self._newest, meters, ts)

    def _grow(self, meters: Integers) -> None:
        missing = int(meters.max(initial=0)) + 1 - len(self._newest)
        if missing > 0:
            self._newest = np.pad(self._newest, (0, missing))
            self._register = np.pad(self._register, (0, missing), constant_values=ABSENT)
            self._register_at = np.pad(self._register_at, (0, missing))


def read_watermarks(*, shard: int) -> Watermarks:
    """Return the watermarks of a shard from the latest-values table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.meter_id, (extract(epoch FROM l.ts) * 1000000)::bigint, l.register_mwh,"
            " (extract(epoch FROM l.register_at) * 1000000)::bigint"
            " FROM meters_latestreading l JOIN meters_meter m ON m.id = l.meter_id"
            " WHERE m.shard = %s",
            [shard],
        )
        rows = cursor.fetchall()
    return Watermarks(
        {meter: ts for meter, ts, *_ in rows},
        {meter: (mwh, at) for meter, _, mwh, at in rows if mwh is not None},
    )


def ensure_partitions(*, readings: Columns, known: set[date]) -> None:
    """Make the day partitions that readings need; `known` remembers those that exist."""
    days = {date(1970, 1, 1) + timedelta(int(day)) for day in np.unique(readings.ts // DAY_US)}
    missing = days - known
    if missing:
        partitions.ensure(READINGS, missing)
        known |= missing


@dataclass(frozen=True, slots=True)
class Merged:
    """Readings in order of meter and time, each key once; the rest by what it was."""

    readings: Columns
    repeats: int
    conflicts: Columns


def merge(parts: Sequence[Columns]) -> Merged:
    """Merge batches in stream order: of readings with one key the first stays."""
    rows = columns.concatenate(parts) if parts else columns.empty()
    rows = rows.take(np.lexsort((rows.ts, rows.meter)))  # stable: stream order within a key
    same_key = np.zeros(len(rows), np.bool_)
    same_key[1:] = (rows.meter[1:] == rows.meter[:-1]) & (rows.ts[1:] == rows.ts[:-1])
    if not same_key.any():
        return Merged(rows, 0, columns.empty())
    first = np.maximum.accumulate(np.where(same_key, 0, np.arange(len(rows))))
    conflicting = same_key & ~rows.same_values(rows.take(first))
    repeats = int(same_key.sum() - conflicting.sum())
    return Merged(rows.take(~same_key), repeats, rows.take(conflicting))


def store(*, shard: int, merged: Merged, watermarks: Watermarks, now: datetime) -> Stored:
    """Store merged readings of one shard in the current transaction.

    The caller raises the watermarks once it has committed.
    """
    readings = _without_going_back(merged.readings, watermarks, now)
    above = readings.ts > watermarks.of(readings.meter)
    closed_until = _closed_until(now)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        conflicts = [_key(merged.conflicts, row) for row in range(len(merged.conflicts))]
        direct, below = readings.take(above), readings.take(~above)
        if len(direct) and not _copied(direct):
            direct, below = columns.empty(), readings
        stored = len(direct)
        if len(below):
            late, more_conflicts = _store_staged(cursor, shard, below, closed_until)
            stored += late
            conflicts += more_conflicts
        if len(direct):
            _mark(cursor, shard, direct, closed_until)
        if len(readings):
            _raise_latest(cursor, readings)
    held = _hold_conflicts(merged, readings, conflicts, now)
    repeats = merged.repeats + len(readings) - stored - (held - len(merged.conflicts))
    return Stored(stored, repeats, held)


def _without_going_back(readings: Columns, watermarks: Watermarks, now: datetime) -> Columns:
    """Hold the readings whose register stands lower than before; return the others."""
    known, known_at = watermarks.registers_of(readings.meter)
    held = turning.withheld(readings, known=known, known_at=known_at, now=now)
    if held:
        meters = Meter.objects.in_bulk({int(readings.meter[row]) for row in held})
        hold(items=[_going_back(readings, row, why, meters) for row, why in held.items()], now=now)
        readings = readings.take(turning.flags(held, len(readings)))
    watermarks.note_registers(readings)
    return readings


def _going_back(source: Columns, row: int, why: str, meters: dict[int, Meter]) -> Held:
    serial = meters[int(source.meter[row])].serial
    return turning.as_held(source, row, why, serial, as_json(source, row, serial))


def hold(*, items: Sequence[Held], now: datetime) -> None:
    """Put readings into quarantine, each once.

    It is named by what it says, not by how it came: after a commit without an answer the entries
    come again, and a head-end may send for weeks what nobody has decided on.
    """
    QuarantinedReading.objects.bulk_create(
        [
            QuarantinedReading(
                serial=held.serial,
                ts=None if held.ts is None else periods.instant(held.ts),
                reading_id=held.reading_id,
                reason=held.reason,
                raw=held.raw.decode(),
                received_at=now,
                origin=_name(held),
            )
            for held in items
        ],
        ignore_conflicts=True,
    )


def _closed_until(now: datetime) -> datetime:
    clock = WindowClock.objects.values_list("closed_until", flat=True).first()
    return clock or now


def _copy(table: str, readings: Columns) -> None:
    bulk.copy_in(table=table, columns=copying.READINGS, body=copying.readings(readings))


def _copied(readings: Columns) -> bool:
    """Copy straight into the table; False where a key was there against the watermark."""
    try:
        with transaction.atomic():
            _copy("meters_reading", readings)
    except IntegrityError:
        return False
    return True


def _store_staged(
    cursor: Any, shard: int, readings: Columns, closed_until: datetime
) -> tuple[int, list[tuple[int, int]]]:
    """Store rows whose key may exist; return how many were new, and the keys in conflict."""
    _copy("staged_reading", readings)
    cursor.execute(
        _INSERT_STAGED, {"shard": shard, "closed_until": closed_until, "many": MANY_METERS}
    )
    stored = cursor.fetchone()[0]
    if stored == len(readings):
        return stored, []
    cursor.execute(_CONFLICTS)
    return stored, [(meter, periods.microseconds(ts)) for meter, ts in cursor.fetchall()]


def _mark(cursor: Any, shard: int, readings: Columns, closed_until: datetime) -> None:
    """Mark the minutes of rows that went straight in: by shard in time, by meter when late."""
    minutes = (readings.ts - 1) // MINUTE_US
    late = minutes < periods.microseconds(closed_until) // MINUTE_US
    whole = set(np.unique(minutes[~late]).tolist())
    pairs = np.unique(np.stack([readings.meter[late], minutes[late]], axis=1), axis=0)
    crowded, counts = np.unique(pairs[:, 1], return_counts=True)
    whole |= set(crowded[counts > MANY_METERS].tolist())
    single = [(meter, minute) for meter, minute in pairs.tolist() if minute not in whole]
    marks = [(-1, minute) for minute in sorted(whole)] + single
    cursor.execute(
        _MARK, [shard, [meter for meter, _ in marks], [minute * 60 for _, minute in marks]]
    )


def _raise_latest(cursor: Any, readings: Columns) -> None:
    # Rows come in order of meter and time: the newest of a meter is the last of its run.
    last = np.ones(len(readings), np.bool_)
    last[:-1] = readings.meter[1:] != readings.meter[:-1]
    newest = readings.take(last)
    bulk.copy_in(table="staged_latest", columns=copying.LATEST, body=copying.latest(newest))
    cursor.execute(_UPSERT_LATEST)


def _hold_conflicts(
    merged: Merged,
    readings: Columns,
    keys: list[tuple[int, int]],
    now: datetime,
) -> int:
    if not keys:
        return 0
    place = {_key(readings, row): row for row in range(len(readings))}
    again = np.array([place[key] for key in keys[len(merged.conflicts) :]], np.int64)
    rows = columns.concatenate([merged.conflicts, readings.take(again)])
    meters = Meter.objects.in_bulk(rows.meter.tolist())
    hold(items=[_conflict(rows, row, meters) for row in range(len(rows))], now=now)
    return len(rows)


def _name(held: Held) -> str:
    said = "\0".join([held.serial, str(held.ts), held.reason]).encode() + b"\0" + held.raw
    return blake2b(said, digest_size=20).hexdigest()


def _conflict(source: Columns, row: int, meters: dict[int, Meter]) -> Held:
    serial = meters[int(source.meter[row])].serial
    return Held(serial, int(source.ts[row]), "", verdicts.CONFLICT, as_json(source, row, serial))


def as_json(source: Columns, row: int, serial: str, region: str | None = None) -> bytes:
    """Return one reading as an item of telemetry, for people to look at."""
    energy, register = int(source.energy[row]), int(source.register[row])
    voltage = int(source.voltage[row])
    said = {
        "meterId": serial,
        "timestamp": periods.instant(int(source.ts[row])),
        "powerKw": to_kw(int(source.power[row])),
        "energyKwh": None if energy == ABSENT else to_kwh(energy),
        "registerKwh": None if register == ABSENT else to_kwh(register),
        "voltage": None if voltage == ABSENT else voltage / MV_PER_V,
        "region": region,
    }
    return msgspec.json.encode({name: value for name, value in said.items() if value is not None})


def _key(source: Columns, row: int) -> tuple[int, int]:
    return int(source.meter[row]), int(source.ts[row])
