"""Signing in and out by REST."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.api import throttles
from accounts.models import User
from workers import embedded

pytestmark = pytest.mark.django_db

LOGIN, REFRESH, LOGOUT = (f"/api/auth/{name}" for name in ("login", "refresh", "logout"))


@pytest.fixture(autouse=True)
def _no_failures_yet() -> None:
    cache.clear()


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(path, body, content_type="application/json")


def login(client: Client, password: str = "secret-olga") -> Any:
    return post(client, LOGIN, email="olga@utility.example", password=password)


class TestLogin:
    def test_answers_a_pair_of_tokens(self, client: Client, olga: User) -> None:
        answer = login(client)

        assert answer.status_code == 200
        assert sorted(answer.json()) == ["access", "refresh"]

    def test_the_access_token_opens_doors(self, client: Client, olga: User) -> None:
        access = login(client).json()["access"]

        answer = Client().get(
            "/api/admin/grid/status", headers={"Authorization": f"Bearer {access}"}
        )

        assert answer.status_code == 200

    @pytest.mark.parametrize("path", [LOGIN, f"{LOGIN}/"])
    def test_takes_the_address_in_any_case_and_path_with_any_slash(
        self, client: Client, olga: User, path: str
    ) -> None:
        answer = post(client, path, email="Olga@Utility.example", password="secret-olga")

        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("email", "password"),
        [("olga@utility.example", "wrong"), ("nobody@utility.example", "secret-olga")],
        ids=["wrong password", "unknown address"],
    )
    def test_does_not_say_which_was_wrong(
        self, client: Client, olga: User, email: str, password: str
    ) -> None:
        answer = post(client, LOGIN, email=email, password=password)

        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
        assert answer["Content-Type"] == "application/problem+json"

    def test_refuses_whoever_is_barred(self, client: Client, olga: User) -> None:
        olga.is_active = False
        olga.save()

        assert login(client).status_code == 401

    def test_names_the_fields_that_are_missing(self, client: Client) -> None:
        answer = post(client, LOGIN, email="olga@utility.example")

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["password"])

    def test_refuses_what_is_no_json(self, client: Client) -> None:
        answer = client.post(LOGIN, "{", content_type="application/json")

        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


class TestGuessing:
    def test_is_slowed_down(self, client: Client, olga: User) -> None:
        for _ in range(throttles.FAILURES_OF_ACCOUNT):
            assert login(client, "guess").status_code == 401

        answer = login(client)

        assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
        assert answer["Retry-After"] == "60"

    def test_of_one_account_does_not_slow_another(
        self, client: Client, olga: User, carl: User
    ) -> None:
        for _ in range(throttles.FAILURES_OF_ACCOUNT):
            login(client, "guess")

        answer = post(client, LOGIN, email="carl@home.example", password="secret-carl")

        assert answer.status_code == 200

    def test_signing_in_often_is_no_guessing(self, client: Client, olga: User) -> None:
        codes = [login(client).status_code for _ in range(throttles.FAILURES_OF_ACCOUNT + 2)]

        assert set(codes) == {200}

    def test_people_can_sign_in_while_the_cache_is_away(
        self, client: Client, olga: User, settings: Any
    ) -> None:
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": f"redis://127.0.0.1:{embedded.free_port()}/1",
            }
        }

        assert login(client).status_code == 200


class TestRefresh:
    def test_answers_a_new_pair(self, client: Client, olga: User) -> None:
        pair = login(client).json()

        renewed = post(client, REFRESH, refresh=pair["refresh"])

        assert renewed.status_code == 200
        assert renewed.json()["refresh"] != pair["refresh"]

    def test_works_once(self, client: Client, olga: User) -> None:
        refresh = login(client).json()["refresh"]
        post(client, REFRESH, refresh=refresh)

        answer = post(client, REFRESH, refresh=refresh)

        assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")

    def test_ends_with_the_token(self, client: Client, olga: User) -> None:
        ended = RefreshToken.for_user(olga)
        ended.set_exp(lifetime=-timedelta(seconds=1))

        assert post(client, REFRESH, refresh=str(ended)).status_code == 401

    def test_ends_with_the_user(self, client: Client, olga: User) -> None:
        refresh = login(client).json()["refresh"]
        olga.delete()

        assert post(client, REFRESH, refresh=refresh).status_code == 401

    def test_does_not_take_an_access_token(self, client: Client, olga: User) -> None:
        access = login(client).json()["access"]

        assert post(client, REFRESH, refresh=access).status_code == 401


class TestLogout:
    def test_ends_the_token(self, client: Client, olga: User) -> None:
        refresh = login(client).json()["refresh"]

        assert post(client, LOGOUT, refresh=refresh).status_code == 204

        assert post(client, REFRESH, refresh=refresh).status_code == 401

    def test_twice_is_well(self, client: Client, olga: User) -> None:
        refresh = login(client).json()["refresh"]

        codes = [post(client, LOGOUT, refresh=refresh).status_code for _ in range(2)]

        assert codes == [204, 204]
