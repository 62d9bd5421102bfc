"""Whether a broker keeps an append that it has acknowledged.

Ingest asks at its start and refuses a broker that cannot keep "202 means durable".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings

OLDEST_BROKER = (7, 0)  # streams trimmed by MINID and consumer lag
OLDEST_WITH_WAITAOF = (7, 2)


@dataclass(frozen=True)
class BrokerPersistence:
    """What decides whether an answered append outlives a crash.

    `appendfsync` and `fsync_pauses` (no fsync while the log is rewritten) are None where the
    broker does not let its configuration be read.
    """

    version: tuple[int, ...]
    appendonly: bool
    last_write_ok: bool
    appendfsync: str | None
    fsync_pauses: bool | None
    maxmemory_policy: str
    replicas: int

    def faults(self, *, waitaof_replicas: int) -> list[str]:
        """Return why the promise cannot be kept, each with what to do; empty when it can.

        `waitaof_replicas` is 0 where the broker's own `appendfsync always` is relied upon, else
        the number of replicas that must have each append on disk before it is answered.
        """
        own_log = self._wait_faults(waitaof_replicas) if waitaof_replicas else self._fsync_faults()
        return [*self._common_faults(), *own_log]

    def _common_faults(self) -> list[str]:
        found = []
        if self.version < OLDEST_BROKER:
            found.append("the broker is older than Redis or Valkey 7.0: use a newer one")
        if not self.appendonly:
            found.append("the broker keeps no log on disk: set `appendonly yes`")
        elif not self.last_write_ok:
            found.append("the broker's last write to its log failed: look at its disk and log")
        if self.maxmemory_policy != "noeviction":
            found.append(
                f"the broker forgets entries when memory is full (maxmemory-policy"
                f" {self.maxmemory_policy}): set `maxmemory-policy noeviction`"
            )
        return found

    def _fsync_faults(self) -> list[str]:
        if self.appendfsync is None:
            return [
                "the broker does not let its configuration be read, so nobody can tell whether"
                " it syncs each append: allow CONFIG GET, or set SEGS_WAITAOF_REPLICAS"
            ]
        found = []
        if self.appendfsync != "always":
            found.append(
                f"the broker answers before its log is on disk (appendfsync {self.appendfsync}):"
                " set `appendfsync always`, or SEGS_WAITAOF_REPLICAS with a replica"
            )
        if self.fsync_pauses:
            found.append(
                "the broker does not sync while it rewrites its log:"
                " set `no-appendfsync-on-rewrite no`"
            )
        return found

    def _wait_faults(self, waitaof_replicas: int) -> list[str]:
        found = []
        if self.version < OLDEST_WITH_WAITAOF:
            found.append(
                "SEGS_WAITAOF_REPLICAS needs Redis or Valkey 7.2, which know WAITAOF:"
                " use a newer broker, or unset it and set `appendfsync always`"
            )
        if self.replicas < waitaof_replicas:
            found.append(
                f"SEGS_WAITAOF_REPLICAS is {waitaof_replicas} but {self.replicas} replicas are"
                " connected: every append would be refused"
            )
        return found


def persistence_of(info: Mapping[str, Any], config: Mapping[str, str] | None) -> BrokerPersistence:
    """Read the answers of `INFO` and of `CONFIG GET *fsync*` (None where it is forbidden)."""
    return BrokerPersistence(
        version=tuple(int(part) for part in broker_version(info).split(".")[:2]),
        appendonly=bool(int(info.get("aof_enabled", 0))),
        last_write_ok=info.get("aof_last_write_status", "ok") == "ok",
        appendfsync=config.get("appendfsync") if config else None,
        fsync_pauses=config.get("no-appendfsync-on-rewrite") == "yes" if config else None,
        maxmemory_policy=str(info.get("maxmemory_policy", "unknown")),
        replicas=int(info.get("connected_slaves", 0)),
    )


def broker_version(info: Mapping[str, Any]) -> str:
    """Return the version; Valkey names its own beside the Redis version it stands for."""
    return str(info.get("valkey_version") or info.get("redis_version") or "0.0")


def broker_faults(client: redis.Redis) -> list[str]:
    """Return why the broker cannot keep "202 means durable", each with what to do.

    Empty when it can. Raises `redis.RedisError` when the broker does not answer.
    """
    info = client.info()
    try:
        config = _text(client.config_get("*fsync*"))
    except redis.ResponseError:  # managed brokers forbid CONFIG
        config = None
    return persistence_of(info, config).faults(waitaof_replicas=settings.SEGS_WAITAOF_REPLICAS)


def _text(answer: Mapping[Any, Any]) -> dict[str, str]:
    return {_decoded(name): _decoded(value) for name, value in answer.items()}


def _decoded(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
