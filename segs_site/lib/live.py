"""The live feed: events from the deciding transaction to every screen, in commit order.

`announce` writes an outbox row inside the caller's transaction. One relay calls `number` and
publishes; `since` replays for a client that was away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef

from segs_site.lib.models import OutboxEvent

CHANNEL = "segs:live"  # the pub/sub channel every web process listens to
MAP_CHANNEL = "segs:map"  # binary frames of the map, never logged
MAP_WANTED = "segs:map:wanted"  # key a hub sets when it needs a snapshot
EVERYONE = "*"  # group of the frames that go to every socket
REPLAY_LIMIT = 1000  # more missed events than this are cheaper to read anew


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, before it has a number: JSON-ready `data` for the listeners of `group`.

    `stream` names the event stream it also goes to, empty for none. A group holds no space.
    """

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

    The caller holds `Lock.RELAY`. Only committed rows are seen, so a lower row id that commits
    later gets a higher number: nobody who saw n will ever be owed less than n. Numbers have no
    holes. A second caller who holds no lock waits for the first, or is refused by the constraint.
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
            FROM chained c WHERE e.id = c.id AND e.number IS NULL
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
    """Return the highest number given, 0 when there is none.

    A page reads it before the state it shows and opens its socket with `?since=` this number.
    """
    return _highest(OutboxEvent.objects.all())


def newest_published() -> int:
    """Return the highest number that listeners have been told, 0 when there is none."""
    return _highest(OutboxEvent.objects.filter(published_at__isnull=False))


def _highest(events: Any) -> int:
    newest: int | None = events.aggregate(newest=Max("number"))["newest"]
    return newest or 0


class TooFarBehind(Exception):
    """The events a client missed are gone or too many: it must read the state anew."""


def since(seen: int, groups: Iterable[str] | None = None) -> list[OutboxEvent]:
    """Return the events of `groups` (None for all) numbered after `seen`, in order.

    Raises TooFarBehind when some of them are no longer kept, when they are more than
    `REPLAY_LIMIT`, or when `seen` is a number that was never given.
    """
    if seen > newest_number():
        raise TooFarBehind
    missed = OutboxEvent.objects.filter(number__gt=seen).order_by("number")
    if groups is not None:
        missed = missed.filter(group__in=list(groups))
    events = list(missed[: REPLAY_LIMIT + 1])
    if len(events) > REPLAY_LIMIT or _has_hole(events, seen):
        raise TooFarBehind
    return events


def _has_hole(events: Iterable[OutboxEvent], seen: int) -> bool:
    """Tell whether an event between `seen` and these is no longer kept.

    The newest event of a group is never forgotten, so every hole is followed by an event whose
    `previous` names what is gone.
    """
    last_of: dict[str, int] = {}
    for event in events:
        if (event.previous or 0) > max(seen, last_of.get(event.group, 0)):
            return True
        last_of[event.group] = event.number or 0
    return False


def forget_before(moment: datetime) -> int:
    """Delete published events older than `moment`; return how many.

    The newest of each group stays: its number is what the group's next event names as previous.
    """
    newer = OutboxEvent.objects.filter(group=OuterRef("group"), number__gt=OuterRef("number"))
    old = OutboxEvent.objects.filter(created_at__lt=moment, published_at__isnull=False)
    return old.filter(Exists(newer)).delete()[0]


def encode(event: OutboxEvent) -> bytes:
    """Return the bytes every socket of the event's group is sent."""
    return _frame(event.type, event.data, event.created_at, event)


def heartbeat(*, newest: int, now: datetime) -> bytes:
    """Return the sign of life: every event up to `newest` has been sent before it."""
    return _frame("heartbeat", {"newest": newest}, now)


def resync(*, newest: int, now: datetime) -> bytes:
    """Return the word that events were left out: read the state anew, then go on."""
    return _frame("resync", {"newest": newest}, now)


def _frame(
    type_: str, data: dict[str, Any], timestamp: datetime, event: OutboxEvent | None = None
) -> bytes:
    return msgspec.json.encode(
        {
            "id": event.number if event else None,
            "prev": event.previous if event else None,
            "group": event.group if event else EVERYONE,
            "type": type_,
            "data": data,
            "timestamp": timestamp,
        }
    )


def pack(group: str, number: int, frame: bytes) -> bytes:
    """Return a message for `CHANNEL`; `number` is 0 for a frame that takes none."""
    return b"%b %d %b" % (group.encode(), number, frame)


def unpack(message: bytes) -> tuple[str, int, str]:
    """Return group, number and frame of a message from `CHANNEL`."""
    group, number, frame = message.split(b" ", 2)
    return group.decode(), int(number), frame.decode()
