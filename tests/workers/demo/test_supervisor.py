import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from workers.demo import supervisor
from workers.demo.supervisor import Program, Supervisor

SOON_S = 15

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, flush=True)
time.sleep(60)
"""
POLITE = """
import signal, sys, time
def end(*_):
    print("ending", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(60)
"""


def program(name: str, code: str, patience_s: float = 5.0) -> Program:
    return Program(name, (sys.executable, "-c", code), patience_s)


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SOON_S
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Heard(list[tuple[str, str]]):
    """What the programs said, in order."""

    def say(self, name: str, line: str) -> None:
        self.append((name, line))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def keeper(tmp_path: Path, heard: Heard) -> Iterator[Supervisor]:
    made = Supervisor(
        environment=os.environ, root=tmp_path, folder=tmp_path / "run", say=heard.say
    )
    yield made
    made.hurried = True
    made.stop()


class TestStart:
    def test_passes_on_what_a_program_says_under_its_name(self, keeper, heard):
        keeper.start([program("greeter", "print('hello')")])

        assert eventually(lambda: ("greeter", "hello") in heard)

    def test_gives_each_a_session_of_its_own_so_that_ctrl_c_passes_it_by(self, keeper, heard):
        keeper.start([program("loner", "import os, time; print(os.getsid(0)); time.sleep(60)")])

        assert eventually(lambda: bool(heard))
        assert int(heard[0][1]) != os.getsid(0)


class TestWatch:
    def test_starts_again_what_ended(self, keeper, heard):
        keeper.start([program("mayfly", "print('born')")])

        def was_born_again() -> bool:
            keeper.watch()
            return heard.count(("mayfly", "born")) >= 2

        assert eventually(was_born_again)
        assert ("mayfly", "ended with 0, starts again in 0.5 s") in heard

    def test_waits_longer_each_time(self, keeper, heard):
        keeper.start([program("mayfly", "raise SystemExit(3)")])

        def has_waited_twice() -> bool:
            keeper.watch()
            return ("mayfly", "ended with 3, starts again in 1 s") in heard

        assert eventually(has_waited_twice)

    def test_leaves_alone_what_runs(self, keeper, heard):
        keeper.start([program("steady", POLITE)])
        assert eventually(lambda: ("steady", "ready") in heard)

        keeper.watch()

        assert heard == [("steady", "ready")]


class TestStop:
    def test_lets_the_last_started_end_first(self, keeper, heard):
        keeper.start([program("below", POLITE), program("above", POLITE)])
        assert eventually(lambda: len(heard) == 2)

        keeper.stop()

        assert heard[2:] == [("above", "ending"), ("below", "ending")]

    def test_kills_what_does_not_listen(self, keeper, heard):
        keeper.start([program("stubborn", STUBBORN, patience_s=0.2)])
        assert eventually(lambda: bool(heard))
        began = time.monotonic()

        keeper.stop()

        assert time.monotonic() - began < SOON_S

    def test_does_not_wait_when_hurried(self, keeper, heard):
        keeper.start([program("stubborn", STUBBORN, patience_s=600)])
        assert eventually(lambda: bool(heard))
        keeper.hurried = True
        began = time.monotonic()

        keeper.stop()

        assert time.monotonic() - began < SOON_S

    def test_ends_the_children_of_its_children(self, keeper, heard):
        keeper.start([program("parent", FAMILY)])
        assert eventually(lambda: bool(heard))
        grandchild = int(heard[0][1].split()[1])

        keeper.stop()

        assert eventually(lambda: not runs(grandchild))

    def test_leaves_no_note(self, keeper, heard, tmp_path):
        keeper.start([program("steady", POLITE)])
        assert eventually(lambda: bool(heard))
        assert (tmp_path / "run" / "steady.pid").exists()

        keeper.stop()

        assert not list((tmp_path / "run").iterdir())


class TestEndLeftOver:
    def test_ends_what_a_killed_supervisor_left_behind(self, keeper, heard, tmp_path):
        keeper.start([program("orphan", POLITE)])
        assert eventually(lambda: bool(heard))

        supervisor.end_left_over(tmp_path / "run", say=heard.say)

        assert eventually(lambda: ("orphan", "ending") in heard)

    def test_spares_a_stranger_with_the_same_number(self, heard, tmp_path):
        note = tmp_path / "stranger.pid"
        note.write_text(f"{os.getpid()} 12345.0\n")

        supervisor.end_left_over(tmp_path, say=heard.say)

        assert heard == []
        assert not note.exists()
