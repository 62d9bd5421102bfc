"""Mirrors meters, regions and keys into the broker, so that ingest needs no database."""

import logging
from datetime import datetime

import redis
from django.conf import settings
from django.db import transaction

from accounts import selectors as accounts_selectors
from meters import registry
from meters.services import registry as meters_registry
from workers.models import Shard
from workers.stream import names

log = logging.getLogger(__name__)


def refresh(client: redis.Redis, *, now: datetime) -> bool:
    """Write the mirror anew when the registry's version says it is old; tell whether it was.

    Several workers may do so at once: each writes a whole snapshot with its version.
    """
    version = meters_registry.version()
    mirrored = client.get(names.REGISTRY_VERSION)
    if mirrored is not None and int(mirrored) == version:
        return False
    snapshot = take_snapshot(now=now)
    with client.pipeline(transaction=True) as pipe:
        pipe.set(names.REGISTRY, registry.pack(snapshot))
        pipe.set(names.REGISTRY_VERSION, snapshot.version)
        pipe.execute()
    log.info("mirrored registry %s: %s meters", snapshot.version, len(snapshot.serial))
    return True


def take_snapshot(*, now: datetime) -> registry.Snapshot:
    """Return the registry of one moment of the database."""
    with transaction.atomic():
        return meters_registry.snapshot(
            shards=Shard.objects.count(),
            keys=accounts_selectors.ingest_keys(now=now),
            auto_register=settings.SEGS_AUTO_REGISTER,
            now=now,
        )
