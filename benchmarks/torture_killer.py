"""Kills what runs, in a seeded order, and starts it again as a supervisor would."""

import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from benchmarks import torture_worker
from benchmarks.stack import Stack
from benchmarks.torture_worker import BEFORE_ACK, BEFORE_COMMIT, KILL, STOP

PROCESSES = ("ingest", "worker", "relay", "celery", "beat")
PAUSE_S = 13.0  # more than a lease, and than the database waits for an idle transaction
FUSE_S = 6.0  # under load a batch comes sooner; without one the fuse is taken away
LONGEST_DOWN_S = 2.0
LONGEST_FROZEN_S = 12.0  # more than clients and processes wait for an answer
GAP_S = (0.5, 3.0)

# A card names what dies together: a process, a server, `worker@PLACE` for a death at that place
# of its work, `pause` or `pause@PLACE` for a worker that stops and wakes when another has taken
# over, `drain` for an ingest that is asked to end, `freeze@SERVER` for one that stands still.
DECK: Sequence[tuple[str, ...]] = (
    ("ingest",),
    ("worker",),
    ("relay",),
    ("celery",),
    ("beat",),
    ("broker",),
    ("database",),
    (f"worker@{BEFORE_COMMIT}",),
    (f"worker@{BEFORE_ACK}",),
    ("pause",),
    (f"pause@{BEFORE_COMMIT}",),
    (f"pause@{BEFORE_ACK}",),
    ("drain",),
    ("freeze@broker",),
    ("freeze@database",),
    ("broker", "database"),
    ("ingest", "worker"),
    ("database", "worker"),
    ("broker", "celery", "relay"),
    ("ingest", "broker"),
    ("database", "beat", "celery"),
    ("database", "ingest", "relay"),
)


class Killer:
    """One hand that deals the deck again and again; `kills` counts deaths by what died."""

    def __init__(
        self, stack: Stack, *, fuses: Path, seed: int, say: Callable[[str], None]
    ) -> None:
        self.kills: Counter[str] = Counter()
        self.pauses = self.freezes = 0
        self.fallen: list[str] = []  # processes that ended though nobody killed them
        self._stack, self._fuses, self._say = stack, fuses, say
        self._random = random.Random(seed)
        self._paused_at: float | None = None

    def run(self, ends: float) -> None:
        """Kill until `ends`, then leave everything running and awake."""
        deck: list[tuple[str, ...]] = []
        while time.time() < ends:
            if not deck:
                deck = self._random.sample(DECK, len(DECK))
            self._play(deck.pop())
            self._wait(self._random.uniform(*GAP_S))
        while self._paused_at is not None:
            self._wait(0.5)
        self._tend()

    def _play(self, card: tuple[str, ...]) -> None:
        self._say(" + ".join(card))
        down_s = self._random.uniform(0, LONGEST_DOWN_S)
        dead = [name for what in card for name in self._strike(what)]
        time.sleep(down_s if dead else 0)
        for name in dead:
            self._raise(name)

    def _strike(self, what: str) -> list[str]:
        """Do what a card says; return what must be started again."""
        what, _, place = what.partition("@")
        if what == "pause":
            self._pause(place)
        elif what == "freeze":
            self._freeze(place)
        elif place:
            self._burn(place)
        elif what == "drain":
            self._stack.stop("ingest")
            return ["ingest"]
        else:
            return [self._kill(what)]
        return []

    def _kill(self, name: str) -> str:
        if name == "worker":
            name = self._awake()
        self.kills[name] += 1
        if name == "database":
            self._stack.kill_database()
        elif name == "broker":
            self._stack.broker.kill()
        else:
            self._stack.kill(name)
        return name

    def _freeze(self, server: str) -> None:
        """Let a server stand still for a while, whatever it was doing."""
        root = psutil.Process(getattr(self._stack, server).pid)
        family = [root, *root.children(recursive=True)]
        _send(family, signal.SIGSTOP)
        time.sleep(self._random.uniform(1.0, LONGEST_FROZEN_S))
        _send(family, signal.SIGCONT)
        self.freezes += 1

    def _raise(self, name: str) -> None:
        if name == "database":
            self._stack.database.start()
        elif name == "broker":
            self._stack.broker.start()
        else:
            self._stack.start(name)

    def _awake(self) -> str:
        """Return the worker that works; the one that stands still where there is no other."""
        if self._paused_at is not None and "second" in self._stack.processes:
            return "second"
        self._paused_at = None
        return "worker"

    def _burn(self, place: str) -> None:
        """Let the worker that comes first to a place of its work die there."""
        if self._lit(place, KILL, self._dead_workers):
            for name in self._dead_workers():
                self.kills[f"worker {place}"] += 1
                self._stack.kill(name)
                self._stack.start(name)

    def _pause(self, place: str) -> None:
        """Stop the worker, at a place of its work where one is named; start a second one."""
        if self._paused_at is not None:
            return
        if place and not self._lit(place, STOP, self._worker_stands):
            return
        self._stack.processes["worker"].send_signal(signal.SIGSTOP)
        self.pauses += 1
        self._paused_at = time.monotonic()
        # Every other time nobody takes over, and the worker that wakes is still the owner.
        if self.pauses % 2:
            self._stack.start("second")

    def _lit(self, place: str, signal_name: str, burnt: Callable[[], object]) -> bool:
        fuse = torture_worker.fuse(self._fuses, place, signal_name)
        fuse.touch()
        deadline = time.monotonic() + FUSE_S
        while time.monotonic() < deadline and not burnt():
            time.sleep(0.05)
        fuse.unlink(missing_ok=True)
        return bool(burnt())

    def _dead_workers(self) -> list[str]:
        workers = ((name, self._stack.processes.get(name)) for name in ("worker", "second"))
        return [name for name, process in workers if process is not None and process.poll()]

    def _worker_stands(self) -> bool:
        process = psutil.Process(self._stack.processes["worker"].pid)
        return process.status() == psutil.STATUS_STOPPED

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._tend()
            time.sleep(0.1)

    def _tend(self) -> None:
        """Wake whom it is time to wake; start again what fell by itself."""
        if self._paused_at is not None and time.monotonic() > self._paused_at + PAUSE_S:
            self._stack.processes["worker"].send_signal(signal.SIGCONT)
            self._say("worker wakes")
            self._paused_at = None
            time.sleep(1.0)  # time to do harm
            if "second" in self._stack.processes:
                self._stack.stop("second")
        for name, process in list(self._stack.processes.items()):
            if process.poll() is not None:
                self.fallen.append(f"{name} ({process.returncode})")
                self._say(f"{name} has fallen ({process.returncode})")
                self._stack.kill(name)
                self._stack.start(name)


def _send(family: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
