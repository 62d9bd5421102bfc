"""The ingest process: `uvicorn workers.ingest:application`, a bare ASGI application.

POST /telemetry/single and /telemetry/batch, with or without a slash at the end; /health,
/healthz, /readyz, /metrics beside them. There is no Django view, no ORM row and no database on
this path.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from django.conf import settings

from meters import telemetry
from segs_site.lib.metrics import CONTENT_TYPE_LATEST, exposition
from workers.ingest import answers, body, counting, keys, metrics
from workers.ingest.answers import Reply, Send, problem
from workers.ingest.body import Receive
from workers.ingest.door import BrokenPromise, Door, NotReady, read_clock

Scope = dict[str, Any]

JSON_TYPES = ("application/json", "text/json", "")
MEGABYTE = 1_000_000


class Ingest:
    """The application; its door opens with the server, or with the first request."""

    def __init__(self) -> None:
        self._door: Door | None = None
        self._opening = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            reply = await self._reply(scope, receive)
            if reply is not None:
                metrics.REQUESTS.labels(reply.status).inc()
                if reply.code:
                    counting.count_refusal(reply.code)
                await answers.send(reply, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self._open()
                except BrokenPromise as fault:
                    await send({"type": "lifespan.startup.failed", "message": str(fault)})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _open(self) -> Door:
        async with self._opening:
            if self._door is None:
                door = Door(
                    url=settings.REDIS_URL,
                    backlog_limit=settings.SEGS_BACKLOG_LIMIT,
                    memory_limit=settings.SEGS_BROKER_MEMORY_LIMIT_MB * MEGABYTE,
                    marks_limit=settings.SEGS_DEDUPE_MARKS,
                    replicas=settings.SEGS_WAITAOF_REPLICAS,
                )
                await door.open()
                self._door = door
            return self._door

    async def _close(self) -> None:
        if self._door is not None:
            await self._door.close()
            self._door = None

    async def _reply(self, scope: Scope, receive: Receive) -> Reply | None:
        try:
            door = self._door or await self._open()
        except BrokenPromise as fault:
            return problem(503, "broker_unfit", str(fault), (b"retry-after", b"5"))
        path = scope["path"].rstrip("/")
        if path in ("/telemetry/batch", "/telemetry/single"):
            return await self._telemetry(door, scope, receive, single=path.endswith("single"))
        watched = _WATCH.get(path)
        if watched is not None:
            return watched(door)
        return problem(404, "not_found", f"There is nothing at {scope['path']}.")

    async def _telemetry(
        self, door: Door, scope: Scope, receive: Receive, *, single: bool
    ) -> Reply | None:
        if scope["method"] != "POST":
            return problem(405, "method_not_allowed", "Send a POST.", (b"allow", b"POST"))
        try:
            return await _take(door, scope, receive, single=single)
        except NotReady as fault:
            seconds = str(fault.retry_after_s).encode()
            return problem(fault.status, fault.code, str(fault), (b"retry-after", seconds))
        except body.Gone:
            return None
        except Exception as fault:
            refusal = _REFUSALS.get(type(fault))
            if refusal is None:
                raise
            return refusal(fault)


async def _take(door: Door, scope: Scope, receive: Receive, *, single: bool) -> Reply:
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    registry = door.authenticate(headers, now=read_clock())
    validate = _asks_to_validate(scope["query_string"])
    if not validate:
        door.check_room()
    content = await _content(headers, receive)
    begun = time.perf_counter()
    now = read_clock()
    judged = door.judge(content, registry, single=single, now=now)
    repeats = [] if validate else await door.append(judged, now=now)
    reply, answer = answers.answer(judged, repeats, validated=validate)
    metrics.ANSWER_S.observe(time.perf_counter() - begun)
    if not validate:
        counting.count(answer)
        if door.regions is not None:
            door.regions.count(judged, repeats)
    return reply


def _asks_to_validate(query: bytes) -> bool:
    if not query:
        return False
    values = parse_qs(query.decode("latin-1")).get("validate", ["0"])
    return values[-1].lower() in ("1", "true", "yes")


async def _content(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind not in JSON_TYPES and not kind.endswith("+json"):
        raise _Unsupported(f"Content-Type {kind} is not JSON.")
    coding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise _Unsupported(f"Content-Encoding {coding} is not taken; gzip is.")
    limit = settings.SEGS_MAX_BODY_BYTES
    content = await body.read(receive, limit=limit)
    return body.gunzip(content, limit=limit) if coding.endswith("gzip") else content


class _Unsupported(Exception):
    """The body comes in a form that is not taken."""


# Some clients send what stands in a URL only when they are asked for Basic by name.
_CHALLENGES = (
    (b"www-authenticate", b'Api-Key realm="telemetry"'),
    (b"www-authenticate", b'Basic realm="telemetry", charset="UTF-8"'),
)
_REFUSALS: dict[type[Exception], Callable[[Exception], Reply]] = {
    keys.Missing: lambda _: problem(401, "unauthorized", "Send a valid API key.", *_CHALLENGES),
    keys.Ended: lambda _: problem(403, "key_ended", "This API key has ended."),
    body.TooLarge: lambda _: problem(
        413, "too_large", f"A body may have {settings.SEGS_MAX_BODY_BYTES} bytes, unpacked."
    ),
    body.TooSlow: lambda _: problem(
        408,
        "too_slow",
        f"The body did not arrive within {body.PATIENCE_S} s.",
        (b"connection", b"close"),  # what comes late is no request
    ),
    body.Undecodable: lambda fault: problem(400, "not_gzip", str(fault)),
    telemetry.Malformed: lambda fault: problem(400, "malformed", str(fault)),
    telemetry.TooMany: lambda fault: problem(
        413, "too_many", f"{fault} items; a batch may have {telemetry.MAX_ITEMS}."
    ),
    _Unsupported: lambda fault: problem(
        415, "unsupported", str(fault), (b"accept-encoding", b"gzip")
    ),
}


def _alive(_door: Door) -> Reply:
    return Reply(200, b'{"status":"ok"}')


def _ready(door: Door) -> Reply:
    checks = {
        "broker": _state(door),
        "registry": "ok" if door.registry is not None else "not here yet",
    }
    ready = set(checks.values()) == {"ok"}
    return Reply(200 if ready else 503, msgspec.json.encode(checks))


def _state(door: Door) -> str:
    if not door.broker_is_here:
        return "away"
    return "; ".join(door.broker_faults) or "ok"


def _metrics(_door: Door) -> Reply:
    return Reply(200, exposition(), CONTENT_TYPE_LATEST.encode())


_WATCH: dict[str, Callable[[Door], Reply]] = {
    "/health": _alive,
    "/healthz": _alive,
    "/readyz": _ready,
    "/metrics": _metrics,
}

application: Callable[[Scope, Receive, Send], Awaitable[None]] = Ingest()
