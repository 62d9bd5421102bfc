"""Changes to API keys."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import F, Value
from django.db.models.functions import Greatest

from accounts.choices import KeyScope
from accounts.models import ApiKey
from segs_site.lib.keys import digest

NOTED_EVERY = timedelta(minutes=1)


class EndsBeforeItBegins(Exception):
    """The key would have ended already."""


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


def hand_out(*, name: str, now: datetime, expires_at: datetime | None) -> tuple[ApiKey, str]:
    """Make a key for a head-end and return it once in clear text; raises EndsBeforeItBegins."""
    if expires_at is not None and expires_at <= now:
        raise EndsBeforeItBegins
    return issue_key(name=name, now=now, expires_at=expires_at)


def revoke_key(*, key: ApiKey, now: datetime) -> None:
    """End a key; revoking twice keeps the first moment."""
    ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now)


def note_use(*, key: ApiKey, now: datetime) -> None:
    """Write down that a key opened a door; at most once a minute."""
    if key.last_used_at is None or now - key.last_used_at >= NOTED_EVERY:
        note_uses(uses={key.sha256: now})


def note_uses(*, uses: Mapping[str, datetime]) -> None:
    """Write down when keys, by digest, were last used; an older moment than is known is late."""
    for sha256, moment in uses.items():
        last = Greatest(F("last_used_at"), Value(moment))  # of null and a moment: the moment
        ApiKey.objects.filter(sha256=sha256).update(last_used_at=last)
