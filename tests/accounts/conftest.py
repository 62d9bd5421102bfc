"""Fixtures of people: quick hashes, and doors that are asked as clients ask them."""

from typing import Any

import pytest
from django.test import Client

from tests.accounts import doors


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    """A hash that takes its time would take most of these tests' time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_throttle(settings: Any) -> None:
    """The throttle by role has tests of its own; here the locks answer."""
    settings.SEGS_API_LIMITS = {}


@pytest.fixture
def api(client: Client) -> doors.Api:
    """The API as a stranger asks it."""
    return doors.Api(client)
