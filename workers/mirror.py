"""Mirrors meters, regions and keys into the broker, so that ingest needs no database.

What ingest notes of the use of keys comes back the same way.
"""

import logging
from datetime import UTC, datetime

import redis
from django.conf import settings
from django.db import transaction
from redis import utils

from accounts import selectors as accounts_selectors
from accounts.services import keys
from meters import registry
from meters.services import registry as meters_registry
from workers.models import Shard
from workers.stream import names

log = logging.getLogger(__name__)

FOR_EVER = "for-ever"  # until the version changes


def refresh(client: redis.Redis, *, now: datetime) -> bool:
    """Write the mirror anew when it is old; tell whether it was.

    It is old when the registry has another version, and when the moment of a change that was
    entered beforehand has come. Several workers may do so at once: each writes a whole snapshot
    with its stamp.
    """
    stamp = client.get(names.REGISTRY_STAMP)
    if stamp is not None and _holds(utils.str_if_bytes(stamp), meters_registry.version(), now):
        return False
    snapshot = take_snapshot(now=now)
    with client.pipeline(transaction=True) as pipe:
        pipe.set(names.REGISTRY, registry.pack(snapshot))
        pipe.set(names.REGISTRY_STAMP, _stamp(snapshot.version, now))
        pipe.execute()
    log.info("mirrored registry %s: %s meters", snapshot.version, len(snapshot.serial))
    return True


def _stamp(version: int, now: datetime) -> str:
    until = meters_registry.next_change(now=now)
    return f"{version} {until.isoformat() if until else FOR_EVER}"


def _holds(stamp: str, version: int, now: datetime) -> bool:
    mirrored, _, until = stamp.partition(" ")
    in_time = until == FOR_EVER or now < datetime.fromisoformat(until)
    return int(mirrored) == version and in_time


def bring_key_uses(client: redis.Redis) -> int:
    """Write down when keys were used since the last time; return of how many."""
    with client.pipeline(transaction=True) as pipe:
        pipe.hgetall(names.KEY_USES)
        pipe.delete(names.KEY_USES)
        found: dict[bytes, bytes] = pipe.execute()[0]
    uses = {
        utils.str_if_bytes(digest): datetime.fromtimestamp(int(moment), UTC)
        for digest, moment in found.items()
    }
    keys.note_uses(uses=uses)
    return len(uses)


def take_snapshot(*, now: datetime) -> registry.Snapshot:
    """Return the registry of one moment of the database.

    Its version is read first: what changes while the rest is read makes it old, never unseen.
    """
    with transaction.atomic():
        return meters_registry.snapshot(
            version=meters_registry.version(),
            shards=Shard.objects.count(),
            keys=accounts_selectors.ingest_keys(),
            auto_register=settings.SEGS_AUTO_REGISTER,
            now=now,
        )
