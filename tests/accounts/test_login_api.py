"""Signing in and out by REST."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.choices import UserRole
from accounts.models import TokenFamily, User
from accounts.services import guarding
from tests.accounts.doors import Api, at_once, told
from workers import embedded

pytestmark = pytest.mark.django_db


class TestLogin:
    def test_answers_a_pair_of_tokens(self, api: Api, olga: User) -> None:
        answer = api.login()

        assert answer.status_code == 200
        assert sorted(answer.json()) == ["access", "refresh"]

    def test_tells_who_it_is_by_one_question_a_request(
        self, api: Api, olga: User, django_assert_num_queries: Any
    ) -> None:
        access = api.pair()["access"]

        with django_assert_num_queries(1):
            assert api.get("users/me", token=access).status_code == 200

    def test_the_access_token_opens_doors(self, api: Api, olga: User) -> None:
        access = api.pair()["access"]

        assert api.get("admin/grid/status", token=access).status_code == 200

    @pytest.mark.parametrize("path", ["auth/login", "auth/login/"])
    def test_takes_the_address_in_any_case_and_path_with_any_slash(
        self, api: Api, olga: User, path: str
    ) -> None:
        answer = api.post(path, email="Olga@Utility.example", password="secret-olga")

        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("email", "password"),
        [("olga@utility.example", "wrong"), ("nobody@utility.example", "secret-olga")],
        ids=["wrong password", "unknown address"],
    )
    def test_does_not_say_which_was_wrong(
        self, api: Api, olga: User, email: str, password: str
    ) -> None:
        answer = api.login(email, password)

        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
        assert answer["Content-Type"] == "application/problem+json"

    def test_refuses_whoever_is_barred_as_it_refuses_a_stranger(
        self, api: Api, olga: User
    ) -> None:
        User.objects.update(is_active=False)

        assert told(api.login()) == told(api.login("nobody@utility.example"))

    def test_names_the_fields_that_are_missing(self, api: Api, db: None) -> None:
        answer = api.post("auth/login", email="olga@utility.example")

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["password"])

    def test_refuses_what_is_no_json(self, client: Client, db: None) -> None:
        answer = client.post("/api/auth/login", "{", content_type="application/json")

        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")

    @pytest.mark.parametrize("length", [1025, 100_000])
    def test_hashes_no_endless_password(self, api: Api, olga: User, length: int) -> None:
        assert api.login(password="x" * length).status_code == 400

    def test_is_remembered_with_the_person(self, api: Api, olga: User) -> None:
        api.login()

        olga.refresh_from_db()
        assert olga.last_login is not None


class TestGuessing:
    def guess(self, api: Api, email: str, times: int) -> list[Any]:
        return [api.login(email, f"guess-{attempt}") for attempt in range(times)]

    def test_locks_after_ten_wrong_passwords_even_for_the_right_one(
        self, api: Api, olga: User
    ) -> None:
        guesses = self.guess(api, olga.email, 10)

        answer = api.login()

        assert {guess.status_code for guess in guesses} == {401}
        assert (answer.status_code, answer.json()["code"]) == (429, "locked")
        assert 0 < int(answer["Retry-After"]) <= 900

    def test_reads_the_same_for_an_address_that_nobody_has(self, api: Api, olga: User) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
            known = self.guess(api, olga.email, 12)
            unknown = self.guess(api, "nobody@utility.example", 12)

        assert [told(answer) for answer in known] == [told(answer) for answer in unknown]

    def test_is_counted_whatever_the_case_of_the_address(self, api: Api, olga: User) -> None:
        self.guess(api, "OLGA@utility.example", 10)

        assert api.login().status_code == 429

    def test_is_forgotten_after_a_quarter_of_an_hour(self, api: Api, olga: User) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            self.guess(api, olga.email, 10)
            clock.shift(timedelta(minutes=14, seconds=59))
            early = api.login().status_code
            clock.shift(timedelta(seconds=1))
            late = api.login().status_code

        assert (early, late) == (429, 200)

    def test_that_goes_on_does_not_make_the_lock_longer(self, api: Api, olga: User) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            self.guess(api, olga.email, 10)
            clock.shift(timedelta(minutes=14))
            self.guess(api, olga.email, 5)
            clock.shift(timedelta(minutes=1))

            assert api.login().status_code == 200

    def test_of_one_account_does_not_lock_another(self, api: Api, olga: User, carl: User) -> None:
        self.guess(api, olga.email, 10)

        assert api.login("carl@home.example", "secret-carl").status_code == 200

    def test_of_many_accounts_locks_the_network_address(
        self, api: Api, olga: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few = guarding.Limit("address", 3, timedelta(minutes=15), timedelta(minutes=15))
        monkeypatch.setattr(guarding, "PASSWORDS_OF_ADDRESS", few)
        for place in range(3):
            api.login(f"person-{place}@utility.example", "Winter2026")

        here = api.login()
        elsewhere = api.client.post(
            "/api/auth/login",
            {"email": olga.email, "password": "secret-olga"},
            content_type="application/json",
            REMOTE_ADDR="192.0.2.7",
        )

        assert (here.status_code, elsewhere.status_code) == (429, 200)

    def test_cannot_hide_behind_a_header(self, api: Api, olga: User, settings: Any) -> None:
        claims = [guarding.caller({"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "1.2.3.4"})]
        settings.SEGS_PROXIES = 1
        chain = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "1.2.3.4, 192.0.2.7"}
        claims.append(guarding.caller(chain))

        assert claims == ["192.0.2.7", "192.0.2.7"]

    def test_signing_in_often_is_no_guessing(self, api: Api, olga: User) -> None:
        assert {api.login().status_code for _ in range(12)} == {200}

    def test_is_forgotten_by_signing_in(self, api: Api, olga: User) -> None:
        self.guess(api, olga.email, 9)
        api.login()

        assert self.guess(api, olga.email, 1)[0].status_code == 401

    def test_people_can_sign_in_while_the_cache_is_away(
        self, api: Api, olga: User, settings: Any
    ) -> None:
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": f"redis://127.0.0.1:{embedded.free_port()}/1",
            }
        }

        assert api.login().status_code == 200


class TestGuessingAtOnce:
    @pytest.mark.django_db(transaction=True)
    def test_lets_no_more_through_than_one_after_another(self, olga: User) -> None:
        answers = at_once(lambda: Api(Client()).login(password="guess").status_code, times=16)

        assert sorted(answers) == [401] * 10 + [429] * 6


class TestRefresh:
    def test_answers_a_new_pair(self, api: Api, olga: User) -> None:
        pair = api.pair()

        renewed = api.post("auth/refresh", refresh=pair["refresh"])

        assert renewed.status_code == 200
        assert renewed.json()["refresh"] != pair["refresh"]
        assert api.knows(renewed.json()["access"])

    def test_goes_on_and_on(self, api: Api, olga: User) -> None:
        refresh = api.pair()["refresh"]

        for _ in range(4):
            refresh = api.post("auth/refresh", refresh=refresh).json()["refresh"]

        assert TokenFamily.objects.count() == 1

    def test_used_twice_ends_its_whole_family(self, api: Api, olga: User) -> None:
        stolen = api.pair()["refresh"]
        newest = api.post("auth/refresh", refresh=stolen).json()["refresh"]

        again = api.post("auth/refresh", refresh=stolen)

        assert (again.status_code, again.json()["code"]) == (401, "token_not_valid")
        assert api.post("auth/refresh", refresh=newest).status_code == 401

    def test_used_twice_ends_access_too(self, api: Api, olga: User) -> None:
        stolen = api.pair()
        newest = api.post("auth/refresh", refresh=stolen["refresh"]).json()

        api.post("auth/refresh", refresh=stolen["refresh"])

        assert not api.knows(stolen["access"])
        assert not api.knows(newest["access"])

    def test_used_twice_leaves_other_sign_ins_alone(self, api: Api, olga: User) -> None:
        telephone, stolen = api.pair()["refresh"], api.pair()["refresh"]
        for _ in range(2):
            api.post("auth/refresh", refresh=stolen)

        assert api.post("auth/refresh", refresh=telephone).status_code == 200

    @pytest.mark.django_db(transaction=True)
    def test_twice_at_the_same_moment_is_twice(self, api: Api, olga: User) -> None:
        refresh = api.pair()["refresh"]

        def renew() -> Any:
            return Api(Client()).post("auth/refresh", refresh=refresh)

        answers = at_once(renew, times=2)
        winner = next(answer for answer in answers if answer.status_code == 200)

        assert sorted(answer.status_code for answer in answers) == [200, 401]
        assert api.post("auth/refresh", refresh=winner.json()["refresh"]).status_code == 401

    def test_ends_after_seven_days_without_use(self, api: Api, olga: User) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            pair = api.pair()
            clock.shift(timedelta(days=7, seconds=1))

            assert api.post("auth/refresh", refresh=pair["refresh"]).status_code == 401

    def test_outlives_an_access_token_of_fifteen_minutes(self, api: Api, olga: User) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            pair = api.pair()
            clock.shift(timedelta(minutes=15, seconds=1))

            assert not api.knows(pair["access"])
            assert api.post("auth/refresh", refresh=pair["refresh"]).status_code == 200

    def test_ends_with_the_user(self, api: Api, olga: User) -> None:
        refresh = api.pair()["refresh"]
        olga.delete()

        assert api.post("auth/refresh", refresh=refresh).status_code == 401

    def test_ends_with_the_bar_of_the_user(self, api: Api, olga: User) -> None:
        refresh = api.pair()["refresh"]
        User.objects.update(is_active=False)

        assert api.post("auth/refresh", refresh=refresh).status_code == 401

    def test_ends_with_a_password_that_an_administrator_sets(self, api: Api, olga: User) -> None:
        pair = api.pair()
        olga.set_password("set-in-the-admin")
        olga.save()

        assert not api.knows(pair["access"])
        assert api.post("auth/refresh", refresh=pair["refresh"]).status_code == 401

    def test_carries_no_old_role(self, api: Api, olga: User) -> None:
        access = api.pair()["access"]
        User.objects.update(role=UserRole.CUSTOMER)

        assert api.get("admin/grid/status", token=access).status_code == 403

    @pytest.mark.parametrize("kind", ["access", "nonsense", "without a family", ""])
    def test_takes_refresh_tokens_of_ours_alone(self, api: Api, olga: User, kind: str) -> None:
        sent = {
            "access": api.pair()["access"],
            "nonsense": "a.b.c",
            "without a family": str(RefreshToken.for_user(olga)),
            "": "",
        }[kind]

        assert api.post("auth/refresh", refresh=sent).status_code == (401 if kind else 400)


class TestLogout:
    def test_ends_the_token(self, api: Api, olga: User) -> None:
        refresh = api.pair()["refresh"]

        assert api.post("auth/logout", refresh=refresh).status_code == 204

        assert api.post("auth/refresh", refresh=refresh).status_code == 401

    def test_ends_the_access_tokens_of_the_sign_in_at_once(self, api: Api, olga: User) -> None:
        first, elsewhere = api.pair(), api.pair()
        second = api.post("auth/refresh", refresh=first["refresh"]).json()

        api.post("auth/logout", refresh=second["refresh"])

        assert not api.knows(first["access"])
        assert not api.knows(second["access"])
        assert api.knows(elsewhere["access"])

    def test_is_told_as_a_token_that_is_not_valid(self, api: Api, olga: User) -> None:
        pair = api.pair()
        api.post("auth/logout", refresh=pair["refresh"])

        answer = api.get("users/me", token=pair["access"])

        assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")

    def test_with_an_older_token_ends_the_newest(self, api: Api, olga: User) -> None:
        oldest = api.pair()["refresh"]
        newest = api.post("auth/refresh", refresh=oldest).json()["refresh"]

        api.post("auth/logout", refresh=oldest)

        assert api.post("auth/refresh", refresh=newest).status_code == 401

    def test_twice_is_well(self, api: Api, olga: User) -> None:
        refresh = api.pair()["refresh"]

        codes = [api.post("auth/logout", refresh=refresh).status_code for _ in range(2)]

        assert codes == [204, 204]
