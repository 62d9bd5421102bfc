"""A server on loopback that behaves as webhooks' targets do, well and badly."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext

DRIP_S = 0.05


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Target:
    """What was asked, and how it answers: a status, or `hang`, `drip`, `film`, `redirect`."""

    port: int = 0
    behaviour: str | int = 200
    requests: list[Request] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


class _Handler(BaseHTTPRequestHandler):
    target: Target

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.target.requests.append(Request(self.path, headers, self.rfile.read(size)))
        behaviour = self.target.behaviour
        try:
            if isinstance(behaviour, int):
                self.send_response(behaviour)
                self.end_headers()
            else:
                getattr(self, f"_{behaviour}")()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.target.url("/elsewhere"))
        self.end_headers()

    def _hang(self) -> None:
        self.target.over.wait(20)

    def _drip(self) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 100:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.target.over.wait(DRIP_S):
                return

    def _film(self) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.target.over.is_set():
            self.wfile.write(bytes(65_536))

    def log_message(self, *_: object) -> None:
        """Be silent."""


@contextmanager
def serving(*, tls: SSLContext | None = None) -> Iterator[Target]:
    target = Target()
    handler = type("Handler", (_Handler,), {"target": target})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = False
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        target.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield target
        finally:
            target.over.set()
            server.shutdown()
            thread.join()
