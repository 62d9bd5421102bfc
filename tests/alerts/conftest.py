"""Fixtures of the desk's pages: Olga's desk and hand, and a transformer that is dark."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import UserRole
from accounts.models import User
from alerts.conditions.kinds import Kind, Severity
from alerts.models import Alert
from alerts.services import raising
from grid.models import Transformer
from tests.alerts import builders
from tests.worlds import SmallGrid


@pytest.fixture
def clara(db: None) -> User:
    """Is the billing clerk."""
    return User.objects.create_user("clara@utility.example", "secret-clara", role=UserRole.CLERK)


@pytest.fixture
def desk(client: Client, olga: User) -> Callable[..., str]:
    """Olga's desk: `desk(tab="shelved")`."""
    client.force_login(olga)

    def read(path: str = "", **query: Any) -> str:
        return client.get(path or reverse("alerts"), query).content.decode()

    return read


@pytest.fixture
def act(client: Client, olga: User) -> Callable[..., Any]:
    """Olga's hand: `act("acknowledge", alert)` returns what a script is answered."""
    client.force_login(olga)

    def do(verb: str, *alerts: Alert, **more: Any) -> Any:
        ids = ",".join(str(each.pk) for each in alerts)
        data = {"verb": verb, "ids": ids} | more
        return client.post(reverse("alerts-act"), data, headers={"Accept": "application/json"})

    return do


@pytest.fixture
def dark(small_grid: SmallGrid, now: datetime) -> Alert:
    """A transformer that is dark, which explains its three meters."""
    transformer = Transformer.objects.get(code="T-North")
    found = builders.raised(
        transformer, Kind.TRANSFORMER_OUTAGE, at=now, severity=Severity.CRITICAL,
        value=3.0, baseline=3.0,
    )  # fmt: skip
    raising.raise_all(
        triggers=[
            builders.trigger(meter, at=now, parent=transformer)
            for meter in small_grid.north_meters
        ],
        now=now,
    )
    return found
