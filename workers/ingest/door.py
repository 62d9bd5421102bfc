"""The state of the ingest process: registry, keys, backlog, and the way to the stream."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import redis
from redis import asyncio as aioredis
from redis import exceptions

from meters import admission, registry, telemetry
from meters.admission import Judged
from meters.registry import Registry
from workers import doctor
from workers.ingest import keys, metrics
from workers.ingest.appender import Appender, Unavailable
from workers.stream import names

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0  # a new meter or a revoked key is known here within about this
RETRY_SOON_S = 1
RETRY_LATER_S = 5


class NotReady(Exception):
    """Nothing can be taken now; carries the reason and after how many seconds to come again."""

    def __init__(
        self, reason: str, *, status: int = 503, retry_after_s: int = RETRY_SOON_S
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after_s = retry_after_s


class BrokenPromise(Exception):
    """The broker is set up so that an acknowledged reading could be lost; carries the faults."""


class Door:
    """Takes bodies of telemetry. All its state is a copy: any number of doors may run."""

    def __init__(
        self,
        *,
        url: str,
        backlog_limit: int,
        memory_limit: int,
        marks_limit: int,
        replicas: int,
    ) -> None:
        self._url = url
        self._client = aioredis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
        self._backlog_limit = backlog_limit
        self._memory_limit = memory_limit
        self._appender = Appender(url, marks_limit=marks_limit, replicas=replicas)
        self._looking: asyncio.Task[None] | None = None
        self.registry: Registry | None = None
        self.broker_is_here = False
        self.backlog = 0
        self.memory = 0

    async def open(self) -> None:
        """Look once and keep looking; raises BrokenPromise for a broker that may lose readings.

        A broker that is away is waited for: requests are answered 503 meanwhile.
        """
        with contextlib.suppress(exceptions.RedisError, OSError):
            faults = await asyncio.to_thread(_broker_faults, self._url)
            if faults:
                raise BrokenPromise("; ".join(faults))
        await self._look()
        self._looking = asyncio.create_task(self._keep_looking())

    async def close(self) -> None:
        """Stop looking and hang up."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        await self._appender.close()
        await self._client.aclose()

    def authenticate(self, headers: Mapping[bytes, bytes], *, now: datetime) -> Registry:
        """Return the registry to go by; raises keys.Missing, keys.Ended or NotReady."""
        key = keys.presented(headers)
        if self.registry is None:
            raise NotReady("the registry of meters has not arrived yet")
        keys.check(key, self.registry, now=now)
        return self.registry

    def check_room(self) -> None:
        """Raise NotReady while there is too much that is not stored yet."""
        if self.backlog > self._backlog_limit:
            reason = f"{self.backlog} batches wait to be stored"
            raise NotReady(reason, status=429, retry_after_s=RETRY_LATER_S)
        if self.memory > self._memory_limit:
            raise NotReady("the broker's memory is nearly full", retry_after_s=RETRY_LATER_S)

    def judge(self, body: bytes, known: Registry, *, single: bool, now: datetime) -> Judged:
        """Return the verdict on a body; raises telemetry.Malformed or telemetry.TooMany."""
        return admission.judge(telemetry.parse(body, single=single), known, now=now)

    async def append(self, judged: Judged, *, now: datetime) -> list[int]:
        """Append durably; return the places that were repeats; raises NotReady."""
        try:
            return await self._appender.append(judged, now=now)
        except Unavailable as fault:
            log.warning("cannot append: %s", fault)
            raise NotReady("the broker cannot take readings now") from fault

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self._look()

    async def _look(self) -> None:
        try:
            await self._look_at_registry()
            await self._look_at_backlog()
        except (TimeoutError, exceptions.RedisError, OSError) as fault:
            if self.broker_is_here:
                log.warning("the broker is away: %s", fault)
            self.broker_is_here = False
        else:
            self.broker_is_here = True

    async def _look_at_registry(self) -> None:
        version = await self._client.get(names.REGISTRY_VERSION)
        held = self.registry.version if self.registry is not None else None
        if version is None or int(version) == held:
            return
        packed = await self._client.get(names.REGISTRY)
        try:
            self.registry = registry.unpack(packed if isinstance(packed, bytes) else b"")
        except msgspec.DecodeError:
            log.exception("the mirror of the registry cannot be read; keeping %s", held)
            return
        metrics.REGISTRY.set(self.registry.version)

    async def _look_at_backlog(self) -> None:
        shards = range(self.registry.shards) if self.registry is not None else range(0)
        pipe = self._client.pipeline(transaction=False)
        for shard in shards:
            pipe.xlen(names.stream(shard))
        pipe.info("memory")
        *lengths, memory = await pipe.execute()
        self.backlog, self.memory = sum(lengths), int(memory["used_memory"])
        metrics.BACKLOG.set(self.backlog)
        metrics.BROKER_BYTES.set(self.memory)


def _broker_faults(url: str) -> list[str]:
    with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5) as client:
        return doctor.broker_faults(client)


def read_clock() -> datetime:
    """Return the moment a request is judged at."""
    return datetime.now(UTC)
