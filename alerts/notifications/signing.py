"""Signatures of webhooks, as Standard Webhooks 1.0.0 describes them (HMAC-SHA256)."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> bytes:
    """Return a secret that nobody can guess."""
    return secrets.token_bytes(SECRET_BYTES)


def spelled(secret: bytes) -> str:
    """Return a secret as the libraries of Standard Webhooks take it."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(*, secret: bytes, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers by which a receiver knows whose the body is, and how old.

    Signed is `id.timestamp.body`: a body cannot be sent again as another message, or later.
    """
    stamp = str(int(now.timestamp()))
    signed = b".".join([message_id.encode(), stamp.encode(), body])
    signature = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
    }
