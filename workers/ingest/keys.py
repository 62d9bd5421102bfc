"""The key of a request: read from its headers, and checked by the registry."""

from collections.abc import Mapping
from datetime import datetime

from meters.registry import Key, Registry
from segs_site.lib import keys
from segs_site.lib.keys import Missing, digest

__all__ = ["Ended", "Missing", "check", "digest", "presented"]


class Ended(Exception):
    """The key was right, but has ended."""


def presented(headers: Mapping[bytes, bytes]) -> str:
    """Return the key a request presents; raises Missing."""
    return keys.presented(
        plain=headers.get(b"x-api-key", b"").decode("latin-1"),
        authorization=headers.get(b"authorization", b"").decode("latin-1"),
    )


def check(key: str, registry: Registry, *, now: datetime) -> Key:
    """Return what is known of a key; raises Missing where it is unknown, or Ended."""
    known = registry.keys.get(digest(key))
    if known is None:
        raise Missing
    if known.expires_at is not None and known.expires_at <= now:
        raise Ended
    return known
