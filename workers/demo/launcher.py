"""Brings all of SEGS up on one machine, keeps it up, and stops it in order."""

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from workers import embedded
from workers.demo import orders, people, programs, signs, supervisor
from workers.demo.orders import Orders, Refused
from workers.demo.supervisor import Supervisor

DATABASE = "segs"
NEEDED_BYTES = 2 << 30  # the write-ahead log alone may grow to 4 GB in a day, a start needs less
GLANCE_S = 0.2
LATE_S = 180  # a first regional load that takes longer than this is a fault
LOOPBACK = "127.0.0.1"


class Launcher:
    """One run of the demo."""

    def __init__(self, asked: Orders, *, root: Path, given: Mapping[str, str]) -> None:
        self._asked = asked
        self._root = root
        self._given = given
        self._began = time.monotonic()
        self._stop = threading.Event()
        self._printing = threading.Lock()
        self._supervisor: Supervisor | None = None

    def run(self) -> None:
        """Run until SIGINT or SIGTERM; raises Refused or embedded.CannotStart.

        Whatever was started is stopped in either case.
        """
        orders.make_home(self._asked.home, needed_bytes=NEEDED_BYTES)
        with ExitStack() as undo:
            undo.enter_context(_only_one(self._asked.home))
            supervisor.end_left_over(self._asked.home / "run", say=self.say)
            _refuse_taken(self._asked.port)
            undo.enter_context(self._signals())
            database, database_url = self._database(undo)
            broker, redis_url = self._broker(undo)
            environment = programs.environment(
                self._asked, self._given, database_url=database_url, redis_url=redis_url
            )
            self._prepare(environment)
            keeper = self._start(undo, environment)
            watch = signs.Signs(port=self._asked.port, database_url=database_url)
            self._keep(keeper, watch, [server for server in (database, broker) if server])
            self.say("demo", "stops; a second Ctrl-C does not wait for anything")
        self.say("demo", "stopped")

    def say(self, name: str, line: str) -> None:
        """Print one line of one process."""
        with self._printing:
            sys.stdout.write(f"{name:>9} | {line}\n")
            sys.stdout.flush()

    def _step(self, line: str) -> None:
        self.say("demo", f"{time.monotonic() - self._began:5.1f} s  {line}")

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Turn Ctrl-C, SIGTERM and a closed terminal into a wish to stop."""

        def wish(number: int, frame: FrameType | None) -> None:
            if self._stop.is_set() and self._supervisor is not None:
                self._supervisor.hurried = True
            self._stop.set()

        before = {
            number: signal.signal(number, wish)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _database(self, undo: ExitStack) -> tuple[embedded.Database | None, str]:
        if self._asked.database_url:
            self._step("PostgreSQL: the one of DATABASE_URL")
            return None, self._asked.database_url
        self._step(f"PostgreSQL starts in {self._asked.home / 'postgres'}")
        database = embedded.Database(self._asked.home / "postgres")
        undo.callback(database.stop)
        database.create(DATABASE)
        return database, database.url(DATABASE)

    def _broker(self, undo: ExitStack) -> tuple[embedded.Broker | None, str]:
        if self._asked.redis_url:
            self._step("Valkey: the one of REDIS_URL")
            return None, self._asked.redis_url
        self._step(f"Valkey starts in {self._asked.home / 'valkey'}")
        broker = embedded.Broker(self._asked.home / "valkey")
        broker.start()
        undo.callback(broker.stop)
        return broker, broker.url()

    def _prepare(self, environment: Mapping[str, str]) -> None:
        """Migrate and lay the grid, in a process that has the new addresses in its settings."""
        if self._stop.is_set():
            return
        self._step("tables, grid and accounts")
        done = subprocess.run(
            [sys.executable, "manage.py", "demo", "--prepare"],
            cwd=self._root,
            env=dict(environment),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
        )
        for line in (done.stdout + done.stderr).splitlines():
            self.say("demo", f"         {line}")
        if done.returncode != 0:
            message = "tables, grid or accounts could not be made; the lines above say why"
            raise Refused(message)

    def _start(self, undo: ExitStack, environment: Mapping[str, str]) -> Supervisor:
        keeper = Supervisor(
            environment=environment,
            root=self._root,
            folder=self._asked.home / "run",
            say=self.say,
        )
        undo.callback(keeper.stop)
        self._supervisor = keeper
        if not self._stop.is_set():
            running = programs.running(self._asked, ingest_port=_near(self._asked.port + 1))
            self._step("starts " + ", ".join(program.name for program in running))
            keeper.start(running)
        return keeper

    def _keep(
        self,
        keeper: Supervisor,
        watch: signs.Signs,
        servers: list[embedded.Database | embedded.Broker],
    ) -> None:
        ready = warned = False
        while not self._stop.wait(GLANCE_S):
            keeper.watch()
            for server in servers:
                if not server.alive:
                    self._step(f"{type(server).__name__.lower()} ended, starts again")
                    server.start()
            if not ready:
                for sign in watch.new():
                    self._step(sign)
                ready = watch.all_seen
                if ready:
                    self._welcome()
            if not (ready or warned) and time.monotonic() - self._began > LATE_S:
                warned = True
                self._step(f"{watch.missing} after {LATE_S} s: see the lines above for a cause")

    def _welcome(self) -> None:
        address = f"http://{LOOPBACK}:{self._asked.port}/"
        self._step(f"the grid runs: {address}")
        for email, role in people.PEOPLE.items():
            self.say("demo", f"         {email:<28} {people.PASSWORD}   ({role.label})")
        self.say("demo", f"         key of meters                {people.KEY}")
        self.say("demo", "         Ctrl-C stops everything; the data stay for the next start")


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the data folder; raises Refused while another demo runs in it."""
    with (home / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            message = (
                f"another demo runs in {home} (pid {lock.read().strip() or 'unknown'}):"
                " stop it, or name another SEGS_HOME"
            )
            raise Refused(message) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _refuse_taken(port: int) -> None:
    problem = _try(port)
    if problem == errno.EACCES:
        message = f"PORT={port} is reserved for root: choose one above 1023"
        raise Refused(message)
    if problem:
        message = (
            f"PORT={port} is taken: stop what listens there, or choose another,"
            f" such as `make demo PORT={_near(port + 2)}`"
        )
        raise Refused(message)


def _near(port: int) -> int:
    """Return `port` if it is free, else a free one."""
    return port if not _try(port) else embedded.free_port()


def _try(port: int) -> int:
    """Return why nobody can listen on a port of loopback, 0 if somebody could."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.errno or errno.EADDRINUSE
    return 0
