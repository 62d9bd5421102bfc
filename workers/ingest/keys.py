"""The key of a request: three ways to send it, one way to check it."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import datetime

from meters.registry import Key, Registry


class Missing(Exception):
    """The request carries no key, or none that is known."""


class Ended(Exception):
    """The key was right, but has ended."""


def presented(headers: Mapping[bytes, bytes]) -> str:
    """Return the key a request presents; raises Missing.

    `Authorization: Api-Key …`, `X-Api-Key: …`, or the password of HTTP Basic, for clients that
    can set nothing but a URL.
    """
    plain = headers.get(b"x-api-key", b"").decode("latin-1").strip()
    if plain:
        return plain
    scheme, _, value = headers.get(b"authorization", b"").decode("latin-1").strip().partition(" ")
    if scheme.lower() == "api-key" and value.strip():
        return value.strip()
    if scheme.lower() == "basic":
        return _basic_password(value)
    raise Missing


def _basic_password(value: str) -> str:
    try:
        user, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as fault:
        raise Missing from fault
    if not (password or user):
        raise Missing
    return password or user  # `http://KEY@host/` has the key where the user stands


def digest(key: str) -> str:
    """Return what the registry knows a key by."""
    return hashlib.sha256(key.encode()).hexdigest()


def check(key: str, registry: Registry, *, now: datetime) -> Key:
    """Return what is known of a key; raises Missing or Ended."""
    known = registry.keys.get(digest(key))
    if known is None:
        raise Missing
    if known.expires_at is not None and known.expires_at <= now:
        raise Ended
    return known
