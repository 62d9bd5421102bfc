"""Prices by REST: who may read and set them, shapes, refusals."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.choices import UserRole
from accounts.models import User
from grid.models import RegionQuarter
from segs_site.lib.models import AuditEntry
from segs_site.lib.periods import QUARTER
from tariffs.models import PriceOverride, RatePlan, RegionPrice
from tests import worlds
from tests.tariffs.conftest import ahead, by_token

pytestmark = pytest.mark.django_db

CURRENT, HISTORY, ESTIMATE = (
    f"/api/tariffs/{name}" for name in ("current", "history", "estimate")
)
OVERRIDE, ANALYTICS = "/api/admin/tariffs/override", "/api/admin/tariffs/analytics"


@pytest.fixture
def oscar(db: None) -> User:
    """Operates as well."""
    return User.objects.create_user("oscar@utility.example", "secret", role=UserRole.OPERATOR)


@pytest.fixture
def clara(db: None) -> User:
    """Is a billing clerk."""
    return User.objects.create_user("clara@utility.example", "secret", role=UserRole.CLERK)


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def order(now: datetime, **changes: Any) -> dict[str, Any]:
    start, end = ahead(now)
    asked = {"region": "North", "start": iso(start), "end": iso(end), "reason": "storm"}
    return asked | ({"price": "0.25"} | changes if "multiplier" not in changes else changes)


def post(user: User, body: dict[str, Any], **headers: str) -> Any:
    return by_token(user).post(OVERRIDE, body, content_type="application/json", headers=headers)


class TestWhoMay:
    @pytest.mark.parametrize("path", [CURRENT, HISTORY, ESTIMATE, OVERRIDE, ANALYTICS])
    def test_do_nothing_without_a_name(self, client: Client, path: str) -> None:
        assert client.get(path).status_code == 401

    def test_read_prices_is_carl_too(self, carl: User, priced: list[RegionPrice]) -> None:
        assert by_token(carl).get(CURRENT).status_code == 200
        assert by_token(carl).get(HISTORY, {"region": "North"}).status_code == 200
        assert by_token(carl).get("/api/tariffs/plans").status_code == 200

    @pytest.mark.parametrize("path", [OVERRIDE, ANALYTICS])
    def test_look_behind_the_desk_is_not_carl(self, carl: User, path: str) -> None:
        assert by_token(carl).get(path).status_code == 403

    def test_set_prices_is_neither_clara_nor_carl(
        self, clara: User, carl: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        assert by_token(clara).get(OVERRIDE).status_code == 200
        assert post(clara, order(now)).status_code == 403
        assert post(carl, order(now)).status_code == 403

    @pytest.mark.parametrize("path", [CURRENT, "/api/tariffs/plans", OVERRIDE])
    def test_leave_out_the_slash(self, olga: User, path: str) -> None:
        assert by_token(olga).get(f"{path}/").status_code == 200


class TestCurrent:
    def test_says_what_a_price_is_and_how_it_arose(
        self, carl: User, priced: list[RegionPrice]
    ) -> None:
        [north] = by_token(carl).get(CURRENT).json()["regions"]

        row = priced[-1]
        assert north == {
            "tariff_id": row.pk,
            "region": "North",
            "name": "North",
            "price_per_kwh": "0.400000",
            "currency": "EUR",
            "effective_from": iso(row.starts_at),
            "effective_until": iso(row.ends_at),
            "base_price": "0.200000",
            "multiplier": "2.0000",
            "band_from_pct": 90.0,
            "load_pct": 95.0,
            "coverage_pct": 100.0,
            "reason": "load 95.000 %, from 90 %",
            "triggered_by": "AUTO",
            "flag": "",
            "old_price": "0.200000",
            "decided_at": iso(row.decided_at),
            "policy_version": 1,
            "next": None,
        }

    def test_of_a_region_without_a_price_is_left_out(
        self, carl: User, priced: list[RegionPrice]
    ) -> None:
        assert by_token(carl).get(CURRENT, {"region": "South"}).json() == {"regions": []}

    def test_of_an_unknown_region_is_refused(self, carl: User) -> None:
        answer = by_token(carl).get(CURRENT, {"region": "Nowhere"})

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


class TestRegion:
    def test_shows_the_rules(self, carl: User, priced: list[RegionPrice]) -> None:
        body = by_token(carl).get("/api/tariffs/regions/North").json()

        assert body["current"]["price_per_kwh"] == "0.400000"
        assert body["next"] is None
        assert body["policy"]["slot_minutes"] == 15
        assert body["policy"]["bands"][-1] == {
            "from_pct": 90.0,
            "to_pct": None,
            "multiplier": "2.0000",
            "price": "0.400000",
        }

    def test_without_rules_says_null(self, carl: User, small_grid: worlds.SmallGrid) -> None:
        body = by_token(carl).get("/api/tariffs/regions/North").json()

        assert (body["current"], body["next"], body["policy"]) == (None, None, None)

    def test_that_does_not_exist_is_not_found(self, carl: User) -> None:
        assert by_token(carl).get("/api/tariffs/regions/Nowhere").status_code == 404


class TestHistory:
    def test_goes_back_page_by_page(self, carl: User, priced: list[RegionPrice]) -> None:
        client = by_token(carl)
        first = client.get(HISTORY, {"region": "North", "limit": 2}).json()
        rest = client.get(first["next"]).json()

        found = [row["tariff_id"] for row in (*first["results"], *rest["results"])]
        assert found[:3] == [row.pk for row in reversed(priced)]

    def test_needs_a_region(self, carl: User) -> None:
        assert "region" in by_token(carl).get(HISTORY).json()["errors"]


class TestEstimate:
    def ask(self, user: User, **query: Any) -> Any:
        return by_token(user).get(ESTIMATE, {"region": "North", "kwh": "10"} | query)

    def test_takes_decided_prices_by_their_time(
        self, carl: User, priced: list[RegionPrice]
    ) -> None:
        start, end = priced[0].starts_at, priced[1].ends_at

        body = self.ask(carl, start=iso(start), end=iso(end)).json()

        assert (body["cost"], body["average_price"]) == ("2.50", "0.250000")
        assert body["decided_pct"] == 100

    def test_takes_what_is_to_come_at_the_newest_price(
        self, carl: User, priced: list[RegionPrice]
    ) -> None:
        start = priced[-1].starts_at

        body = self.ask(carl, start=iso(start), end=iso(start + 4 * QUARTER)).json()

        assert (body["cost"], body["decided_pct"]) == ("4.00", 25.0)

    def test_without_any_price_is_not_found(
        self, carl: User, small_grid: worlds.SmallGrid
    ) -> None:
        assert self.ask(carl).status_code == 404

    @pytest.mark.parametrize(
        "query",
        [{"kwh": "-1"}, {"start": "2026-01-02", "end": "2026-01-01"}, {"kwh": "much"}],
        ids=["less than nothing", "backwards", "words"],
    )
    def test_refuses_what_cannot_be(self, carl: User, small_grid, query: dict[str, str]) -> None:
        assert self.ask(carl, **query).status_code == 400


class TestPlans:
    def test_are_listed(self, carl: User) -> None:
        RatePlan.objects.create(code="dynamic", name="By the load", currency="EUR")

        assert by_token(carl).get("/api/tariffs/plans").json() == {
            "plans": [{"code": "dynamic", "name": "By the load", "currency": "EUR"}]
        }


class TestAnalytics:
    def test_weighs_by_time_and_shares_energy_by_band(
        self, olga: User, priced: list[RegionPrice]
    ) -> None:
        start, end = priced[0].starts_at, priced[-1].ends_at
        for place, kwh in enumerate((6, 3, 12)):
            RegionQuarter.objects.create(
                region_id=priced[0].region_id,
                start=start + place * QUARTER,
                energy_mwh=kwh * 1_000_000,
                meters_reporting=3,
                meters_expected=3,
                load_known=True,
                revised_at=end,
            )

        query = {"region": "North", "start": iso(start), "end": iso(end)}
        body = by_token(olga).get(ANALYTICS, query).json()

        assert (body["average"], body["highest"], body["lowest"]) == (
            "0.300000",
            "0.400000",
            "0.200000",
        )
        assert body["energy_kwh"] == 21
        shares = [(each["band"], each["time_pct"], each["energy_kwh"]) for each in body["bands"]]
        assert shares == [("25", 33.33, 3.0), ("75", 33.33, 6.0), ("90", 33.33, 12.0)]

    def test_of_nothing_is_null(self, olga: User, small_grid: worlds.SmallGrid) -> None:
        body = by_token(olga).get(ANALYTICS, {"region": "North"}).json()

        assert (body["average"], body["highest"], body["bands"]) == (None, None, [])


class TestOverride:
    def test_near_the_base_price_needs_nobody_else(
        self, olga: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        answer = post(olga, order(now))

        body = answer.json()
        assert answer.status_code == 201
        assert (body["state"], body["needs_approval"]) == ("scheduled", False)
        assert (body["price"], body["requested_by"]) == ("0.250000", olga.email)

    def test_far_from_it_waits_for_a_second_person(
        self, olga: User, oscar: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        made = post(olga, order(now, price="0.9")).json()
        approve = f"{OVERRIDE}/{made['id']}/approve"

        alone = by_token(olga).post(approve)
        together = by_token(oscar).post(approve)
        again = by_token(oscar).post(approve)

        assert made["state"] == "requested"
        assert (alone.status_code, alone.json()["code"]) == (409, "same_person")
        assert (together.status_code, together.json()["approved_by"]) == (200, oscar.email)
        assert (again.status_code, again.json()["code"]) == (409, "not_waiting")

    def test_ends_early_once(
        self, olga: User, oscar: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        made = post(olga, order(now, multiplier="1.25")).json()
        path = f"{OVERRIDE}/{made['id']}"

        first, second = by_token(oscar).delete(path), by_token(oscar).delete(path)

        assert (first.json()["state"], first.json()["ended_by"]) == ("ended", oscar.email)
        assert (second.status_code, second.json()["code"]) == (409, "not_open")
        assert by_token(olga).get(path).json()["multiplier"] == "1.2500"

    def test_sent_twice_with_its_key_is_made_once(
        self, olga: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        key = {"Idempotency-Key": "storm-7"}

        first, second = post(olga, order(now), **key), post(olga, order(now), **key)

        assert first.json()["id"] == second.json()["id"]
        assert second["Idempotent-Replayed"] == "true"
        assert PriceOverride.objects.count() == 1

    def test_over_another_is_refused(
        self, olga: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        post(olga, order(now))

        answer = post(olga, order(now, price="0.26"))

        assert (answer.status_code, answer.json()["code"]) == (409, "overlapping")

    def test_in_the_place_of_one_that_ended_is_made(
        self, olga: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        made = post(olga, order(now)).json()
        by_token(olga).delete(f"{OVERRIDE}/{made['id']}")

        assert post(olga, order(now, price="0.26")).status_code == 201

    def test_of_slots_that_are_decided_is_refused(
        self, olga: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        past = order(now, start=iso(now - timedelta(hours=2)), end=iso(now - timedelta(hours=1)))

        assert post(olga, past).json()["code"] == "nothing_to_price"

    def test_without_rules_is_refused(
        self, olga: User, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        assert post(olga, order(now)).json()["code"] == "no_policy"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"price": None}, "price"),
            ({"reason": ""}, "reason"),
            ({"region": "Nowhere"}, "region"),
            ({"end": "2020-01-01T00:00:00Z"}, "end"),
            ({"start": "2026-01-01T00:00:00"}, "start"),
            ({"price": "1.2345678"}, "price"),
        ],
    )
    def test_names_the_field_that_is_wrong(
        self, olga: User, small_grid, now: datetime, changes: dict[str, Any], field: str
    ) -> None:
        answer = post(olga, order(now, **changes))

        assert answer.status_code == 400
        assert field in answer.json()["errors"]

    def test_with_two_prices_or_none_is_refused(
        self, olga: User, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        both = order(now) | {"multiplier": "2"}
        none = {name: value for name, value in order(now).items() if name != "price"}

        for body in (both, none):
            assert "price" in post(olga, body).json()["errors"]

    def test_is_in_the_audit_trail_from_request_to_end(
        self, olga: User, oscar: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        made = post(olga, order(now, price="0.9")).json()
        by_token(oscar).post(f"{OVERRIDE}/{made['id']}/approve")
        by_token(olga).delete(f"{OVERRIDE}/{made['id']}")

        trail = AuditEntry.objects.filter(
            subject_type="tariffs.PriceOverride", subject_id=made["id"]
        ).order_by("id")
        assert [(entry.verb, entry.actor) for entry in trail] == [
            ("insert", olga.email),
            ("update", oscar.email),
            ("update", olga.email),
        ]
        assert Decimal(str(trail[0].after["price"])) == Decimal("0.9")
        assert set(trail[2].after) == {"ended_at", "ended_by"}
