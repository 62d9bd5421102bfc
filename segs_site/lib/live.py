"""The live feed: events from the deciding transaction to every screen, in commit order.

`announce` writes an outbox row inside the caller's transaction. One relay calls `number` and
`publish`; `since` replays for a client that was away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Min

from segs_site.lib.models import OutboxEvent

RELAY_LOCK = 0x5E65_0002  # advisory lock held by the one active relay
CHANNEL = "segs:live"  # the pub/sub channel every web process listens to
REPLAY_LIMIT = 1000  # more missed events than this are cheaper to read anew


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, before it has a number: JSON-ready `data` for the listeners of `group`."""

    group: str
    type: str
    data: dict[str, Any]
    stream: str = ""


def announce(events: Iterable[Event], *, now: datetime) -> None:
    """Write events to the outbox of the current transaction."""
    OutboxEvent.objects.bulk_create(
        OutboxEvent(
            group=event.group,
            type=event.type,
            data=event.data,
            stream=event.stream,
            created_at=now,
        )
        for event in events
    )


def number(*, limit: int = 1000) -> int:
    """Give numbers to the committed events that have none, oldest first; return how many.

    The caller holds `RELAY_LOCK`. Only committed rows are seen, so a lower row id that commits
    later gets a higher number: nobody who saw n will ever be owed less than n.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH fresh AS (
                SELECT id, "group",
                       (SELECT coalesce(max(number), 0) FROM lib_outboxevent)
                       + row_number() OVER (ORDER BY id) AS number
                FROM (SELECT id, "group" FROM lib_outboxevent
                      WHERE number IS NULL ORDER BY id LIMIT %s) AS waiting
            ), chained AS (
                SELECT id, number, coalesce(
                    lag(number) OVER (PARTITION BY "group" ORDER BY number),
                    (SELECT max(o.number) FROM lib_outboxevent o WHERE o."group" = fresh."group")
                ) AS previous
                FROM fresh
            )
            UPDATE lib_outboxevent e SET number = c.number, previous = c.previous
            FROM chained c WHERE e.id = c.id
            """,
            [limit],
        )
        return cursor.rowcount


def unpublished(*, limit: int = 1000) -> list[OutboxEvent]:
    """Return the numbered events that listeners may not have been told of, in order."""
    waiting = OutboxEvent.objects.filter(number__isnull=False, published_at__isnull=True)
    return list(waiting.order_by("number")[:limit])


def mark_published(events: Sequence[OutboxEvent], *, now: datetime) -> None:
    """Remember that listeners have been told."""
    OutboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(published_at=now)


def newest_number() -> int:
    """Return the highest number given, 0 when there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(number), 0) FROM lib_outboxevent")
        return int(cursor.fetchone()[0])


class TooFarBehind(Exception):
    """The events a client missed are gone or too many: it must read the state anew."""


def since(seen: int, groups: Sequence[str]) -> list[OutboxEvent]:
    """Return the events of `groups` numbered after `seen`, in order.

    Raises TooFarBehind when some of them are no longer kept, when they are more than
    `REPLAY_LIMIT`, or when `seen` is a number that was never given.
    """
    newest = newest_number()
    numbered = OutboxEvent.objects.filter(number__isnull=False)
    oldest = numbered.aggregate(oldest=Min("number"))["oldest"]
    if seen > newest or (oldest is not None and seen < oldest - 1):
        raise TooFarBehind
    missed = OutboxEvent.objects.filter(group__in=groups, number__gt=seen).order_by("number")
    events = list(missed[: REPLAY_LIMIT + 1])
    if len(events) > REPLAY_LIMIT:
        raise TooFarBehind
    return events


def encode(event: OutboxEvent) -> bytes:
    """Return the bytes every socket of the event's group is sent."""
    return msgspec.json.encode(
        {
            "id": event.number,
            "prev": event.previous,
            "group": event.group,
            "type": event.type,
            "data": event.data,
            "timestamp": event.created_at,
        }
    )


def forget_before(moment: datetime) -> int:
    """Delete published events older than `moment`, but keep the newest; return how many."""
    old = OutboxEvent.objects.filter(created_at__lt=moment, published_at__isnull=False)
    return old.filter(number__lt=newest_number()).delete()[0]
