"""Readings straight into the broker's stream, judged and packed as ingest does, without HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.conf import settings

from meters.registry import Registry
from workers.ingest import answers
from workers.ingest.door import BrokenPromise, Door, NotReady, read_clock
from workers.simulator import tally
from workers.simulator.feed import Body
from workers.simulator.sender import Busy

MEGABYTE = 1_000_000


class Unfit(Exception):
    """The broker cannot keep what it is given; carries the faults."""


class StreamTarget:
    """Appends bodies to the stream through a door of its own."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def send(self, body: Body) -> tally.Answer:
        """See `sender.Target`."""
        try:
            known = self._registry()
            self._door.check_room()
            now = read_clock()
            judged = self._door.judge(body.content, known, single=False, now=now)
            repeats = await self._door.append(judged, now=now)
        except NotReady as fault:
            raise Busy(str(fault), fault.retry_after_s) from fault
        _, answer = answers.answer(judged, repeats, validated=False)
        return tally.Answer(
            accepted=answer.accepted,
            duplicates=answer.duplicates,
            quarantined=answer.quarantined,
            rejected=answer.rejected,
            errors=[tally.Item(fault.code) for fault in answer.errors],
        )

    def _registry(self) -> Registry:
        if self._door.registry is None:
            raise NotReady("the registry of meters is not in the broker yet")
        return self._door.registry


@asynccontextmanager
async def stream_target() -> AsyncIterator[StreamTarget]:
    """Open the way to the broker that the settings name; raises Unfit."""
    door = Door(
        url=settings.REDIS_URL,
        backlog_limit=settings.SEGS_BACKLOG_LIMIT,
        memory_limit=settings.SEGS_BROKER_MEMORY_LIMIT_MB * MEGABYTE,
        marks_limit=settings.SEGS_DEDUPE_MARKS,
        replicas=settings.SEGS_WAITAOF_REPLICAS,
    )
    try:
        await door.open()
    except BrokenPromise as fault:
        await door.close()
        raise Unfit(str(fault)) from fault
    try:
        yield StreamTarget(door)
    finally:
        await door.close()
