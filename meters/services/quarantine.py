"""Decides what waits in quarantine: a person adopts a reading, or discards it, once.

To adopt is to say "count it all the same". The reading then goes through the stream again, so
that its shard's owner writes it: whoever decides only marks the row, and a worker appends it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np
from django.conf import settings
from django.db import transaction

from meters import admission, columns, registry, telemetry, verdicts
from meters.choices import QuarantineState, Turn
from meters.models import Meter, QuarantinedReading
from meters.registry import NOWHERE, Registry
from meters.services import turning

_ANY_POWER = 2**58  # milliwatts; a day of it is still within 64 bits


class AlreadyDecided(Exception):
    """Somebody adopted or discarded the reading before."""


class NotAdoptable(Exception):
    """The reading cannot be counted; `code` says why in a word, the text in a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


CONFLICT = "the meter has another value at this time already, and the first one stays"
UNKNOWN = "the meter is not registered: register it first"


@dataclass(frozen=True, slots=True)
class Parcel:
    """An adopted reading, packed for the stream of its shard."""

    pk: int
    shard: int
    packed: bytes


def adopt(*, pk: int, by: str, note: str = "", now: datetime) -> QuarantinedReading:
    """Have a reading counted; until a worker has appended it its `appended_at` is empty.

    Where its register stands lower than before it goes on from there: nothing is counted across.
    Raises QuarantinedReading.DoesNotExist, AlreadyDecided and NotAdoptable.
    """
    with transaction.atomic():
        return _count(_open(pk), Turn.RESET, by=by, note=note, now=now)


def confirm(*, pk: int, by: str, note: str = "", now: datetime) -> QuarantinedReading:
    """Adopt a reading whose register rolled over: what it moved is counted across it.

    Raises what `adopt` does, and `turning.NotARollover`.
    """
    with transaction.atomic():
        held = _open(pk)
        if held.reason != verdicts.REGISTER_ROLLOVER:
            raise turning.NotARollover("it is not held for a register that rolled over")
        return _count(held, Turn.ROLLOVER, by=by, note=note, now=now)


def _count(
    held: QuarantinedReading, kind: Turn, *, by: str, note: str, now: datetime
) -> QuarantinedReading:
    meter = Meter.objects.filter(serial=held.serial).first()
    packed(held, meter, now=now)
    if meter is not None and held.reason in turning.REASONS:
        turning.decide(held=held, meter=meter, kind=kind, by=by, note=note, now=now)
    return _decide(held, QuarantineState.ADOPTED, by=by, note=note, now=now)


def discard(*, pk: int, by: str, note: str = "", now: datetime) -> QuarantinedReading:
    """Have a reading left out for good; it stays to be looked at.

    Raises QuarantinedReading.DoesNotExist and AlreadyDecided.
    """
    with transaction.atomic():
        return _decide(_open(pk), QuarantineState.DISCARDED, by=by, note=note, now=now)


def _open(pk: int) -> QuarantinedReading:
    held = QuarantinedReading.objects.select_for_update().get(pk=pk)
    if held.state != QuarantineState.OPEN:
        message = f"it was {held.state} by {held.decided_by or 'somebody'}"
        raise AlreadyDecided(message)
    return held


def _decide(
    held: QuarantinedReading, state: QuarantineState, *, by: str, note: str, now: datetime
) -> QuarantinedReading:
    held.state, held.decided_by, held.decided_at, held.note = state, by, now, note
    held.save(update_fields=["state", "decided_by", "decided_at", "note"])
    return held


def packed(held: QuarantinedReading, meter: Meter | None, *, now: datetime) -> bytes:
    """Return a held reading as the stream carries it, under its meter's id.

    It is judged once more, by a registry that finds nothing implausible. Raises NotAdoptable
    where the meter is still unknown or has another value then, and where the reading is too old
    to be summed or holds what no column can.
    """
    if held.reason == verdicts.CONFLICT:
        raise NotAdoptable("conflict", CONFLICT)
    if meter is None:
        raise NotAdoptable("unknown_meter", UNKNOWN)
    parsed = telemetry.parse(_item(held), single=True)
    judged = admission.judge(parsed, _indulgent(meter), now=now)
    for refusal in judged.refusals:
        raise NotAdoptable(refusal.code, refusal.message)
    if judged.held:
        reason = "it holds a value that cannot be stored"
        raise NotAdoptable(judged.held[0].held.reason, reason)
    return columns.pack(columns.Batch(judged.columns))


def _item(held: QuarantinedReading) -> bytes:
    """Return the item as it came; one that lost its id or region on the way gets one."""
    item = msgspec.json.decode(held.raw, type=dict[str, msgspec.Raw])
    lost = {"readingId": held.reading_id or f"quarantine-{held.pk}", "region": "unknown"}
    for name, value in lost.items():
        item.setdefault(name, msgspec.Raw(msgspec.json.encode(value)))
    return msgspec.json.encode(item)


def _indulgent(meter: Meter) -> Registry:
    return Registry(
        version=0,
        shards=1,
        auto_register=False,
        oldest_days=settings.SEGS_RAW_RETENTION_DAYS,
        place={meter.serial: 0},
        regions={},
        meter=np.array([meter.pk, -1], np.int64),
        shard=np.array([meter.shard, -1], np.int64),
        region=np.array([NOWHERE, NOWHERE], np.int64),
        limit=np.array([_ANY_POWER, 0], np.int64),
        both=np.array([True, True], np.bool_),
        keys={},
    )


def to_append(*, limit: int, shards: int, now: datetime) -> list[Parcel]:
    """Return adopted readings that are not in the stream yet, oldest decision first.

    Appending one twice does no harm: the same reading is one row. One that became too old since
    it was adopted is given back for another decision.
    """
    due = QuarantinedReading.objects.filter(
        state=QuarantineState.ADOPTED, appended_at__isnull=True
    ).order_by("pk")[:limit]
    waiting = list(due)
    meters = {m.serial: m for m in Meter.objects.filter(serial__in={h.serial for h in waiting})}
    return [
        parcel
        for held in waiting
        for parcel in _parcel(held, meters.get(held.serial), shards, now)
    ]


def _parcel(
    held: QuarantinedReading, meter: Meter | None, shards: int, now: datetime
) -> Iterator[Parcel]:
    try:
        content = packed(held, meter, now=now)
    except NotAdoptable as problem:
        note = f"not adopted: {problem}"[:500]
        waiting = QuarantinedReading.objects.filter(pk=held.pk, appended_at__isnull=True)
        waiting.update(state=QuarantineState.OPEN, note=note)
    else:
        yield Parcel(held.pk, registry.shard_of(held.serial, shards), content)


def note_appended(*, pks: Sequence[int], now: datetime) -> None:
    """Write down that adopted readings are in the stream."""
    waiting = QuarantinedReading.objects.filter(pk__in=pks, appended_at__isnull=True)
    waiting.update(appended_at=now)
