"""Everything that is held about a person: asked for, made by a job, fetched for a week."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import DataExport, User

KEPT: Final = timedelta(days=7)
BETWEEN: Final = timedelta(days=1)  # an archive is work for the machine
LEASE: Final = timedelta(minutes=10)
MOST_ATTEMPTS: Final = 5


class TooSoon(Exception):
    """One was asked for within a day, or is being made."""


def ask(*, user: User, now: datetime) -> DataExport:
    """Ask for an archive. Raises TooSoon."""
    if DataExport.objects.filter(user=user, asked_at__gt=now - BETWEEN).exists():
        raise TooSoon
    try:
        with transaction.atomic():
            return DataExport.objects.create(user=user, asked_at=now, try_at=now)
    except IntegrityError as fault:
        raise TooSoon from fault


def make_due(*, make: Callable[[User], bytes], now: datetime) -> int:
    """Make the archives that were asked for, forget those that expired; return how many.

    One that fails is tried again a few times, and given up: it can be asked for anew.
    """
    DataExport.objects.filter(expires_at__lte=now).exclude(archive=None).update(archive=None)
    DataExport.objects.filter(made_at=None, attempts__gte=MOST_ATTEMPTS, try_at__lte=now).delete()
    due = DataExport.objects.filter(made_at=None, try_at__lte=now).order_by("try_at")
    return sum(_make(each, make, now) for each in list(due.select_related("user")))


def _make(wish: DataExport, make: Callable[[User], bytes], now: datetime) -> bool:
    mine = DataExport.objects.filter(pk=wish.pk, made_at=None, attempts=wish.attempts)
    if not mine.update(attempts=F("attempts") + 1, try_at=now + LEASE):
        return False
    made = make(wish.user)
    ready = DataExport.objects.filter(pk=wish.pk, made_at=None)
    return bool(ready.update(archive=made, made_at=now, expires_at=now + KEPT))


def ready(*, user: User, now: datetime) -> DataExport | None:
    """Return the archive that can be fetched now."""
    made = DataExport.objects.filter(user=user, expires_at__gt=now)
    return made.exclude(archive=None).first()


def newest(*, user: User) -> DataExport | None:
    """Return the last that was asked for, without its archive."""
    return DataExport.objects.filter(user=user).defer("archive").first()
