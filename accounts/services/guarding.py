"""Locks against guessing.

Each attempt is counted before it is made: a hundred at once are no more than one by one.
A lock depends on what was named, never on whether it exists: an unknown address locks as a known
one does. It ends by time, and a password set anew ends it for the account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac

from accounts.models import Attempts

KEPT: Final = timedelta(days=1)  # longer than any lock; later a row says nothing
FORGOTTEN_AT_ONCE: Final = 100


class Locked(Exception):
    """Too many attempts; none is let in before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True, slots=True)
class Limit:
    """`times` attempts within `within`, then a lock of `lock` from the last of them."""

    name: str
    times: int
    within: timedelta
    lock: timedelta


_QUARTER: Final = timedelta(minutes=15)
PASSWORDS_OF_ACCOUNT: Final = Limit("password", 10, _QUARTER, _QUARTER)
# An office, or a proxy, is one address.
PASSWORDS_OF_ADDRESS: Final = Limit("address", 100, _QUARTER, _QUARTER)
CODES: Final = Limit("code", 10, _QUARTER, _QUARTER)
REGISTRATIONS_OF_ADDRESS: Final = Limit("register", 30, timedelta(hours=1), timedelta(hours=1))
LETTERS_OF_ACCOUNT: Final = Limit("letter", 5, timedelta(hours=1), timedelta(hours=1))
LETTERS_OF_ADDRESS: Final = Limit("letters", 50, timedelta(hours=1), timedelta(hours=1))

_COUNT: Final = """
INSERT INTO accounts_attempts AS held (subject, count, since, locked_until)
VALUES (%(subject)s, 1, %(now)s, NULL)
ON CONFLICT (subject) DO UPDATE SET
    count = CASE WHEN {over} THEN 1 ELSE held.count + 1 END,
    since = CASE WHEN {over} THEN excluded.since ELSE held.since END,
    locked_until = CASE
        WHEN {over} THEN NULL
        WHEN held.locked_until IS NOT NULL THEN held.locked_until
        WHEN held.count + 1 >= %(times)s THEN %(locked_until)s
    END
RETURNING count, locked_until
""".format(over="coalesce(held.locked_until <= excluded.since, held.since <= %(forgotten)s)")


def claim(limit: Limit, whom: str, *, now: datetime) -> None:
    """Count one attempt on `whom` that is about to be made; raises Locked, then make none."""
    values: dict[str, str | int | datetime] = {
        "subject": _subject(limit, whom),
        "now": now,
        "forgotten": now - limit.within,
        "times": limit.times,
        "locked_until": now + limit.lock,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        count, locked_until = cursor.fetchone()
    if count > limit.times:
        raise Locked(locked_until)
    if count == 1:
        _forget(now=now)


def clear(limit: Limit, whom: str) -> None:
    """Forget every attempt on `whom`: the right answer was given."""
    Attempts.objects.filter(subject=_subject(limit, whom)).delete()


def give_back(limit: Limit, whom: str) -> None:
    """Take back one attempt, which was none: others of the same address have made theirs."""
    held = Attempts.objects.filter(subject=_subject(limit, whom), count__gt=0)
    held.update(count=F("count") - 1, locked_until=None)


def caller(meta: Mapping[str, Any]) -> str:
    """Return the network address that a request comes from.

    What stands in X-Forwarded-For is believed for as many proxies of ours as `SEGS_PROXIES`
    says, for anybody can write the rest.
    """
    passed = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    if settings.SEGS_PROXIES and passed != [""]:
        return passed[-min(settings.SEGS_PROXIES, len(passed))]
    return str(meta.get("REMOTE_ADDR", ""))


def _subject(limit: Limit, whom: str) -> str:
    return salted_hmac(f"accounts.guarding.{limit.name}", whom.lower()).hexdigest()


def _forget(*, now: datetime) -> None:
    old = Attempts.objects.filter(since__lt=now - KEPT)
    Attempts.objects.filter(pk__in=old.values("pk")[:FORGOTTEN_AT_ONCE]).delete()
