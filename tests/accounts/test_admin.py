"""Django's admin opens every list and form without a fault."""

from datetime import datetime

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import ApiKey, User
from meters.models import LatestReading
from tests import worlds

pytestmark = pytest.mark.django_db

OURS = ("grid", "meters", "tariffs", "accounts")
MODELS = [model for model in admin.site._registry if model._meta.app_label in OURS]


def address(model: type, page: str, *args: int) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def desk(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


class TestEveryModel:
    @pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
    def test_can_be_listed_and_searched(
        self, desk: Client, small_grid: worlds.SmallGrid, model: type
    ) -> None:
        assert desk.get(address(model, "changelist"), {"q": "nothing"}).status_code == 200
        assert desk.get(address(model, "changelist")).status_code == 200

    @pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
    def test_can_be_opened(self, desk: Client, small_grid: worlds.SmallGrid, model: type) -> None:
        for row in model.objects.all()[:1]:
            assert desk.get(address(model, "change", row.pk)).status_code == 200

    @pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
    def test_can_be_added_or_refuses(self, desk: Client, model: type) -> None:
        assert desk.get(address(model, "add")).status_code in (200, 403)


class TestWhatIsMeasured:
    def test_cannot_be_changed(
        self, desk: Client, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        meter = small_grid.north_meters[0]
        LatestReading.objects.create(meter=meter, ts=now, power_mw=7, received_at=now)

        answer = desk.post(address(LatestReading, "change", meter.pk), {"power_mw": 8})

        assert answer.status_code == 403
        assert LatestReading.objects.get().power_mw == 7


class TestKeys:
    def test_can_be_revoked(self, desk: Client, now: datetime) -> None:
        key, _ = services.issue_key(name="head-end", now=now)

        desk.post(
            address(ApiKey, "changelist"), {"action": "revoke", "_selected_action": [key.pk]}
        )

        key.refresh_from_db()
        assert key.revoked_at is not None

    def test_are_not_open_to_olga(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        assert client.get(address(ApiKey, "changelist")).status_code == 302


class TestUsers:
    def test_are_made_by_address(self, desk: Client) -> None:
        fields = {
            "email": "nina@utility.example",
            "role": "operator",
            "usable_password": "true",
            "password1": "long-enough-secret",
            "password2": "long-enough-secret",
        }

        answer = desk.post(address(User, "add"), fields)

        assert answer.status_code == 302, answer.context["errors"]
        assert User.objects.get(email="nina@utility.example").check_password("long-enough-secret")
