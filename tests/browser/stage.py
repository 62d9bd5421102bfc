"""A whole console to look at: a database of its own, laid with a grid, and its processes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

from django.core.management import call_command

from grid import live
from segs_site.lib import periods
from tests.browser import processes, scene

T = TypeVar("T")
PULSE_S = 2.0


class Stage:
    """Web and relay on a database `name` of their own, its meters read every two seconds."""

    def __init__(self, name: str, folder: Path, **environment: str) -> None:
        self._name = name
        processes.create_database(name)
        # Django's models are used in a thread of their own: Playwright runs an event loop in
        # the main one, where Django refuses to touch a database.
        self._models = ThreadPoolExecutor(1, initializer=scene.use_database, initargs=(name,))
        settings = processes.environment(name, **environment)
        self.web = processes.Web(folder, settings)
        self.relay = processes.Relay(folder, settings)
        self._stop = Event()
        self._pulse = Thread(target=self._read_meters, daemon=True)
        self.grid = scene.Grid()

    def do(self, work: Callable[[], T]) -> T:
        """Run `work`, which uses models, on the stage's database."""
        return self._models.submit(work).result()

    def lay(self, *, meters: int, silent: int, high: int, minutes: int) -> None:
        """Lay people, grid, readings and loads."""
        self.do(lambda: self._lay(meters, silent, high, minutes))

    def close_minute(self, *, load_kw: float | None, reporting: int = 98) -> None:
        """Close the next minute of North, of whose 100 meters so many report."""
        self._closed += periods.MINUTE
        self.do(lambda: self._close_minute(self._closed, load_kw, reporting))

    def session_of(self, email: str) -> str:
        """Return the key of a new session, as signing in by the form makes it."""
        return self.do(lambda: scene.session_of(email))

    def open(self) -> None:
        """Start everything."""
        self._pulse.start()
        self.relay.start()
        self.web.start()

    def close(self) -> None:
        """Stop everything."""
        self._stop.set()
        if self._pulse.is_alive():
            self._pulse.join()
        self.web.kill()
        self.relay.kill()
        self.do(lambda: scene.connection.close())
        self._models.shutdown()
        processes.drop_database(self._name)

    def _lay(self, meters: int, silent: int, high: int, minutes: int) -> None:
        call_command("migrate", verbosity=0)
        now = datetime.now(UTC)
        # Minutes before the present one are laid; tests close one after the other.
        self._closed = periods.floor(now, periods.MINUTE) - periods.MINUTE
        scene.lay_people()
        self.grid = scene.lay_grid(meters=meters, silent=silent, high=high, now=now)
        scene.close_minutes(self.grid, count=minutes, now=now)

    def _close_minute(self, start: datetime, load_kw: float | None, reporting: int) -> None:
        row = scene.close_minute(
            self.grid.regions[0],
            start=start,
            load_kw=load_kw,
            capacity_kw=1900,
            reporting=reporting,
            expected=100,
        )
        live.announce_loads(loads=[row], now=datetime.now(UTC))

    def _read_meters(self) -> None:
        while not self._stop.wait(PULSE_S):
            self.do(lambda: scene.read(self.grid, now=datetime.now(UTC)))
