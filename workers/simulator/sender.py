"""Sends bodies at a fixed concurrency and tries again until each has an answer."""

import asyncio
import logging
import random
from datetime import UTC, datetime
from time import perf_counter
from typing import Final, Protocol

import httpx
import msgspec

from workers.simulator import retrying
from workers.simulator.feed import Body
from workers.simulator.tally import Answer, Tally

PATIENCE_S: Final = 30.0
ANSWERS: Final = frozenset({200, 202, 207, 422})  # each speaks of every item of the body
UNREADABLE: Final = "unreadable_answer"
logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every request


class Busy(Exception):
    """The other side cannot take the body now; `asked_s` is how long it wants to be left alone."""

    def __init__(self, reason: str, asked_s: float | None = None) -> None:
        super().__init__(reason)
        self.asked_s = asked_s


class RefusedBody(Exception):
    """The other side will never take the body; the text is a short code."""


class Target(Protocol):
    """Where bodies go: one attempt at one body."""

    async def send(self, body: Body) -> Answer:
        """Return what the other side says; raises Busy or RefusedBody."""
        ...


class HttpTarget:
    """POSTs bodies to ingest with an API key."""

    def __init__(self, client: httpx.AsyncClient, *, url: str, key: str) -> None:
        self._client = client
        self._url = url
        self._headers = {"Authorization": f"Api-Key {key}", "Content-Type": "application/json"}

    async def send(self, body: Body) -> Answer:
        """See `Target`."""
        try:
            response = await self._client.post(
                self._url, content=body.content, headers=self._headers
            )
        except httpx.RequestError as failure:
            raise Busy(type(failure).__name__) from failure
        if response.status_code in retrying.BUSY:
            asked = response.headers.get("Retry-After")
            asked_s = retrying.retry_after_s(asked, now=datetime.now(UTC))
            reason = f"HTTP {response.status_code}"
            raise Busy(reason, asked_s)
        if response.status_code not in ANSWERS:
            code = f"http_{response.status_code}"
            raise RefusedBody(code)
        return _answer(response.content, body.count)


def _answer(content: bytes, count: int) -> Answer:
    try:
        answer = msgspec.json.decode(content, type=Answer)
    except msgspec.DecodeError as unreadable:
        raise RefusedBody(UNREADABLE) from unreadable
    spoken_of = answer.accepted + answer.duplicates + answer.quarantined + answer.rejected
    if spoken_of != count:
        raise RefusedBody(UNREADABLE)
    return answer


def http_client(concurrency: int) -> httpx.AsyncClient:
    """Return a client that keeps `concurrency` connections; proxies are not asked."""
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    return httpx.AsyncClient(timeout=PATIENCE_S, limits=limits, trust_env=False)


class Sender:
    """Delivers queued bodies; `put` waits while `concurrency` bodies are queued already.

    It works in `group`, so that a fault of ours ends the run instead of hanging it.
    """

    def __init__(
        self,
        target: Target,
        tally: Tally,
        *,
        group: asyncio.TaskGroup,
        concurrency: int,
        tries: int,
    ) -> None:
        self._target = target
        self._tally = tally
        self._tries = tries
        self._queue: asyncio.Queue[Body] = asyncio.Queue(maxsize=concurrency)
        self._senders = [group.create_task(self._work()) for _ in range(concurrency)]
        self.trouble = ""

    async def put(self, body: Body) -> None:
        """Queue a body; from here on it is counted, delivered or lost."""
        await self._queue.put(body)
        self._tally.readings += body.count

    async def drain(self) -> None:
        """Wait until every queued body has its fate."""
        await self._queue.join()

    async def close(self) -> None:
        """Stop at once; what is queued or under way is lost."""
        for sender in self._senders:
            sender.cancel()
        await asyncio.gather(*self._senders, return_exceptions=True)
        self._tally.lost = self._tally.readings - self._tally.answered

    async def _work(self) -> None:
        while True:
            body = await self._queue.get()
            await self._deliver(body)
            self._queue.task_done()

    async def _deliver(self, body: Body) -> None:
        for attempt in range(self._tries):
            started = perf_counter()
            try:
                answer = await self._target.send(body)
            except Busy as busy:
                self.trouble = str(busy)
                if attempt + 1 < self._tries:
                    chance = random.random()  # noqa: S311 jitter is no secret
                    pause_s = retrying.pause_s(attempt, asked_s=busy.asked_s, chance=chance)
                    await asyncio.sleep(pause_s)
            except RefusedBody as refusal:
                self.trouble = str(refusal)
                self._tally.refuse(body.count, str(refusal), latency_ms=_ms_since(started))
                return
            else:
                self.trouble = ""
                self._tally.take(answer, latency_ms=_ms_since(started))
                return
        self._tally.lost += body.count


def _ms_since(started: float) -> float:
    return (perf_counter() - started) * 1000
