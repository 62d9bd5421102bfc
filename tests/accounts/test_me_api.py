"""The signed-in person by REST."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.doors import Api

pytestmark = pytest.mark.django_db
CHOSEN = {
    "language": "en",
    "time_zone": "Asia/Kolkata",
    "notify_outages": False,
    "notify_bills": True,
    "notify_prices": True,
    "price_above": "0.300000",
    "price_below": None,
    "budget": "80.00",
}


class TestMe:
    def test_is_who_signed_in(self, api: Api, carl: User) -> None:
        answer = api.get("users/me", api.pair(carl.email, "secret-carl")["access"])

        assert answer.json() == {
            "id": carl.pk,
            "email": carl.email,
            "first_name": "",
            "last_name": "",
            "role": "customer",
        }

    def test_chooses_a_name_and_nothing_else(self, api: Api, carl: User) -> None:
        access = api.pair(carl.email, "secret-carl")["access"]
        wish = {"first_name": "Carl", "last_name": "Ng", "role": "admin", "email": "x@y.example"}

        answer = api.put("users/me", access, **wish)

        carl.refresh_from_db()
        assert answer.json()["first_name"] == "Carl"
        assert (carl.last_name, carl.role, carl.email) == ("Ng", "customer", "carl@home.example")

    def test_is_nobody_without_a_sign_in(self, api: Api) -> None:
        assert api.get("users/me").status_code == 401

    def test_may_come_by_session_but_changes_nothing_without_its_token(self, carl: User) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(carl)
        wish = {"first_name": "Eve", "last_name": ""}

        read = browser.get("/api/users/me").status_code
        forged = browser.put("/api/users/me", wish, content_type="application/json").status_code

        assert (read, forged) == (200, 403)


class TestPreferences:
    def test_are_defaults_until_said(self, api: Api, carl: User) -> None:
        answer = api.get("users/me/preferences", api.pair(carl.email, "secret-carl")["access"])

        assert answer.json() == {
            "language": "en",
            "time_zone": "",
            "notify_outages": True,
            "notify_bills": True,
            "notify_prices": False,
            "price_above": None,
            "price_below": None,
            "budget": None,
        }

    def test_are_kept(self, api: Api, carl: User) -> None:
        access = api.pair(carl.email, "secret-carl")["access"]

        api.put("users/me/preferences", access, **CHOSEN)

        assert api.get("users/me/preferences", access).json() == CHOSEN

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("language", "xx"),
            ("time_zone", "Mars/Olympus"),
            ("notify_bills", "perhaps"),
            ("budget", "0"),
            ("price_above", "1e9"),
        ],
    )
    def test_are_refused_by_field(self, api: Api, carl: User, field: str, value: Any) -> None:
        access = api.pair(carl.email, "secret-carl")["access"]

        answer = api.put("users/me/preferences", access, **(CHOSEN | {field: value}))

        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
