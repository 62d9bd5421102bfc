"""The real web process and relay, started and stopped by the tests."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from workers.embedded import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 40


@dataclass
class Process:
    """One process with its log."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        assert self.running is not None
        self.running.send_signal(number)

    def kill(self) -> None:
        if self.running is None:
            return
        self.running.kill()
        self.running.wait()
        self.running = None


def address_of(database: str) -> str:
    """Return the URL of another database of our server."""
    scheme, rest = os.environ["DATABASE_URL"].split("://", 1)
    host, path = rest.split("/", 1)
    _, *options = path.split("?", 1)
    return f"{scheme}://{host}/" + "?".join([database, *options])


def environment(database: str, **more: str) -> dict[str, str]:
    """Return our environment, with another database of the same server."""
    return os.environ | {"DATABASE_URL": address_of(database), "PYTHONWARNINGS": "ignore"} | more


def create_database(name: str) -> None:
    """Make the empty database `name`, in place of one that an earlier run left behind."""
    drop_database(name)
    with psycopg.connect(address_of("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def drop_database(name: str) -> None:
    """Drop the database `name`, whoever is connected to it."""
    with psycopg.connect(address_of("postgres"), autocommit=True) as server:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        server.execute(statement.format(sql.Identifier(name)))


class Web(Process):
    """daphne on a port of its own, which it keeps when started again."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        command = [
            *(sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port)),
            "segs_site.asgi:application",
        ]
        # Links of mails and passkeys are for http://localhost:PORT.
        own = environment | {"PORT": str(self.port)}
        super().__init__(command, own, folder / "web.log")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        super().start()
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.address}/sign-in/", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        message = f"the web process does not answer: {self.log.read_text()[-2000:]}"
        raise AssertionError(message)


class Relay(Process):
    """The relay: heartbeats, events and map frames."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        command = [sys.executable, "manage.py", "run_relay"]
        super().__init__(command, environment, folder / "relay.log")
