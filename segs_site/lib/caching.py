"""Answers that cost much, kept for a short while and made by one at a time."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache

log = logging.getLogger(__name__)

T = TypeVar("T")
LONGEST_S = 30  # as long as the maker may take before another tries
LOOK_EVERY_S = 0.05


def kept(key: str, *, seconds: int, make: Callable[[], T]) -> T:
    """Return what was made under `key` up to `seconds` ago, else make it.

    Whoever comes while it is being made waits for it. While the cache is away everybody makes.
    """
    found: tuple[T] | None = _try(cache.get, key)
    if found is not None:
        return found[0]
    if _try(cache.add, f"{key}:making", 1, LONGEST_S) is False:
        found = _awaited(key)
        if found is not None:
            return found[0]
    value = make()
    _try(cache.set, key, (value,), seconds)
    _try(cache.delete, f"{key}:making")
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
        log.warning("nothing is kept: %s", problem)
        return None
