"""Fixtures every test may use: people with names, a small grid, an empty broker."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis
from django.conf import settings

from accounts.choices import UserRole
from accounts.models import User
from tests import worlds


@pytest.fixture
def now() -> datetime:
    """The present, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """A client of the tests' Valkey, whose database 0 is emptied before and after."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def small_grid(db: None, now: datetime) -> worlds.SmallGrid:
    """Two regions, one transformer each, with three meters a region."""
    return worlds.small_grid(now=now)


@pytest.fixture
def olga(db: None) -> User:
    """Operates."""
    return User.objects.create_user("olga@utility.example", "secret-olga", role=UserRole.OPERATOR)


@pytest.fixture
def carl(db: None) -> User:
    """Is a customer."""
    return User.objects.create_user("carl@home.example", "secret-carl", role=UserRole.CUSTOMER)


@pytest.fixture
def ada(db: None) -> User:
    """Administers."""
    return User.objects.create_superuser("ada@utility.example", "secret-ada")
