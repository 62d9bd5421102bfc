"""The real processes on loopback, in a folder of their own: for benchmarks, journeys, torture.

A process can be started, stopped, killed and started again; so can the database and the broker.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil
import psycopg
import redis

from workers import embedded

KEY = "segs-demo-key"
ROOT = Path(__file__).resolve().parent.parent


class Stack:
    """Database, broker and processes; used as a context manager.

    `environment` overrides what the processes find around them; `commands` adds processes of
    other names, or replaces how one is run.
    """

    def __init__(
        self, commands: Mapping[str, list[str]] | None = None, **environment: str
    ) -> None:
        self._more_commands = commands or {}
        self.folder = Path(tempfile.mkdtemp(prefix="segs-stack-"))
        self.folder.chmod(0o755)
        self.database = embedded.Database(self.folder / "postgres")
        self.broker = embedded.Broker(self.folder / "valkey")
        self.ingest_port = embedded.free_port()
        self.web_port = embedded.free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **os.environ,
            "DEBUG": "1",
            "DATABASE_URL": self.database.url("segs"),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }

    def __enter__(self) -> Self:
        self.broker.start()
        self.environment["REDIS_URL"] = self.broker.url()
        self.database.create("segs")
        self.manage("migrate", "--verbosity", "0")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for name in list(self.processes):
            self.stop(name)
        self.broker.stop()
        if self.database.alive:
            self.database.stop("immediate")
        if fault is not None:
            for log in sorted(self.folder.glob("*.log")):
                print(f"--- {log.name}\n{log.read_text()[-3000:]}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def commands(self) -> Mapping[str, list[str]]:
        """The command line of each process by its name."""
        python = [sys.executable, "-m"]
        manage = [sys.executable, str(ROOT / "manage.py")]
        quiet = ["--loglevel", "WARNING"]
        celery = [*python, "celery", "-A", "workers"]
        return {
            "web": [*python, "daphne", "-p", str(self.web_port), "segs_site.asgi:application"],
            "ingest": [
                *[*python, "uvicorn", "workers.ingest:application", "--no-access-log"],
                *["--port", str(self.ingest_port), "--log-level", "warning"],
            ],
            "worker": [*manage, "run_stream_worker"],
            "relay": [*manage, "run_relay"],
            "celery": [*celery, "worker", "-Q", "windows,prices", "--concurrency", "1", *quiet],
            "beat": [*celery, "beat", "--pidfile=", *quiet],
            **self._more_commands,
        }

    def manage(self, *arguments: str) -> str:
        """Run a management command; return what it printed; show what it said when it fails."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.environment,
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(done.stderr, file=sys.stderr)
        done.check_returncode()
        return done.stdout

    def run(self, script: str) -> None:
        """Run Python code with Django set up, in a process of its own."""
        self.manage("shell", "--verbosity", "0", "-c", script)

    def start(self, *names: str) -> None:
        """Start processes, each writing to a log in the folder."""
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    self.commands[name],
                    env=self.environment,
                    cwd=ROOT,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )

    def stop(self, name: str, *, patience_s: float = 20) -> None:
        """End a process as an operator would; kill it when it does not listen."""
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._kill(process)

    def kill(self, name: str) -> None:
        """Kill a process and its children with no word of warning."""
        self._kill(self.processes.pop(name))

    def kill_database(self) -> None:
        """Kill the database as a power cut would."""
        postmaster = psutil.Process(self.database.pid)
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)

    def wait_for_ingest(self) -> None:
        """Wait until the door takes readings."""
        self.wait_until("ingest takes readings", self._ingest_is_ready, timeout_s=60)

    def wait_until(
        self, what: str, true: Callable[[], bool], *, timeout_s: float, every_s: float = 0.2
    ) -> float:
        """Wait until something is true and return after how many seconds; TimeoutError if not."""
        begun = time.monotonic()
        while time.monotonic() - begun < timeout_s:
            if true():
                return time.monotonic() - begun
            time.sleep(every_s)
        message = f"not within {timeout_s} s: {what}"
        raise TimeoutError(message)

    def query(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        """Ask the database."""
        with psycopg.connect(self.database.url("segs"), autocommit=True) as connection:
            return connection.execute(statement, parameters or None).fetchall()  # type: ignore[call-overload]

    def redis(self) -> redis.Redis:
        """Return a client of the broker."""
        return redis.Redis.from_url(self.broker.url(), socket_timeout=5)

    def memory_mb(self) -> float:
        """Return what all processes use, shared pages counted once."""
        roots = [process.pid for process in self.processes.values()]
        total = 0
        for pid in [*roots, self.database.pid, self.broker.pid]:
            try:
                root = psutil.Process(pid)
                for process in [root, *root.children(recursive=True)]:
                    total += process.memory_full_info().pss
            except psutil.Error:
                continue
        return total / 1e6

    def cpu_seconds(self) -> dict[str, float]:
        """Return the processor time each process has used so far, children included."""
        roots = {name: process.pid for name, process in self.processes.items()}
        roots |= {"database": self.database.pid, "broker": self.broker.pid}
        return {name: _cpu(pid) for name, pid in roots.items()}

    def _ingest_is_ready(self) -> bool:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.ingest_port}/readyz", timeout=2)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        try:
            children = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            children = []
        process.kill()
        for child in children:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        process.wait()


def _cpu(pid: int) -> float:
    root = psutil.Process(pid)
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    # What children used that have ended is in their parent's account.
    ended = root.cpu_times()
    return total + ended.children_user + ended.children_system
