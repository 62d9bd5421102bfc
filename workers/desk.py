"""Does what doors asked for by marking rows, and writes down for them how the stream does.

Doors know no broker: an operator's "adopt" and "replay" wait in the database until this finds
them, and what only the broker knows is copied to where a door can read it.
"""

from datetime import datetime
from typing import Any

import msgspec
import redis
from django.conf import settings
from django.db import transaction

from meters.services import quarantine
from segs_site.lib import models as lib
from workers.feeds import HEALTH_STREAM
from workers.models import Shard
from workers.stream import names
from workers.stream.dead_letter import DeadLetter, DeadLetters

ADOPTED_AT_ONCE = 500
LETTERS_SHOWN = 1000  # of a shard: who has more looks for the cause, not at each
HEALTH_LINES = 500  # of the newest, in which every living process has spoken
REPLICA_PATIENCE_MS = 5000


class NotOnDisk(Exception):
    """No replica has what was appended yet: it is appended again, which does no harm."""


def append_adopted(client: redis.Redis, *, now: datetime) -> int:
    """Put adopted readings into the streams of their shards; return how many.

    Whatever dies between the append and its note appends them once more: one reading is one row.
    """
    shards = Shard.objects.count()
    parcels = quarantine.to_append(limit=ADOPTED_AT_ONCE, shards=shards, now=now)
    for parcel in parcels:
        client.xadd(names.stream(parcel.shard), {names.PACKED: parcel.packed})
    if parcels:
        _wait_for_replicas(client)
        quarantine.note_appended(pks=[parcel.pk for parcel in parcels], now=now)
    return len(parcels)


def _wait_for_replicas(client: redis.Redis) -> None:
    wanted = settings.SEGS_WAITAOF_REPLICAS
    if not wanted:
        return
    local, remote = client.waitaof(1, wanted, REPLICA_PATIENCE_MS)
    if local < 1 or remote < wanted:
        raise NotOnDisk


def replay_asked(client: redis.Redis) -> int:
    """Replay the dead letters that somebody asked for; return how many were still there."""
    dead = DeadLetters(client)
    asked = list(lib.DeadLetter.objects.filter(replay_asked_at__isnull=False))
    replayed = 0
    for row in asked:
        letter = DeadLetter(row.shard, row.letter, row.origin, row.reason, row.size)
        replayed += dead.replay(letter)
        row.delete()
    return replayed


def write_down(client: redis.Redis, *, now: datetime) -> None:
    """Copy what the broker knows of shards, dead letters and processes to the database."""
    _write_shards(client, now)
    _write_processes(client)


def _write_shards(client: redis.Redis, now: datetime) -> None:
    for shard in Shard.objects.all():
        letters = int(client.xlen(names.dead_letters(shard.number)))
        is_held = shard.leased_until is not None and shard.leased_until > now
        lib.ShardState.objects.update_or_create(
            number=shard.number,
            defaults={
                "owner": shard.owner if is_held else "",
                "consumed_until": shard.consumed_until,
                "backlog": client.xlen(names.stream(shard.number)),
                "dead_letters": letters,
                "looked_at": now,
            },
        )
        _copy_letters(client, shard.number, letters)


def _copy_letters(client: redis.Redis, shard: int, letters: int) -> None:
    known = lib.DeadLetter.objects.filter(shard=shard)
    newest: Any = client.xrevrange(names.dead_letters(shard), count=1)
    newest_id = newest[0][0].decode() if newest else None
    if known.count() == min(letters, LETTERS_SHOWN) and (
        newest_id is None or letters > LETTERS_SHOWN or known.filter(letter=newest_id).exists()
    ):
        return  # nothing came or went: the letters themselves are large
    found = _some(DeadLetters(client), shard)
    with transaction.atomic():
        known.exclude(letter__in=[letter.id for letter in found]).delete()
        lib.DeadLetter.objects.bulk_create(map(_row, found), ignore_conflicts=True)


def _some(dead: DeadLetters, shard: int) -> list[DeadLetter]:
    return [letter for _, letter in zip(range(LETTERS_SHOWN), dead.letters(shard), strict=False)]


def _row(letter: DeadLetter) -> lib.DeadLetter:
    return lib.DeadLetter(
        shard=letter.shard,
        letter=letter.id,
        origin=letter.origin[:40],
        reason=letter.reason[:500].replace("\0", ""),
        size=letter.size,
    )


class _Health(msgspec.Struct):
    service: str
    status: str
    at: datetime
    detail: str = ""


class _Event(msgspec.Struct):
    data: _Health


_EVENT = msgspec.json.Decoder(_Event)


def _write_processes(client: redis.Redis) -> None:
    newest: Any = client.xrevrange(HEALTH_STREAM, count=HEALTH_LINES)
    said: dict[str, _Health] = {}
    for _, fields in newest:
        health = _EVENT.decode(fields[b"event"]).data
        said.setdefault(health.service, health)
    for service, health in said.items():
        lib.ProcessState.objects.update_or_create(
            service=service[:100],
            defaults={
                "status": health.status[:20],
                "detail": health.detail[:300],
                "said_at": health.at,
            },
        )
