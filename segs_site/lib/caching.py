"""Answers that cost much, kept for a short while and made by one at a time."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.db import connection

log = logging.getLogger(__name__)

T = TypeVar("T")
LONGEST_S = 30  # as long as the maker may take before another tries
LOOK_EVERY_S = 0.05


class KeptClient(RedisCacheClient):
    """Django's, which makes a client for each question: that costs more than the question."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._clients: dict[bool, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """Return the client for reading or for writing."""
        if write not in self._clients:
            self._clients[write] = super().get_client(key, write=write)
        return self._clients[write]


class Cache(RedisCache):
    """Django's, with a client that is kept, and a way to count that asks once."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient

    def count(self, key: str, *, seconds: int) -> int:
        """Count one more under `key`, from 1 on; it is forgotten `seconds` after the first."""
        name = self.make_and_validate_key(key)
        client = self._cache.get_client(name, write=True)
        counted: int = client.incr(name)
        if counted == 1:
            client.expire(name, seconds)
        return counted


def count(key: str, *, seconds: int) -> int | None:
    """Count one more under `key`, as `Cache.count` does; None while the cache is away."""
    site_cache: Any = cache
    counted: int | None = _try(lambda: site_cache.count(key, seconds=seconds))
    return counted


def put(key: str, value: Any, *, seconds: int) -> None:
    """Leave something for others to see for a while; nothing while the cache is away."""
    _try(cache.set, key, value, seconds)


def seen(key: str) -> Any:
    """Return what was put under `key`; None when nothing is there, or the cache is away."""
    return _try(cache.get, key)


def kept(key: str, *, seconds: int, make: Callable[[], T]) -> T:
    """Return what was made under `key` up to `seconds` ago, else make it.

    Whoever comes while it is being made gets the one before, or waits where there is none. While
    the cache is away everybody makes. What was made from another database is another answer.
    """
    key = f"{key}:{connection.settings_dict['NAME']}"
    found: tuple[T, float] | None = _try(cache.get, key)
    if found is not None and time.time() < found[1]:
        return found[0]
    making = f"{key}:making"
    if _try(cache.add, making, 1, LONGEST_S) is False:
        found = found or _awaited(key)
        if found is not None:
            return found[0]
    try:
        value = make()
        _try(cache.set, key, (value, time.time() + seconds), seconds + LONGEST_S)
    finally:
        _try(cache.delete, making)
    return value


def _awaited(key: str) -> Any:
    ends = time.monotonic() + LONGEST_S
    while time.monotonic() < ends and _try(cache.get, f"{key}:making"):
        time.sleep(LOOK_EVERY_S)
    return _try(cache.get, key)


def _try(ask: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return ask(*arguments)
    except Exception as problem:  # noqa: BLE001 each cache has errors of its own
        log.warning("nothing is kept or counted: %s", problem)
        return None
