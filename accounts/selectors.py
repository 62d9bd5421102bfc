"""Questions about people and keys."""

from datetime import datetime

from django.db.models import Q

from accounts.choices import KeyScope
from accounts.models import ApiKey
from meters.registry import Key


def ingest_keys(*, now: datetime) -> dict[str, Key]:
    """Return the keys that may send telemetry, by digest; those that have ended are left out."""
    live = ApiKey.objects.filter(scope=KeyScope.INGEST, revoked_at__isnull=True)
    unended = live.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
    return {key.sha256: Key(key.name, key.expires_at) for key in unended}
