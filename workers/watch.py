"""A small HTTP port for processes that have none: `/health`, `/healthz`, `/readyz`, `/metrics`."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec
import redis
from django.conf import settings
from django.db import connection
from prometheus_client.registry import Collector

from segs_site.lib import health, metrics

logger = logging.getLogger(__name__)

Check = Callable[[], object]


def check_database() -> None:
    """Raise unless the database answers; opens and closes a connection of this thread."""
    try:
        health.check_database()
    finally:
        connection.close()


def check_broker() -> None:
    """Raise unless the broker answers."""
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2
    ) as broker:
        broker.ping()


DEPENDENCIES: Mapping[str, Check] = {"database": check_database, "broker": check_broker}


class Watched(ThreadingHTTPServer):
    """Answers from threads of its own; `checks` are asked for `/readyz` and `/metrics`.

    `also` is told to Prometheus beside what is counted.
    """

    daemon_threads = True

    def __init__(
        self, port: int, checks: Mapping[str, Check], also: Sequence[Collector] = ()
    ) -> None:
        super().__init__((settings.SEGS_WATCH_ADDRESS, port), _Answers)
        self.checks = checks
        self.also = also

    def ask(self) -> dict[str, str]:
        """Return what each dependency says now, and keep it for Prometheus."""
        said = {name: _says(check) for name, check in self.checks.items()}
        for name, word in said.items():
            metrics.note(name, answers=word == health.OK)
        return said


class _Answers(BaseHTTPRequestHandler):
    server: Watched
    timeout = 10

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].rstrip("/")
        if path in ("/health", "/healthz"):
            self._answer(200, msgspec.json.encode(health.ALIVE))
        elif path == "/readyz":
            self._answer_ready()
        elif path == "/metrics":
            self.server.ask()
            body = metrics.exposition(self.server.also)
            self._answer(200, body, metrics.CONTENT_TYPE_LATEST)
        else:
            self._answer(404, b'{"status":"not found"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 its name above
        """Keep quiet: it is asked every few seconds."""

    def _answer_ready(self) -> None:
        state = health.Readiness.of(self.server.ask())
        self._answer(state.http_status, msgspec.json.encode(state.document()))

    def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _says(ask: Check) -> str:
    try:
        ask()
    except Exception as problem:  # noqa: BLE001 whatever it is, it is the answer
        return health.describe(problem)
    return health.OK


@contextmanager
def watched(
    port: int, checks: Mapping[str, Check] = DEPENDENCIES, also: Sequence[Collector] = ()
) -> Iterator[Watched | None]:
    """Answer on `port` (0: not at all) while the block runs."""
    if not port:
        yield None
        return
    with serve(port, checks, also) as server:
        yield server


@contextmanager
def serve(
    port: int, checks: Mapping[str, Check] = DEPENDENCIES, also: Sequence[Collector] = ()
) -> Iterator[Watched]:
    """Answer on `port` (0: a free one) while the block runs."""
    with Watched(port, checks, also) as server:
        thread = Thread(target=server.serve_forever, name="watch", daemon=True)
        thread.start()
        logger.info("watch: port %s", server.server_address[1])
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
