"""It is June, and Carl has a browser."""

from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.billing.worlds import (
    NOW,
)


@pytest.fixture(autouse=True)
def _in_june() -> Any:
    """It is the 3rd of June, 8 o'clock."""
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def carls(client: Client, carl: User) -> Client:
    """Carl's browser."""
    client.force_login(carl)
    return client
