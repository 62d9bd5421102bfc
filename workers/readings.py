"""What the stream worker does with entries: the one place that knows what they carry.

A batch is one transaction: it locks the shard's row, compares the epoch, stores the readings and
moves the offset. Whatever dies before the commit leaves nothing; whatever dies after it finds
the offset moved.
"""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from meters import columns, verdicts
from meters.columns import UNREGISTERED, Batch, Held, Stranger
from meters.services import registry, storing
from meters.services.storing import Merged, Watermarks
from segs_site.lib import periods
from workers.stream import metrics, names
from workers.stream.message import Message
from workers.stream.pipeline import Broken, Busy, Lane, Lost

REST_EVERY_US = 1_000_000  # an idle shard's clock is written about once a second

_MOVE = """
UPDATE workers_shard SET "offset" = %s, consumed_until = greatest(consumed_until, %s)
WHERE number = %s AND epoch = %s
"""
_REST = """
UPDATE workers_shard SET consumed_until = greatest(consumed_until, %s)
WHERE number = %s AND epoch = %s
"""
# An owner that is stopped in the middle of a transaction holds its shard's lock: the database
# ends it, so that another can take over.
_IMPATIENCE = "SET LOCAL idle_in_transaction_session_timeout = '10s'"


class Readings:
    """Stores readings; implements `workers.stream.pipeline.Handler`."""

    def __init__(self, *, shards: int) -> None:
        self._shards = shards
        self._watermarks: dict[tuple[int, int], Watermarks] = {}
        self._partitions: set[date] = set()
        self._rested: dict[int, int] = {}

    def store(self, lane: Lane, messages: Sequence[Message]) -> None:
        """See `Handler`: one transaction, or several smaller ones around an entry that fails."""
        session = None
        try:
            connection.ensure_connection()
            session = connection.connection
            self._store(lane, messages)
        except (OperationalError, InterfaceError) as fault:
            self._forget()
            raise Busy(str(fault)) from fault
        except (DatabaseError, ArithmeticError, LookupError, ValueError) as fault:
            # A session that was ended while we stood still says so under another class of error.
            session_is_lost = connection.connection is not session
            self._forget()
            if session_is_lost:
                raise Busy(str(fault)) from fault
            if len(messages) == 1:
                raise Broken(messages[0], f"{type(fault).__name__}: {fault}") from fault
            middle = len(messages) // 2
            self.store(lane, messages[:middle])
            self.store(lane, messages[middle:])

    def rest(self, lane: Lane, clock_us: int) -> None:
        """See `Handler`."""
        if clock_us - self._rested.get(lane.shard, 0) < REST_EVERY_US:
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute(_REST, [periods.instant(clock_us), lane.shard, lane.epoch])
                if cursor.rowcount == 0:
                    raise Lost
        except (OperationalError, InterfaceError) as fault:
            self._forget()
            raise Busy(str(fault)) from fault
        self._rested[lane.shard] = clock_us

    def _forget(self) -> None:
        # What a failed transaction left in doubt is read anew.
        self._watermarks.clear()
        self._partitions.clear()
        connection.close_if_unusable_or_obsolete()

    def _store(self, lane: Lane, messages: Sequence[Message]) -> None:
        begun, now = time.perf_counter(), datetime.now(UTC)
        batches = [_read(message) for message in messages]
        parts, held = self._settle(batches, now)
        merged = storing.merge(parts)
        storing.ensure_partitions(readings=merged.readings, known=self._partitions)
        last = messages[-1]
        with metrics.COMMIT_S.time(), transaction.atomic():
            self._move(lane, last)
            watermarks = self._watermarks_of(lane)
            self._write(lane, merged, held, watermarks, now)
        lane.offset = last.id
        watermarks.raise_to(merged.readings.meter, merged.readings.ts)
        metrics.BATCH_READINGS.observe(len(merged.readings))
        metrics.BATCH_S.observe(time.perf_counter() - begun)
        metrics.LAG_S.observe(max(0.0, time.time() - last.arrived_us / 1e6))

    def _write(
        self,
        lane: Lane,
        merged: Merged,
        held: Sequence[Held],
        watermarks: Watermarks,
        now: datetime,
    ) -> None:
        if held:
            storing.hold(items=held, now=now)
        if len(merged.readings) == 0:
            return
        done = storing.store(shard=lane.shard, merged=merged, watermarks=watermarks, now=now)
        metrics.STORED.inc(done.readings)
        metrics.REPEATS.inc(done.repeats)
        metrics.CONFLICTS.inc(done.conflicts)

    def _move(self, lane: Lane, last: Message) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_IMPATIENCE)
            cursor.execute(
                _MOVE, [last.id, periods.instant(last.arrived_us), lane.shard, lane.epoch]
            )
            if cursor.rowcount == 0:
                raise Lost

    def _watermarks_of(self, lane: Lane) -> Watermarks:
        key = (lane.shard, lane.epoch)
        if key not in self._watermarks:
            # Under the shard's lock: nobody else can raise them between here and the commit.
            self._watermarks[key] = storing.read_watermarks(shard=lane.shard)
        return self._watermarks[key]

    def _settle(
        self, batches: Sequence[Batch], now: datetime
    ) -> tuple[list[columns.Columns], list[Held]]:
        """Give strangers their ids; return what is counted and what is held."""
        strangers = [stranger for batch in batches for stranger in batch.strangers]
        ids: dict[str, int] = {}
        if strangers:
            ids = registry.find_or_register(
                strangers=strangers,
                shards=self._shards,
                auto_register=settings.SEGS_AUTO_REGISTER,
                now=now,
            )
        parts: list[columns.Columns] = []
        held: list[Held] = []
        for batch in batches:
            settled, unknown = _with_ids(batch, ids)
            parts.append(settled)
            held += [*batch.held, *unknown]
        return parts, held


