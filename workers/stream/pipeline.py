"""Messages from a transport to a handler, shard by shard: done, busy or broken.

The pipeline does not know what it carries. The handler stores a merged batch and the shard's
new offset in one transaction; only then is the transport told to let go.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from workers.stream.message import Message, order
from workers.stream.transport import Away, Transport

log = logging.getLogger(__name__)

START = "0-0"  # the offset of a shard of which nothing is stored
ENTRIES_A_BATCH = 256  # of some 250 readings each: about what one transaction stores best


class Busy(Exception):
    """What is needed is away for a while: leave the messages and come again."""


class Broken(Exception):
    """One message can never be processed: put it aside with the reason."""

    def __init__(self, message: Message, reason: str) -> None:
        super().__init__(reason)
        self.message = message
        self.reason = reason


class Lost(Exception):
    """The shard belongs to somebody else now: drop it."""


@dataclass(slots=True)
class Lane:
    """A leased shard: its epoch, and the offset behind which everything is stored."""

    shard: int
    epoch: int
    offset: str


class Handler(Protocol):
    """Stores what messages carry."""

    def store(self, lane: Lane, messages: Sequence[Message]) -> None:
        """Store messages, in order, each transaction with the offset behind what it stored.

        Moves `lane.offset` with every commit. A message without fields carries nothing. Raises
        Busy, Broken or Lost; a repeat of what is stored already must do no harm.
        """
        ...

    def rest(self, lane: Lane, clock_us: int) -> None:
        """Note that the lane was read empty at `clock_us`; raises Busy or Lost."""
        ...


@dataclass(slots=True)
class Round:
    """What one turn of the pipeline did."""

    stored: int = 0
    buried: int = 0
    lost: list[int] = field(default_factory=list)
    busy: str = ""


class Pipeline:
    """Turns: fetch for all lanes, store lane by lane, let go."""

    def __init__(
        self, transport: Transport, handler: Handler, *, entries: int = ENTRIES_A_BATCH
    ) -> None:
        self._transport = transport
        self._handler = handler
        self._entries = entries
        self._let_go: dict[int, str] = {}

    def turn(self, lanes: Sequence[Lane], *, wait_ms: int) -> Round:
        """Process what waits in the lanes once; never raises for what a lane or message does."""
        done = Round()
        try:
            offsets = {lane.shard: lane.offset for lane in lanes}
            fetched = self._transport.fetch(offsets, entries=self._entries, wait_ms=wait_ms)
        except Away as fault:
            done.busy = f"the broker is away: {fault}"
            return done
        for lane in lanes:
            try:
                self._lane(lane, fetched.messages.get(lane.shard, ()), fetched.clock_us, done)
            except Lost:
                done.lost.append(lane.shard)
            except (Busy, Away) as fault:
                done.busy = str(fault)
        return done

    def _lane(self, lane: Lane, messages: Sequence[Message], clock_us: int, done: Round) -> None:
        if messages:
            self._store(lane, messages, done)
        else:
            self._handler.rest(lane, clock_us)
        # Also where nothing came: whoever stored up to here may have died before it let go, and
        # what nobody lets go of is backlog, for which the door refuses what would come.
        if lane.offset not in (START, self._let_go.get(lane.shard)):
            self._transport.acknowledge(lane.shard, lane.offset)
            self._let_go[lane.shard] = lane.offset

    def _store(self, lane: Lane, messages: Sequence[Message], done: Round) -> None:
        waiting = list(messages)
        while waiting:
            try:
                self._handler.store(lane, waiting)
            except Broken as fault:
                self._transport.bury(lane.shard, fault.message, fault.reason)
                log.warning("shard %s: buried %s: %s", lane.shard, fault.message.id, fault)
                done.buried += 1
                # An empty message in its place still moves the offset past it.
                waiting = [_emptied(m) if m.id == fault.message.id else m for m in waiting]
            behind = order(lane.offset)
            done.stored += sum(order(m.id) <= behind for m in waiting)
            waiting = [m for m in waiting if order(m.id) > behind]


def _emptied(message: Message) -> Message:
    return Message(message.id, {})
