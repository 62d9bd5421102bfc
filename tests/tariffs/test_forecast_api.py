"""The forecast by REST: who may read it, its shape, and what it says when it knows nothing."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from tariffs.forecast.hours import HOUR
from tariffs.models import LoadForecast
from tests import worlds
from tests.tariffs.test_forecasts import NOW, ORIGIN, quarters

pytestmark = pytest.mark.django_db

ADDRESS = "/api/tariffs/forecast"


def signed_in(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})


@pytest.fixture
def expected(small_grid: worlds.SmallGrid) -> LoadForecast:
    """North's first hour, of which 50 kW are expected."""
    quarters(small_grid.north, ORIGIN - HOUR, [42.5])
    return LoadForecast.objects.create(
        region=small_grid.north,
        made_at=ORIGIN,
        start=ORIGIN,
        p10_mw=40_000_000,
        p50_mw=50_000_000,
        p90_mw=60_000_000,
        p10_price=Decimal("0.2"),
        p50_price=Decimal("0.24"),
        p90_price=Decimal("0.24"),
        model_version="ridge-1",
    )


@pytest.fixture
def at_seven_past() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.usefixtures("at_seven_past")
class TestTheForecast:
    def test_is_nothing_for_nobody(self, client: Client, expected: LoadForecast) -> None:
        assert client.get(ADDRESS, {"region": "North"}).status_code == 401

    def test_is_for_carl_as_prices_are(self, carl: User, expected: LoadForecast) -> None:
        assert signed_in(carl).get(ADDRESS, {"region": "North"}).status_code == 200

    def test_answers_as_promised(self, olga: User, expected: LoadForecast) -> None:
        query = {"region": "North", "hours": 2, "past_hours": 1}

        body = signed_in(olga).get(f"{ADDRESS}/", query).json()

        assert body == {
            "region": "North",
            "made_at": "2026-03-30T10:00:00Z",
            "model_version": "ridge-1",
            "missing": "",
            "hours": [
                {
                    "start": "2026-03-30T10:00:00Z",
                    "p10_kw": 40.0,
                    "p50_kw": 50.0,
                    "p90_kw": 60.0,
                    "p10_price": "0.200000",
                    "p50_price": "0.240000",
                    "p90_price": "0.240000",
                },
                unknown("2026-03-30T11:00:00Z"),
            ],
            "past": [unknown("2026-03-30T09:00:00Z") | {"load_kw": 42.5}],
            "measured": {
                "hours": 0,
                "wape": None,
                "rmae": None,
                "better_than_last_week": None,
                "inside": None,
                "price_right": None,
            },
        }

    def test_says_what_is_missing_instead_of_numbers(
        self, olga: User, expected: LoadForecast
    ) -> None:
        body = signed_in(olga).get(ADDRESS, {"region": "South"}).json()

        assert body["missing"].startswith("not enough history")
        assert body["made_at"] is None
        assert len(body["hours"]) == 24
        assert {hour["p50_kw"] for hour in body["hours"]} == {None}

    @pytest.mark.parametrize(
        "query",
        [{}, {"region": "Atlantis"}, {"region": "North", "hours": 25}, {"past_hours": -1}],
        ids=["no region", "no such region", "too far", "backwards"],
    )
    def test_refuses_what_it_cannot_answer(
        self, olga: User, expected: LoadForecast, query: dict[str, object]
    ) -> None:
        assert signed_in(olga).get(ADDRESS, query).status_code == 400


class TestMeasured:
    def test_is_told_with_every_forecast(self, olga: User, expected: LoadForecast) -> None:
        quarters(expected.region, ORIGIN - 7 * 24 * HOUR, [30.0])
        quarters(expected.region, ORIGIN, [45.0])

        with time_machine.travel(NOW + HOUR, tick=False):
            body = signed_in(olga).get(ADDRESS, {"region": "North", "past_hours": 1}).json()

        assert body["past"][0]["load_kw"] == 45.0
        assert body["past"][0]["p50_kw"] == 50.0
        assert body["measured"] == {
            "hours": 1,
            "wape": pytest.approx(5 / 45),
            "rmae": None,
            "better_than_last_week": pytest.approx(2 / 3),
            "inside": 1.0,
            "price_right": None,
        }


def unknown(start: str) -> dict[str, object]:
    columns = [f"{share}_{what}" for share in ("p10", "p50", "p90") for what in ("kw", "price")]
    return {"start": start} | dict.fromkeys(columns)
