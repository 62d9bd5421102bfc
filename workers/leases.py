"""Which worker owns which shard: leases in the database, by the database's clock."""

import math

from django.db import connection, transaction

from workers.stream.pipeline import Lane

LEASE = "10 seconds"  # a dead worker's shards move within this and one heartbeat

_SEEN = """
INSERT INTO workers_streamworker (name, seen_at) VALUES (%s, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET seen_at = clock_timestamp()
"""
_FORGET = "DELETE FROM workers_streamworker WHERE seen_at < clock_timestamp() - interval '1 hour'"
_ALIVE = """
SELECT count(*), (SELECT count(*) FROM workers_shard)
FROM workers_streamworker WHERE seen_at > clock_timestamp() - %s::interval
"""
_RENEW = """
UPDATE workers_shard SET leased_until = clock_timestamp() + %s::interval
WHERE number = %s AND epoch = %s
"""
# A locked row is passed over: its owner is in the middle of a batch, or about to be ended.
_CLAIM = """
UPDATE workers_shard SET owner = %s, epoch = epoch + 1,
       leased_until = clock_timestamp() + %s::interval
WHERE number IN (
    SELECT number FROM workers_shard
    WHERE leased_until IS NULL OR leased_until < clock_timestamp()
    ORDER BY number LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING number, epoch, "offset"
"""
_RELEASE = """
UPDATE workers_shard SET owner = '', leased_until = NULL WHERE number = %s AND epoch = %s
"""


def fair_share(*, name: str) -> int:
    """Say that `name` lives; return how many shards each living worker should hold."""
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, [name])
        cursor.execute(_FORGET)
        cursor.execute(_ALIVE, [LEASE])
        workers, shards = cursor.fetchone()
    return math.ceil(shards / max(1, workers))


def renew(lane: Lane) -> bool:
    """Prolong a lease; False when the shard has another owner."""
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, [LEASE, lane.shard, lane.epoch])
        return cursor.rowcount == 1


def claim(*, name: str, limit: int) -> list[Lane]:
    """Take up to `limit` shards that nobody holds, each under a new epoch."""
    if limit <= 0:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [name, LEASE, limit])
        return [Lane(shard, epoch, offset) for shard, epoch, offset in cursor.fetchall()]


def release(lane: Lane) -> None:
    """Give a shard back, so that another need not wait for the lease to end."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, [lane.shard, lane.epoch])


def retire(*, name: str) -> None:
    """Say that a worker has ended."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM workers_streamworker WHERE name = %s", [name])
