"""What waits for one socket: ready frames, in order, bounded.

A socket that does not read loses its frames, not our memory: it is told to resync instead.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from segs_site.lib import live
from segs_site.lib.metrics import RESYNCS
from segs_site.lib.models import OutboxEvent

FRAMES_LIMIT = 2 * live.REPLAY_LIMIT  # a full replay and as much again behind it
BYTES_LIMIT = 2_000_000

Frame = str | bytes  # a text frame or a binary one


class Outlet:
    """The queue of one socket that hears `groups`; `seen` is the last number it was given.

    `attends` says that whoever sits before it may act on alerts.
    """

    def __init__(
        self, groups: frozenset[str], *, with_map: bool = False, attends: bool = False
    ) -> None:
        self.groups = groups
        self.with_map = with_map
        self.attends = attends
        self.seen = 0
        self.overflows = 0
        self._waiting: deque[tuple[int, Frame]] = deque()
        self._bytes = 0
        self._some = asyncio.Event()

    def offer(self, number: int, frame: Frame) -> None:
        """Queue a frame; a numbered one that the socket has already been given is dropped."""
        if number and number <= self.seen:
            return
        if self._waiting and self._is_full(frame):
            self.overflow()
        self.seen = max(self.seen, number)
        self._append(number, frame)

    def overflow(self) -> None:
        """Forget what waits and say so."""
        self.overflows += 1
        RESYNCS.inc()
        self._waiting.clear()
        self._bytes = 0
        word = live.resync(newest=self.seen, now=datetime.now(UTC))
        self._append(0, word.decode())

    def put_first(self, missed: Sequence[OutboxEvent]) -> None:
        """Queue replayed events before what came meanwhile, which may hold some of them too."""
        last = (missed[-1].number or 0) if missed else 0
        later = [(number, frame) for number, frame in self._waiting if not 0 < number <= last]
        self._waiting.clear()
        self._bytes = 0
        for event in missed:
            self._append(event.number or 0, live.encode(event).decode())
        for number, frame in later:
            self._append(number, frame)
        self.seen = max(self.seen, last)

    async def take(self) -> Frame:
        """Wait for the next frame and return it."""
        while not self._waiting:
            self._some.clear()
            await self._some.wait()
        _, frame = self._waiting.popleft()
        self._bytes -= len(frame)
        return frame

    def _is_full(self, frame: Frame) -> bool:
        return len(self._waiting) >= FRAMES_LIMIT or self._bytes + len(frame) > BYTES_LIMIT

    def _append(self, number: int, frame: Frame) -> None:
        self._waiting.append((number, frame))
        self._bytes += len(frame)
        self._some.set()
