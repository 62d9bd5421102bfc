"""A whole console to look at: a database of its own, laid with a grid, and its processes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

from tests.browser import processes, scene

T = TypeVar("T")
PULSE_S = 2.0


class Stage:
    """Web and relay on the database `name`, whose meters are read every two seconds."""

    def __init__(self, name: str, folder: Path, **environment: str) -> None:
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

    def _lay(self, meters: int, silent: int, high: int, minutes: int) -> None:
        now = datetime.now(UTC)
        scene.lay_people()
        self.grid = scene.lay_grid(meters=meters, silent=silent, high=high, now=now)
        scene.close_minutes(self.grid, count=minutes, now=now)

    def _read_meters(self) -> None:
        while not self._stop.wait(PULSE_S):
            self.do(lambda: scene.read(self.grid, now=datetime.now(UTC)))
