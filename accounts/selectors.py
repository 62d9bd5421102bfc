"""Questions about people and keys."""

from datetime import datetime

from accounts.choices import KeyScope
from accounts.models import ApiKey
from meters.registry import Key


def ingest_keys() -> dict[str, Key]:
    """Return the keys that send telemetry, by digest, each with its end.

    Those that have ended are among them, so that their holders are told.
    """
    found = ApiKey.objects.filter(scope=KeyScope.INGEST)
    return {key.sha256: Key(key.name, _end(key.expires_at, key.revoked_at)) for key in found}


def _end(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
