"""Range partitions by time: made before they are needed, dropped when they are too old.

A partition is made beside its parent and then attached, so that readers and writers of the
parent are never locked out (`CREATE TABLE … PARTITION OF` would lock them).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from django.db import OperationalError, connection, transaction
from psycopg import errors, sql

from segs_site.lib.locks import Lock

DROP_PATIENCE_MS = 2_000  # readers and writers queue behind a waiting drop no longer than this


@dataclass(frozen=True, slots=True)
class PartitionedTable:
    """A table partitioned by ranges of one timestamptz column, by UTC day or month."""

    name: str
    column: str
    by: Literal["day", "month"]

    def bounds(self, day: date) -> tuple[date, date]:
        """Return first day and following day of the partition that holds `day`."""
        if self.by == "day":
            return day, day + timedelta(days=1)
        first = day.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)

    def partition(self, day: date) -> str:
        """Return the name of the partition that holds `day`."""
        stamp = "%Y%m%d" if self.by == "day" else "%Y%m"
        return f"{self.name}_p{day.strftime(stamp)}"


def existing(table: PartitionedTable) -> set[str]:
    """Return the names of the partitions that are attached now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass",
            [table.name],
        )
        return {name for (name,) in cursor.fetchall()}


def ensure(table: PartitionedTable, days: Iterable[date]) -> list[str]:
    """Make the partitions that hold `days` where they are missing; return the new names.

    Runs in a transaction of its own, so that one old row cannot abort a batch of good ones.
    """
    wanted = {table.partition(day): table.bounds(day) for day in days}
    missing = sorted(wanted.keys() - existing(table))
    if not missing:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.PARTITIONS])
        made = [name for name in missing if name not in existing(table)]
        for name in made:
            _attach_new(cursor, table, name, *wanted[name])
    return made


def _attach_new(cursor, table: PartitionedTable, name: str, first: date, following: date) -> None:  # type: ignore[no-untyped-def]
    parts = {
        "child": sql.Identifier(name),
        "parent": sql.Identifier(table.name),
        "column": sql.Identifier(table.column),
        "start": sql.Literal(_midnight(first)),
        "end": sql.Literal(_midnight(following)),
        "check": sql.Identifier(f"{name}_range"),
    }
    for statement in (
        "CREATE TABLE {child} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
        # The check spares ATTACH its scan under lock; after it the bounds say the same.
        "ALTER TABLE {child} ADD CONSTRAINT {check}"
        " CHECK ({column} >= {start} AND {column} < {end})",
        "ALTER TABLE {parent} ATTACH PARTITION {child} FOR VALUES FROM ({start}) TO ({end})",
        "ALTER TABLE {child} DROP CONSTRAINT {check}",
    ):
        cursor.execute(sql.SQL(statement).format(**parts))


def drop_before(table: PartitionedTable, day: date) -> list[str]:
    """Drop the partitions that end on or before `day`, oldest first; return their names.

    A drop locks the parent. One that does not get the lock soon, because somebody reads for
    long, is left with those after it for the next time.
    """
    oldest_kept = table.partition(day)
    dropped = []
    for name in sorted(name for name in existing(table) if name < oldest_kept):
        if not _dropped(name):
            break
        dropped.append(name)
    return dropped


def _dropped(name: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(DROP_PATIENCE_MS)])
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
    except OperationalError as refusal:
        if isinstance(refusal.__cause__, errors.LockNotAvailable):
            return False
        raise
    return True


def _midnight(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).isoformat()
