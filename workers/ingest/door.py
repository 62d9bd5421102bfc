"""The state of the ingest process: registry, keys, backlog, and the way to the stream."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from redis import asyncio as aioredis
from redis import exceptions, utils

from meters import admission, registry, telemetry
from meters.admission import Judged
from meters.registry import Registry
from segs_site.lib.metrics import BROKER
from workers.doctor import persistence
from workers.ingest import keys, metrics
from workers.ingest.appender import Appender, Unavailable
from workers.ingest.counting import Regions
from workers.stream import names

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0  # a new meter or a revoked key is known here within about this
RETRY_SOON_S = 1
RETRY_LATER_S = 5


class NotReady(Exception):
    """Nothing can be taken now; carries the reason and after how many seconds to come again."""

    def __init__(
        self,
        reason: str,
        *,
        code: str = "not_ready",
        status: int = 503,
        retry_after_s: int = RETRY_SOON_S,
    ) -> None:
        super().__init__(reason)
        self.code = code
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
        self._client = aioredis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
        self._backlog_limit = backlog_limit
        self._memory_limit = memory_limit
        self._replicas = replicas
        self._appender = Appender(url, marks_limit=marks_limit, replicas=replicas)
        self._stamp: bytes | str | None = None
        self._key_uses: dict[str, int] = {}  # by digest, not told to the broker yet
        self._looking: asyncio.Task[None] | None = None
        self._closed = False
        self.registry: Registry | None = None
        self.regions: Regions | None = None  # comes with the registry
        self.broker_is_here = False
        self.broker_faults: list[str] = []
        self._appends = True
        self._append_s = metrics.APPEND_S.labels(names.READINGS)
        metrics.BROKER_LIMIT_BYTES.set(memory_limit)
        self.backlog = 0
        self.memory = 0

    async def open(self) -> None:
        """Look once and keep looking; raises BrokenPromise for a broker that may lose readings.

        A broker that is away is waited for: requests are answered 503 meanwhile, and for as
        long as a broker that comes, or is changed, later is unfit.
        """
        await self._look()
        if self.broker_faults:
            await self.close()
            raise BrokenPromise("; ".join(self.broker_faults))
        self._looking = asyncio.create_task(self._keep_looking())

    async def close(self) -> None:
        """Stop looking and hang up."""
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()  # which the client library may swallow in the middle of a look
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
        self._key_uses[keys.digest(key)] = int(now.timestamp())
        return self.registry

    def check_room(self) -> None:
        """Raise NotReady while a reading could not be kept, or too much is not stored yet."""
        if not self.broker_is_here:
            raise NotReady("the broker is away")
        if self.broker_faults:
            reason = "; ".join(self.broker_faults)
            raise NotReady(reason, code="broker_unfit", retry_after_s=RETRY_LATER_S)
        if self.backlog > self._backlog_limit:
            reason = f"{self.backlog} batches wait to be stored"
            raise NotReady(reason, code="backlog", status=429, retry_after_s=RETRY_LATER_S)
        if self.memory > self._memory_limit:
            reason = "the broker's memory is nearly full"
            raise NotReady(reason, code="broker_full", retry_after_s=RETRY_LATER_S)

    def judge(self, body: bytes, known: Registry, *, single: bool, now: datetime) -> Judged:
        """Return the verdict on a body; raises telemetry.Malformed or telemetry.TooMany."""
        return admission.judge(telemetry.parse(body, single=single), known, now=now)

    async def append(self, judged: Judged, *, now: datetime) -> list[int]:
        """Append durably; return the places that were repeats; raises NotReady."""
        begun = time.perf_counter()
        try:
            repeats = await self._appender.append(judged, now=now)
        except Unavailable as fault:
            if self._appends:
                log.warning("cannot append, and says so once: %s", fault)
            self._appends = False
            raise NotReady("the broker cannot take readings now") from fault
        self._appends = True
        self._append_s.observe(time.perf_counter() - begun)
        return repeats

    async def _keep_looking(self) -> None:
        while not self._closed:
            await asyncio.sleep(LOOK_EVERY_S)
            await self._look()

    async def _look(self) -> None:
        try:
            await self._look_at_registry()
            await self._look_at_broker()
            await self._tell_key_uses()
        except (TimeoutError, exceptions.RedisError, OSError) as fault:
            if self.broker_is_here:
                log.warning("the broker is away: %s", fault)
            self.broker_is_here = False
        else:
            self.broker_is_here = True
        BROKER.set(self.broker_is_here)

    async def _look_at_registry(self) -> None:
        stamp = await self._client.get(names.REGISTRY_STAMP)
        if stamp is None or stamp == self._stamp:
            return
        packed = await self._client.get(names.REGISTRY)
        try:
            self.registry = registry.unpack(packed if isinstance(packed, bytes) else b"")
        except msgspec.DecodeError:
            log.exception("the mirror of the registry cannot be read; keeping %s", self._stamp)
            return
        self.regions = Regions(self.registry)
        self._stamp = stamp
        metrics.REGISTRY.set(self.registry.version)

    async def _look_at_broker(self) -> None:
        shards = range(self.registry.shards) if self.registry is not None else range(0)
        pipe = self._client.pipeline(transaction=False)
        for shard in shards:
            pipe.xlen(names.stream(shard))
        pipe.info()
        *lengths, info = await pipe.execute()
        self.backlog, self.memory = sum(lengths), int(info["used_memory"])
        metrics.BACKLOG.set(self.backlog)
        metrics.BROKER_BYTES.set(self.memory)
        # Looked at again and again: somebody may change a broker while it runs.
        found = persistence.persistence_of(info, await self._fsync_settings())
        faults = found.faults(waitaof_replicas=self._replicas)
        if faults != self.broker_faults:
            log.warning("the broker is %s", "; ".join(faults) or "fit again")
        self.broker_faults = faults

    async def _tell_key_uses(self) -> None:
        told = dict(self._key_uses)
        if told:
            await self._client.hset(names.KEY_USES, mapping=cast("Any", told))
            # A use that came meanwhile stays for the next time.
            self._key_uses = {k: at for k, at in self._key_uses.items() if told.get(k) != at}

    async def _fsync_settings(self) -> dict[str, str] | None:
        try:
            found: dict[Any, Any] = await self._client.config_get("*fsync*")
        except exceptions.ResponseError:  # managed brokers forbid CONFIG
            return None
        return {utils.str_if_bytes(name): utils.str_if_bytes(v) for name, v in found.items()}


def read_clock() -> datetime:
    """Return the moment a request is judged at."""
    return datetime.now(UTC)
