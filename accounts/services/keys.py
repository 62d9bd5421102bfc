"""Changes to API keys."""

import hashlib
import secrets
from datetime import datetime

from accounts.choices import KeyScope
from accounts.models import ApiKey


def digest(key: str) -> str:
    """Return what is kept of a key: random keys need no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


def issue_key(
    *,
    name: str,
    now: datetime,
    key: str | None = None,
    scope: KeyScope = KeyScope.INGEST,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it once in clear text; a given `key` is for demo and tests."""
    secret = key or f"segs_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        name=name,
        prefix=secret[:12],
        sha256=digest(secret),
        scope=scope,
        created_at=now,
        expires_at=expires_at,
    )
    return row, secret


def revoke_key(*, key: ApiKey, now: datetime) -> None:
    """End a key; revoking twice keeps the first moment."""
    ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now)
