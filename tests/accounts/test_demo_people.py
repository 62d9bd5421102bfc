"""What the documentation says to everybody opens nothing in production."""

from datetime import datetime

import pytest
from django.test import Client

from accounts import selectors, services
from accounts.choices import UserRole
from accounts.models import User
from segs_site.lib import access
from segs_site.lib.access import Action

EMAIL, PASSWORD = "operator@demo.segs.example", "segs-demo"

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_user(EMAIL, PASSWORD, role=UserRole.OPERATOR)


def log_in(client: Client) -> int:
    answer = client.post(
        "/api/auth/login", {"email": EMAIL, "password": PASSWORD}, content_type="application/json"
    )
    return answer.status_code


class TestDemoPeople:
    def test_come_in_while_debug_is_on(self, client: Client, operator: User, settings) -> None:
        settings.DEBUG = True

        assert log_in(client) == 200
        assert access.may(operator, Action.WATCH_GRID)

    def test_are_nobody_where_debug_is_off(self, client: Client, operator: User, settings) -> None:
        settings.DEBUG = False

        assert log_in(client) == 401
        assert not access.may(operator, Action.WATCH_GRID)

    def test_do_not_take_others_with_them(self, olga: User, settings) -> None:
        settings.DEBUG = False

        assert access.may(olga, Action.WATCH_GRID)


class TestDemoKey:
    @pytest.mark.parametrize("debug", [True, False], ids=["demo", "production"])
    def test_opens_ingest_in_the_demo_alone(self, now: datetime, settings, debug: bool) -> None:
        settings.DEBUG = debug
        services.issue_key(name="Demo meters", key=access.DEMO_KEY, now=now)
        services.issue_key(name="Head-end", key="a-long-random-text", now=now)

        names = {key.name for key in selectors.ingest_keys().values()}

        assert names == ({"Demo meters", "Head-end"} if debug else {"Head-end"})
