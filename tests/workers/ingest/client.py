"""A head-end for tests: calls the ingest application as a server would, without a socket."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import redis

from accounts.services import digest
from meters import columns, registry
from meters.columns import Batch
from meters.registry import Key
from tests.meters import bodies
from workers.ingest.app import Ingest
from workers.stream import names

KEY = "segs-test-key"
ENDED_KEY = "segs-ended-key"


def mirror(broker: Any, *, version: int = 1, without: Sequence[str] = (), **said: Any) -> None:
    """Put a registry of three meters and two keys into the broker."""
    ended = datetime.now(UTC) - timedelta(days=1)
    known = {digest(KEY): Key("head-end"), digest(ENDED_KEY): Key("old", ended)}
    kept = {digest: key for digest, key in known.items() if key.name not in without}
    snapshot = bodies.snapshot(keys=kept, version=version, **said)
    broker.set(names.REGISTRY, registry.pack(snapshot))
    broker.set(names.REGISTRY_STAMP, f"{version} for-ever")


def connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(url)


def item(**said: Any) -> dict[str, Any]:
    """A good reading of a moment ago."""
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10)
    return bodies.item(**({"timestamp": moment.isoformat()} | said))


_START = datetime.now(UTC).replace(microsecond=0, second=0) - timedelta(minutes=2)


def batch(count: int, *, first: int = 0) -> bytes:
    """`count` readings of the importing meter, a millisecond apart; the same when asked again.

    They start at one moment for the whole run: a minute that turns between two calls must not
    make other readings of the second.
    """
    return bodies.body(
        *(
            bodies.item(timestamp=(_START + timedelta(milliseconds=number)).isoformat())
            for number in range(first, first + count)
        )
    )


@dataclass(frozen=True)
class Response:
    status: int
    headers: Sequence[tuple[str, str]]
    content: bytes

    @property
    def said(self) -> dict[str, Any]:
        return json.loads(self.content)

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Accepted, duplicates, quarantined, rejected."""
        names_ = ("accepted", "duplicates", "quarantined", "rejected")
        return tuple(self.said[name] for name in names_)  # type: ignore[return-value]

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@dataclass
class Client:
    app: Ingest

    async def send(
        self,
        content: bytes | Sequence[bytes] = b"",
        *,
        path: str = "/telemetry/batch",
        query: str = "",
        method: str = "POST",
        key: str | None = KEY,
        headers: Mapping[str, str] | None = None,
    ) -> Response | None:
        """Send one request, its body in one piece or several; None when it is not answered."""
        said = {"content-type": "application/json"} | ({"x-api-key": key} if key else {})
        chunks = [content] if isinstance(content, bytes) else list(content)
        return await call(self.app, path, query, method, said | dict(headers or {}), chunks)

    async def readings(self, *items: Any, **said: Any) -> Response:
        response = await self.send(json.dumps(list(items)).encode(), **said)
        assert response is not None
        return response


async def call(
    app: Any,
    path: str,
    query: str,
    method: str,
    headers: Mapping[str, str],
    chunks: list[bytes],
) -> Response | None:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": place + 1 < len(chunks)}
        for place, chunk in enumerate(chunks)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if not sent:
        return None
    head, *rest = sent
    return Response(
        head["status"],
        [(name.decode(), value.decode()) for name, value in head["headers"]],
        b"".join(message["body"] for message in rest),
    )


@dataclass
class Life:
    """The lifespan of an application, as uvicorn leads it."""

    app: Ingest

    async def start(self) -> dict[str, Any]:
        """Start; return what the application says to it."""
        self._orders: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {"type": "lifespan"}
        self._task = asyncio.create_task(self.app(scope, self._orders.get, self._answers.put))
        await self._orders.put({"type": "lifespan.startup"})
        return await self._answers.get()

    async def stop(self) -> dict[str, Any]:
        await self._orders.put({"type": "lifespan.shutdown"})
        answer = await self._answers.get()
        await self._task
        return answer


def entries(broker: Any) -> list[tuple[int, bytes, dict[bytes, bytes]]]:
    """What stands in the streams: shard, id and fields."""
    return [
        (shard, entry_id, fields)
        for shard in range(bodies.SHARDS)
        for entry_id, fields in broker.xrange(names.stream(shard))
    ]


def batches(broker: Any) -> list[Batch]:
    """What the streams carry, repeats and all."""
    return [columns.unpack(fields[names.PACKED], received=0) for _, _, fields in entries(broker)]


def counted(broker: Any) -> list[tuple[int, int]]:
    """Meter and time of each reading the streams carry that is not withheld."""
    found = []
    for _, _, fields in entries(broker):
        batch_ = columns.unpack(fields[names.PACKED], received=0)
        withheld = {int(place) for place in fields.get(names.WITHHELD, b"").split(b",") if place}
        rows = zip(batch_.columns.meter.tolist(), batch_.columns.ts.tolist(), strict=True)
        found += [row for place, row in enumerate(rows) if place not in withheld]
    return found
