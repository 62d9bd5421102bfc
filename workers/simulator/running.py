"""The loop of a run: rounds leave when they are due, whatever became of those before."""

import asyncio
import itertools
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, time
from typing import Any, Final

from workers.simulator import moments
from workers.simulator.feed import Feed
from workers.simulator.options import Options
from workers.simulator.pacing import Schedule
from workers.simulator.progress import Progress
from workers.simulator.sender import Sender, Target
from workers.simulator.tally import Tally

DRAIN_S: Final = 15.0  # what is under way at a stop may take this long to be answered
SHOW_EVERY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went; `stopped` when a signal ended it."""

    tally: Tally
    elapsed_s: float
    stopped: bool


class Stop:
    """Asked once: send no more, finish what is under way. Asked twice: end now."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.urgent = asyncio.Event()

    def ask(self) -> None:
        """Ask to stop, or to hurry."""
        (self.urgent if self.asked.is_set() else self.asked).set()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM ask, as long as the context lasts."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.ask)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


class Run:
    """One run: `go` sends rounds until the orders are carried out or `stop` is asked."""

    def __init__(self, options: Options, target: Target, progress: Progress) -> None:
        self._options = options
        self._target = target
        self._progress = progress
        self._tally = Tally()
        self._behind_s = 0.0
        self._schedule = Schedule.aligned(
            interval_ms=options.interval_ms,
            start_ms=moments.milliseconds(options.start),
            started_ms=int(time() * 1000),
            speed=options.speed,
        )
        self._feed = Feed(options, self._schedule)

    async def go(self, stop: Stop) -> Outcome:
        """Send until done; every reading that was sent is in one of the tally's counts."""
        started = monotonic()
        async with asyncio.TaskGroup() as group:
            sender = Sender(
                self._target,
                self._tally,
                group=group,
                concurrency=self._options.concurrency,
                tries=self._options.tries,
            )
            watching = group.create_task(self._watch(sender))
            await _first_of(
                self._send_rounds(sender), stop.asked, within_s=self._options.duration or None
            )
            cut_short = stop.urgent if stop.asked.is_set() else stop.asked
            await _first_of(self._finish(sender), cut_short, within_s=self._patience_s(stop))
            elapsed_s = monotonic() - started
            watching.cancel()
            await sender.close()
            self._show(sender)
        self._progress.close()
        return Outcome(self._tally, elapsed_s, stop.asked.is_set())

    def _patience_s(self, stop: Stop) -> float | None:
        """Return how long to wait for answers: for counted rounds until each has its fate."""
        counted = self._options.iterations and not self._options.duration
        return None if counted and not stop.asked.is_set() else DRAIN_S

    async def _send_rounds(self, sender: Sender) -> None:
        numbers = (
            range(self._options.iterations) if self._options.iterations else itertools.count()
        )
        for number in numbers:
            due_ms = self._schedule.due_ms(number)
            await asyncio.sleep(max(0.0, due_ms / 1000 - time()))
            for body in self._feed.round(number):
                await sender.put(body)
                self._behind_s = time() - due_ms / 1000

    async def _finish(self, sender: Sender) -> None:
        for body in self._feed.leftovers():
            await sender.put(body)
        await sender.drain()

    async def _watch(self, sender: Sender) -> None:
        while True:
            await asyncio.sleep(SHOW_EVERY_S)
            self._show(sender)

    def _show(self, sender: Sender) -> None:
        self._progress.show(self._tally, behind_s=self._behind_s, trouble=sender.trouble)


async def _first_of(
    work: Coroutine[Any, Any, None], event: asyncio.Event, *, within_s: float | None
) -> None:
    """Let `work` run until it ends, the event is set, or the time is up; its fault is raised."""
    tasks: set[asyncio.Task[Any]] = {
        asyncio.create_task(work),
        asyncio.create_task(event.wait()),
    }
    try:
        done, _ = await asyncio.wait(tasks, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
