"""Signs of life: the web answers, and a region has a load."""

import http.client
import time

import psycopg

LOOPBACK = "127.0.0.1"
PATIENCE_S = 2
LOOK_EVERY_S = 1.0
WEB, LOAD = "the web answers", "the first regional load is there"
IS_LOADED = "SELECT EXISTS (SELECT FROM grid_regionminute WHERE load_known)"


class Signs:
    """What has been seen so far of what a running grid shows."""

    def __init__(self, *, port: int, database_url: str) -> None:
        self._port = port
        self._database_url = database_url
        self._missing = [WEB, LOAD]
        self._looked = -LOOK_EVERY_S

    @property
    def all_seen(self) -> bool:
        """Whether there is nothing left to wait for."""
        return not self._missing

    @property
    def missing(self) -> str:
        """What has not been seen yet, as words."""
        return "not yet: " + ", ".join(self._missing)

    def new(self) -> list[str]:
        """Look, at most once a second, and return what is seen for the first time."""
        if time.monotonic() - self._looked < LOOK_EVERY_S:
            return []
        self._looked = time.monotonic()
        looks = {WEB: self._web_answers, LOAD: self._has_load}
        found = [sign for sign in self._missing if looks[sign]()]
        self._missing = [sign for sign in self._missing if sign not in found]
        return found

    def _web_answers(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _has_load(self) -> bool:
        try:
            with psycopg.connect(self._database_url, connect_timeout=PATIENCE_S) as connection:
                row = connection.execute(IS_LOADED).fetchone()
        except psycopg.Error:
            return False
        return row is not None and bool(row[0])
