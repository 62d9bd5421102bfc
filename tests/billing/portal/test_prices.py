"""Prices now and ahead."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import User
from billing.portal import ahead
from tests.billing.portal.pages import HOUR, expect, give, shown
from tests.billing.worlds import (
    DYNAMIC,
    FLAT,
    NOW,
    home,
    prices,
)

pytestmark = pytest.mark.django_db


class TestPrices:
    def test_finds_the_cheapest_hours_and_says_how_sure_it_is(
        self, carls: Client, carl: User
    ) -> None:
        ours = give(home("A", definition=DYNAMIC), carl)
        for later, price in enumerate(["0.24", "0.16", "0.16", "0.30", "0.20"]):
            expect(ours, price, start=NOW + later * HOUR, high="0.30")

        said = shown(carls, "portal-prices", query="?hours=3")

        assert "<b>09:00 – 11:00</b> expected 0.16 EUR at most" in said
        assert "<b>12:00 – 13:00</b> expected 0.20 EUR" in said
        assert "How right it is cannot be said yet" in said
        assert "0.16 – 0.30" in said

    def test_shows_what_prices_were_and_leaves_open_where_there_was_none(
        self, carls: Client, carl: User
    ) -> None:
        ours = give(home("A", definition=DYNAMIC), carl)
        prices(ours.region, ["0.2", "0.2", "0.4", "0.4"], start=NOW - HOUR)

        said = shown(carls, "portal-prices")

        assert '07:00</th><td class="is-figure">0.30</td>' in said
        assert '06:00</th><td class="is-figure">–</td>' in said
        assert "There is no forecast." in said

    def test_says_that_a_flat_plan_has_no_cheaper_hour(self, carls: Client, carl: User) -> None:
        give(home("A", definition=FLAT), carl)

        said = shown(carls, "portal-prices")

        assert "at every hour, on your plan" in said
        assert "No hour is cheaper" in said

    @pytest.mark.parametrize("query", ["?hours=0", "?hours=x", "?hours=99", "?back=odd"])
    def test_is_not_put_out_by_odd_questions(self, carls: Client, carl: User, query: str) -> None:
        give(home("A", definition=DYNAMIC), carl)

        assert "What it was" in shown(carls, "portal-prices", query=query)


class TestTonight:
    @pytest.mark.parametrize(
        ("now", "first", "last"),
        [
            pytest.param("2026-06-03T08:20", "03T18", "04T05", id="in the morning"),
            pytest.param("2026-06-03T21:20", "03T22", "04T05", id="in the evening"),
            pytest.param("2026-06-04T02:20", "04T03", "04T05", id="in the night"),
            pytest.param("2026-06-04T05:20", "04T18", "05T05", id="in its last hour"),
        ],
    )
    def test_is_the_evening_and_night_to_come(self, now: str, first: str, last: str) -> None:
        moment = datetime.fromisoformat(f"{now}+00:00")
        start = moment.replace(minute=0) + HOUR
        hours = [ahead.Hour(start + n * HOUR, start + (n + 1) * HOUR) for n in range(24)]

        found = ahead.tonight(hours, moment, ZoneInfo("UTC"))

        assert [f"{hour.start:%dT%H}" for hour in (found[0], found[-1])] == [first, last]
