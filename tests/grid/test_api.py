"""The grid by REST: who may read it, shapes, caching, problems."""

import gzip
import os
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from meters.models import Meter
from tests import worlds
from tests.grid.builders import MINUTE, closed_minute, last_minute
from tests.tariffs import builders as pricing

pytestmark = pytest.mark.django_db

STATUS, LOAD, TOPOLOGY = (f"/api/admin/grid/{name}" for name in ("status", "load", "topology"))


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


def signed_in(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})


class TestWhoMayRead:
    @pytest.mark.parametrize("path", [STATUS, LOAD, TOPOLOGY])
    def test_nobody_without_a_name(self, client: Client, path: str) -> None:
        answer = client.get(path)

        assert answer.status_code == 401
        assert answer.json()["code"] == "not_authenticated"
        assert answer["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("path", [STATUS, LOAD, TOPOLOGY])
    def test_not_carl(self, carl: User, path: str) -> None:
        answer = signed_in(carl).get(path)

        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")

    def test_olga_by_session_as_well(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        assert client.get(STATUS).status_code == 200

    @pytest.mark.parametrize("path", [STATUS, LOAD, TOPOLOGY])
    def test_the_slash_makes_no_difference(self, olga: User, path: str) -> None:
        client = signed_in(olga)

        assert client.get(path).status_code == client.get(f"{path}/").status_code == 200


class TestStatus:
    def test_answers_as_promised(
        self, olga: User, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        start = last_minute(now)
        closed_minute(small_grid.north, start)

        north, south = signed_in(olga).get(STATUS).json()["regions"]

        assert north == {
            "code": "North",
            "name": "North",
            "load_kw": 75.0,
            "capacity_kw": 100.0,
            "load_pct": 75.0,
            "coverage_pct": 75.0,
            "meters_reporting": 3,
            "meters_expected": 4,
            "price": None,
            "price_until": None,
            "as_of": (start + MINUTE).isoformat().replace("+00:00", "Z"),
        }
        assert south["load_kw"] is None

    def test_says_the_price_in_force_and_until_when(
        self, olga: User, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        pricing.policy(small_grid.north)
        [row] = pricing.decide(small_grid.north, now=now - timedelta(hours=1))
        pricing.decide(small_grid.north, now=now)

        north, south = signed_in(olga).get(STATUS).json()["regions"]

        assert row.price == Decimal("0.2")
        assert north["price"] == "0.200000"
        assert datetime.fromisoformat(north["price_until"]) > now
        assert (south["price"], south["price_until"]) == (None, None)

    def test_costs_three_queries_with_the_user(
        self, olga: User, small_grid: worlds.SmallGrid, now: datetime, django_assert_num_queries
    ) -> None:
        client = signed_in(olga)
        closed_minute(small_grid.north, last_minute(now))

        with django_assert_num_queries(3):  # the user; prices in force; regions
            client.get(STATUS)


class TestLoad:
    def test_answers_an_hour_unless_asked(self, olga: User, small_grid: worlds.SmallGrid) -> None:
        body = signed_in(olga).get(LOAD).json()

        assert body["regions"] == ["North", "South"]
        assert [len(row) for row in body["load_kw"]] == [60, 60]
        assert [len(row) for row in body["capacity_kw"]] == [60, 60]

    @pytest.mark.parametrize("minutes", ["0", "1441", "many"])
    def test_refuses_what_it_cannot_show(self, olga: User, minutes: str) -> None:
        answer = signed_in(olga).get(LOAD, {"minutes": minutes})

        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid"
        assert "minutes" in answer.json()["errors"]


class TestTopology:
    def test_lists_meters_in_the_order_of_the_frames(
        self, olga: User, small_grid: worlds.SmallGrid
    ) -> None:
        body = signed_in(olga).get(TOPOLOGY).json()

        meters = body["meters"]
        assert meters["serial"] == list(
            Meter.objects.order_by("pk").values_list("serial", flat=True)
        )
        assert meters["region"] == [0, 0, 0, 1, 1, 1]
        assert set(meters["transformer"]) == {"T-North", "T-South"}
        assert [region["code"] for region in body["regions"]] == ["North", "South"]

    def test_is_not_sent_again_unchanged(self, olga: User, small_grid: worlds.SmallGrid) -> None:
        client = signed_in(olga)
        etag = client.get(TOPOLOGY)["ETag"]

        answer = client.get(TOPOLOGY, headers={"If-None-Match": etag})

        assert (answer.status_code, answer.content) == (304, b"")

    def test_is_sent_again_with_a_new_meter(
        self, olga: User, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        client = signed_in(olga)
        before = client.get(TOPOLOGY)
        worlds.meter("MTR-NEW", region=small_grid.north, since=now - MINUTE)

        answer = client.get(TOPOLOGY, headers={"If-None-Match": before["ETag"]})

        assert answer.status_code == 200
        assert answer.json()["version"] != before.json()["version"]
        assert answer.json()["meters"]["transformer"][-1] is None

    def test_an_etag_opens_nothing(self, client: Client) -> None:
        assert client.get(TOPOLOGY, headers={"If-None-Match": "*"}).status_code == 401

    def test_costs_two_queries_while_nothing_changes(
        self, olga: User, small_grid: worlds.SmallGrid, django_assert_num_queries
    ) -> None:
        client = signed_in(olga)
        first = client.get(TOPOLOGY)

        with django_assert_num_queries(2):  # the user; the state of the registry
            assert client.get(TOPOLOGY).content == first.content

    def test_changes_when_a_planned_installation_begins(
        self, olga: User, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        worlds.meter("MTR-LATER", region=small_grid.north, since=now + timedelta(hours=1))
        client = signed_in(olga)
        before = client.get(TOPOLOGY)

        with time_machine.travel(now + timedelta(hours=1, seconds=1)):
            after = signed_in(olga).get(TOPOLOGY, headers={"If-None-Match": before["ETag"]})

        assert "MTR-LATER" not in before.json()["meters"]["serial"]
        assert after.json()["meters"]["serial"][-1] == "MTR-LATER"

    def test_is_packed_once_for_everybody(self, olga: User, small_grid: worlds.SmallGrid) -> None:
        client = signed_in(olga)

        packed = client.get(TOPOLOGY, headers={"Accept-Encoding": "gzip"})

        assert packed["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.content) == client.get(TOPOLOGY).content


class TestProblems:
    @pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/admin/grid/nothing/"])
    def test_a_path_that_does_not_exist_is_one(self, client: Client, path: str) -> None:
        answer = client.get(path)

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer["Content-Type"] == "application/problem+json"

    def test_a_wrong_method_is_one(self, olga: User) -> None:
        answer = signed_in(olga).delete(STATUS)

        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")

    def test_a_fault_of_ours_is_one(
        self, olga: User, monkeypatch: pytest.MonkeyPatch, settings
    ) -> None:
        settings.DEBUG = False
        monkeypatch.setattr("grid.selectors.region_statuses", lambda now: 1 / 0)
        client = signed_in(olga)
        client.raise_request_exception = False

        answer = client.get(STATUS)

        assert (answer.status_code, answer.json()["code"]) == (500, "server_error")


class TestSchema:
    def test_has_no_fault(self) -> None:
        call_command("spectacular", validate=True, fail_on_warn=True, file=os.devnull)

    def test_describes_every_door(self, client: Client) -> None:
        schema = client.get("/api/schema/", headers={"Accept": "application/json"}).content

        for path in (STATUS, LOAD, TOPOLOGY, "/api/auth/login"):
            assert path.encode() in schema
        assert b"3.1.0" in schema

    def test_the_browser_needs_nothing_inline_and_nothing_from_elsewhere(
        self, client: Client
    ) -> None:
        page = client.get("/api/docs/").content.decode()
        script = client.get("/api/docs/?script=").content.decode()

        assert "https://" not in page
        assert "<script>" not in page
        assert "<style>" not in page
        assert "SwaggerUIBundle" in script