def _read(message: Message) -> Batch:
    if not message.fields:
        return Batch(columns.empty())
    try:
        batch = columns.unpack(message.fields[names.PACKED], received=message.arrived_us)
        withheld = message.fields.get(names.WITHHELD, b"")
        return _without(batch, [int(place) for place in withheld.split(b",") if place])
    except (columns.Unreadable, KeyError, ValueError, IndexError) as fault:
        raise Broken(message, f"{type(fault).__name__}: {fault}") from fault


def _without(batch: Batch, withheld: Sequence[int]) -> Batch:
    if not withheld:
        return batch
    kept = np.ones(len(batch.columns), np.bool_)
    kept[list(withheld)] = False
    row_now = np.cumsum(kept) - 1
    strangers = [
        Stranger(int(row_now[stranger.row]), stranger.serial, stranger.region)
        for stranger in batch.strangers
        if kept[stranger.row]
    ]
    return Batch(batch.columns.take(kept), strangers, batch.held)


def _with_ids(batch: Batch, ids: dict[str, int]) -> tuple[columns.Columns, list[Held]]:
    if not batch.strangers:
        return batch.columns, []
    meter = batch.columns.meter.copy()
    unknown = []
    for stranger in batch.strangers:
        meter[stranger.row] = ids.get(stranger.serial, UNREGISTERED)
        if stranger.serial not in ids:
            unknown.append(_unregistrable(batch.columns, stranger))
    settled = batch.columns.with_meters(meter)
    return settled.take(meter != UNREGISTERED), unknown


def _unregistrable(readings: columns.Columns, stranger: Stranger) -> Held:
    """Return a stranger's reading for quarantine: its region went while it travelled."""
    return Held(
        serial=stranger.serial,
        ts=int(readings.ts[stranger.row]),
        reading_id="",
        reason=verdicts.UNKNOWN_REGION,
        raw=storing.as_json(readings, stranger.row, stranger.serial, stranger.region),
    )
