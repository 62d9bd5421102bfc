"""People are spoken to in their language and by their clock, on pages and by the API."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import preferences
from tests.accounts import builders
from tests.accounts.doors import Api
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db
SITE, KOLKATA = "Europe/Brussels", "Asia/Kolkata"
DAILY = "/api/telemetry/daily?start=2026-03-10&end=2026-03-12"
EMPTY = {"old_password": "", "password": ""}


@pytest.fixture(autouse=True)
def _speaks_french(settings: Any) -> None:
    settings.PAGE_LANGUAGES = ["en", "fr"]
    settings.SEGS_SITE_ZONE = SITE


def prefers(user: User, **chosen: str) -> User:
    preferences.set_preferences(user=user, **chosen)
    return user


def by_session(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, path: str = "/account/password/", **headers: str) -> str:
    return client.post(path, EMPTY, headers=headers).content.decode()


class TestALanguage:
    def test_is_spoken_on_pages(self, carl: User) -> None:
        words = page(by_session(prefers(carl, language="fr")))

        assert '<html lang="fr"' in words
        assert "Ce champ est obligatoire" in words

    def test_is_the_browsers_for_who_chose_none(self, carl: User) -> None:
        client = by_session(carl)

        assert '<html lang="fr"' in page(client, **{"accept-language": "fr-BE, en;q=0.5"})
        assert '<html lang="en"' in page(client, **{"accept-language": "tlh"})

    def test_of_one_is_not_that_of_the_next(self, carl: User, olga: User) -> None:
        page(by_session(prefers(carl, language="fr")))

        assert '<html lang="en"' in page(by_session(olga))

    def test_that_pages_do_not_speak_yet_is_english(self, carl: User) -> None:
        client = by_session(prefers(carl, language="de"))

        assert '<html lang="en"' in page(client, **{"accept-language": "de"})

    def test_is_spoken_by_the_api(self, api: Api, carl: User) -> None:
        access = api.pair(carl.email, "secret-carl")["access"]
        prefers(carl, language="fr")

        answer = api.put("users/me", access, first_name="Carl")

        assert answer.json()["errors"]["last_name"] == ["Ce champ est obligatoire."]


class TestAZone:
    def test_is_the_sites_for_who_chose_none(self, olga: User) -> None:
        assert by_session(olga).get("/").context["zone"] == SITE

    def test_is_that_of_the_pages(self, olga: User) -> None:
        prefers(olga, time_zone=KOLKATA)

        assert by_session(olga).get("/").context["zone"] == KOLKATA

    def test_that_the_tz_database_has_dropped_is_the_sites(self, olga: User) -> None:
        prefers(olga, time_zone="Mars/Olympus")

        assert by_session(olga).get("/").context["zone"] == SITE

    @pytest.mark.parametrize("name", ["localtime", "Factory", "Mars/Olympus"])
    def test_that_is_no_place_cannot_be_chosen(self, carl: User, name: str) -> None:
        answer = by_session(carl).post("/account/", {"language": "en", "time_zone": name})

        assert answer.context["forms"][1].has_error("time_zone")

    @pytest.mark.parametrize("door", [by_session, builders.signed_in], ids=["session", "token"])
    def test_has_days_of_its_own_by_the_api(
        self, door: Any, carl: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        point = builders.point_of(small_grid.north_meters[0])
        builders.takes_service(carl, point, since=now - timedelta(days=9))
        at_the_site = door(carl).get(DAILY).json()
        prefers(carl, time_zone=KOLKATA)

        there = door(carl).get(DAILY).json()

        assert (at_the_site["zone"], at_the_site["start"]) == (SITE, "2026-03-09T23:00:00Z")
        assert (there["zone"], there["start"]) == (KOLKATA, "2026-03-09T18:30:00Z")
        assert [day["start"] for day in there["intervals"]] == [
            "2026-03-09T18:30:00Z",
            "2026-03-10T18:30:00Z",
        ]

    def test_leaves_the_instants_of_the_api_in_utc(self, ada: User) -> None:
        prefers(ada, time_zone=KOLKATA)

        joined = by_session(ada).get("/api/admin/users").json()["results"][0]["date_joined"]

        assert joined.endswith("Z")

    def test_costs_no_question_of_its_own(
        self, carl: User, django_assert_num_queries: Any
    ) -> None:
        client = by_session(prefers(carl, time_zone=KOLKATA))

        with django_assert_num_queries(2):  # the session and its user
            assert client.get("/api/users/me").status_code == 200
