"""The key of a head-end, as a request presents it: three ways to send one, at every door."""

import base64
import binascii
import hashlib


class Missing(Exception):
    """The request carries no key."""


def presented(*, plain: str, authorization: str) -> str:
    """Return the key of `X-Api-Key` and `Authorization`; raises Missing.

    `Authorization: Api-Key …`, `X-Api-Key: …`, or the password of HTTP Basic, for clients that
    can set nothing but a URL.
    """
    if plain.strip():
        return plain.strip()
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() == "api-key" and value.strip():
        return value.strip()
    if scheme.lower() == "basic":
        return _basic_password(value)
    raise Missing


def digest(key: str) -> str:
    """Return what is kept of a key: random keys need no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


def _basic_password(value: str) -> str:
    try:
        user, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as fault:
        raise Missing from fault
    if not (password or user):
        raise Missing
    return password or user  # `http://KEY@host/` has the key where the user stands
