"""A grid to spoil: people of each role, a meter of Carl's, and one of whatever can be named."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from accounts.api import tokens
from accounts.choices import UserRole
from accounts.models import User
from accounts.services import keys
from meters.models import QuarantinedReading
from segs_site.lib.models import DeadLetter
from tests import worlds
from tests.accounts import builders
from tests.api.asking import Asker


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Requests leave the test's connection open, and its transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def clara(db: None) -> User:
    """Bills."""
    return User.objects.create_user("clara@utility.example", "secret-clara", role=UserRole.CLERK)


@pytest.fixture
def asker(
    request: pytest.FixtureRequest, small_grid: worlds.SmallGrid, now: datetime, settings: Any
) -> Asker:
    """Somebody who asks, by the name of the fixture that makes him; None is nobody."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SEGS_API_LIMITS = {}
    carl: User = request.getfixturevalue("carl")
    meter = small_grid.north_meters[0]
    builders.takes_service(carl, builders.point_of(meter), since=now - timedelta(days=9))
    letter = DeadLetter.objects.create(
        shard=0, letter="1-0", origin="2-0", reason="cannot be read", size=9
    )
    waiting = QuarantinedReading.objects.create(
        serial="STRANGER", ts=now, reason="unknown_meter", raw="{}", received_at=now, origin="1/0"
    )
    key, _ = keys.hand_out(name="Head-end", expires_at=None, now=now)
    known = {
        "/api/admin/api-keys": key.pk,
        "/api/admin/dead-letters": letter.pk,
        "/api/admin/meters": meter.pk,
        "/api/admin/quarantine": waiting.pk,
        "/api/admin/users": carl.pk,
        "/api/users": carl.pk,
    }
    named = {"region": "North", "code": "North", "meter": meter.serial}
    if request.param is None:
        return Asker({}, known, named)
    access = tokens.start(request.getfixturevalue(request.param), now=now)["access"]
    return Asker({"Authorization": f"Bearer {access}"}, known, named)
