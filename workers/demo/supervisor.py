"""Keeps a list of processes running: restarts what ends, stops all in order."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
HEALTHY_AFTER_S = 60.0  # who lived so long starts again at once
GLANCE_S = 0.05
LEFT_OVER_PATIENCE_S = 5.0

Say = Callable[[str, str], None]  # who says it, one line


@dataclass(frozen=True, slots=True)
class Program:
    """A process that is to run: `patience_s` after SIGTERM it is killed."""

    name: str
    command: tuple[str, ...]
    patience_s: float = 10.0


@dataclass(slots=True)
class Child:
    """A program that was started, with its pauses between restarts."""

    program: Program
    process: subprocess.Popen[str]
    started: float
    pause_s: float = FIRST_PAUSE_S
    due: float | None = None  # when it is started again, on the monotonic clock
    reader: threading.Thread = field(default_factory=threading.Thread)


class Supervisor:
    """Starts programs, each in a session of its own so that Ctrl-C does not reach it.

    Their pids are noted in `folder`, where `end_left_over` finds those that a killed supervisor
    has left behind. `say` is called with the name of a program and a line of its output, from
    several threads.
    """

    def __init__(
        self, *, environment: Mapping[str, str], root: Path, folder: Path, say: Say
    ) -> None:
        self._environment = environment
        self._root = root
        self._folder = folder
        self._say = say
        self._children: list[Child] = []
        folder.mkdir(parents=True, exist_ok=True)
        self.hurried = False  # set by a second Ctrl-C: no more patience

    def start(self, programs: Iterable[Program]) -> None:
        """Start programs, in order."""
        for program in programs:
            child = Child(program, self._spawn(program), time.monotonic())
            self._listen(child)
            self._children.append(child)

    def watch(self) -> None:
        """Start again whatever has ended and has waited its pause; to be called often."""
        now = time.monotonic()
        for child in self._children:
            if child.due is not None and now >= child.due:
                child.process, child.started, child.due = self._spawn(child.program), now, None
                self._listen(child)
            elif child.due is None and child.process.poll() is not None:
                self._bury(child, now)

    def stop(self) -> None:
        """Stop everything, the last started first, one after the other."""
        for child in reversed(self._children):
            with contextlib.suppress(psutil.NoSuchProcess):
                patience_s = 0.0 if self.hurried else child.program.patience_s
                process = psutil.Process(child.process.pid)
                _end(process, patience_s=patience_s, hurried=lambda: self.hurried)
            child.process.wait()
            child.reader.join(timeout=1)
            self._note(child.program).unlink(missing_ok=True)
        self._children.clear()

    def _spawn(self, program: Program) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            program.command,
            cwd=self._root,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        with contextlib.suppress(psutil.Error):
            created = psutil.Process(process.pid).create_time()
            self._note(program).write_text(f"{process.pid} {created!r}\n")
        return process

    def _bury(self, child: Child, now: float) -> None:
        if now - child.started >= HEALTHY_AFTER_S:
            child.pause_s = FIRST_PAUSE_S
        child.due = now + child.pause_s
        code = child.process.returncode
        self._say(child.program.name, f"ended with {code}, starts again in {child.pause_s:g} s")
        child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)

    def _listen(self, child: Child) -> None:
        output = child.process.stdout
        assert output is not None
        child.reader = threading.Thread(
            target=self._pass_on, args=(child.program.name, output), daemon=True
        )
        child.reader.start()

    def _pass_on(self, name: str, output: IO[str]) -> None:
        for line in output:
            if line.strip():
                self._say(name, line.rstrip())
        output.close()

    def _note(self, program: Program) -> Path:
        return self._folder / f"{program.name}.pid"


def end_left_over(folder: Path, *, say: Say) -> None:
    """End what a supervisor that was killed has left running, by its notes in `folder`."""
    for note in folder.glob("*.pid"):
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            pid, created = note.read_text().split()
            process = psutil.Process(int(pid))
            if process.create_time() == float(created):
                say(note.stem, f"ends what an earlier start left over (pid {pid})")
                _end(process, patience_s=LEFT_OVER_PATIENCE_S)
        note.unlink(missing_ok=True)


def _end(
    process: psutil.Process, *, patience_s: float, hurried: Callable[[], bool] = lambda: False
) -> None:
    """Ask a process to end; after `patience_s` kill it; kill what is left of its session."""
    family = [process]
    with contextlib.suppress(psutil.NoSuchProcess):  # it may end by itself at any moment
        family += process.children(recursive=True)
        process.terminate()
    deadline = time.monotonic() + patience_s
    while _runs(process) and time.monotonic() < deadline and not hurried():
        time.sleep(GLANCE_S)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # it leads the group of its session


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
