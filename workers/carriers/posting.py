"""Posts over HTTP with a time and a size that nothing exceeds; follows no redirect.

httpcore is used without httpx, for it lets us say where a connection goes to.
"""

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpcore

from alerts.notifications.carriers import Broken, Busy, Receipt
from workers.carriers.addresses import Forbidden

TOTAL_S: Final = 10.0  # from the name to the end of the answer
MOST_BYTES: Final = 65_536  # of an answer, of which nothing is kept
GONE: Final = 410

Resolve = Callable[[str, int], list[str]]


@dataclass(slots=True)
class Deadline:
    """When everything must be over, by the monotonic clock."""

    at: float

    def left(self, wanted: float | None = None) -> float:
        """Return the seconds left, at most those wanted; raises when there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.TimeoutException("took too long")
        return left if wanted is None else min(left, wanted)


class Stream(httpcore.NetworkStream):
    """A connection that ends with its deadline, however slowly it drips."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See the class."""
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See the class."""
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        """Hang up."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Go on in secret; the certificate must be the name's, whatever the address."""
        left = self._deadline.left(timeout)
        return Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection tells of itself."""
        return self._inner.get_extra_info(info)


class Backend(httpcore.SyncBackend):
    """Connects to addresses that `resolve` allows, never to a name."""

    def __init__(self, resolve: Resolve, deadline: Deadline) -> None:
        self._resolve, self._deadline = resolve, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Try the addresses of a host in turn."""
        problem: Exception | None = None
        for address in self._resolve(host, port):
            try:
                left = self._deadline.left(timeout)
                inner = super().connect_tcp(address, port, left, local_address, socket_options)
            except httpcore.ConnectError as refusal:
                problem = refusal
            else:
                return Stream(inner, self._deadline)
        raise problem or httpcore.ConnectError(f"{host} has no address")

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Refuse: nothing outside lies there."""
        raise httpcore.ConnectError("no address of the network")


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    resolve: Resolve,
    total_s: float = TOTAL_S,
) -> Receipt:
    """Post once; 2xx is a receipt. Raises Busy where it may work later, else Broken."""
    deadline = Deadline(time.monotonic() + total_s)
    with (
        _as_told(),
        httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(), network_backend=Backend(resolve, deadline)
        ) as pool,
        pool.stream(
            "POST",
            url,
            content=body,
            headers=list(headers.items()),
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), total_s)},
        ) as answer,
    ):
        _read(answer.iter_stream())
        return _judged(answer.status)


def _read(chunks: Iterable[bytes]) -> None:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:
            return  # whoever answers 200 and a film has answered 200


def _judged(status: int) -> Receipt:
    if 200 <= status < 300:
        return Receipt(status)
    if 300 <= status < 400:
        raise Broken("redirects are not followed", status)
    if status == GONE:
        raise Broken("gone", status)
    raise Busy(f"answered {status}", status)


@contextmanager
def _as_told() -> Iterator[None]:
    """Say of each problem whether it may pass; nothing of what was sent stands in it."""
    try:
        yield
    except Forbidden as problem:
        raise Broken(str(problem)) from problem
    except httpcore.UnsupportedProtocol as problem:
        raise Broken("no address for a webhook") from problem
    except (httpcore.TimeoutException, TimeoutError) as problem:
        raise Busy("took too long") from problem
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as problem:
        raise Busy(f"{type(problem).__name__}: {problem}"[:200]) from problem
