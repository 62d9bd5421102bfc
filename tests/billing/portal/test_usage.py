"""Use and its cost, in every stretch."""

import csv
import html
import io
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from billing.portal import spending
from segs_site.lib.quantities import Quality
from tests.billing.portal.pages import (
    BLOCKS,
    TODAY,
    give,
    own_of,
    quarter,
    shown,
)
from tests.billing.worlds import (
    DYNAMIC,
    JUNE,
    MAY_START,
    home,
    used,
)

pytestmark = pytest.mark.django_db


class TestUsage:
    def test_shows_the_days_of_a_month_beside_those_before(
        self, carls: Client, carl: User
    ) -> None:
        ours = give(home("A"), carl)
        used(ours.meter, [1] * 96 * 3, start=MAY_START)
        used(ours.meter, [2] * 96 * 2 + [2] * 32, start=JUNE)

        said = shown(carls, "portal-usage")

        assert "June 2026" in said
        assert "100 % more than May 2026, up to the same point." in said
        assert "Mon 1 Jun: 192.00 kWh, 48.00 EUR" in said

    def test_hatches_what_is_estimated_and_leaves_open_what_is_not_known(
        self, carls: Client, carl: User
    ) -> None:
        ours = give(home("A"), carl)
        used(ours.meter, [1, 1], start=TODAY, quality=Quality.ESTIMATED, estimated=["1", "0.5"])

        said = shown(carls, "portal-usage", query="?view=day")

        assert said.count('class="chart-ground" x="') == 2
        assert said.count('class="chart-unknown" x="') == 30
        assert "Wed" not in said.split("<tbody>")[1]
        assert '00:30</th><td class="is-figure">–</td><td class="is-figure">–</td>' in said
        assert "not all of both is known" in said

    def test_downloads_what_it_shows(self, carls: Client, carl: User) -> None:
        ours = give(home("A"), carl)
        used(ours.meter, ["0.5"] * 96, start=JUNE)

        answer = carls.get(reverse("portal-usage-table") + "?view=month&on=2026-06-01")
        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))

        assert [row["kwh"] for row in rows] == ["48.000000", "", ""]
        assert (Decimal(rows[0]["energy_cost"]), rows[0]["currency"]) == (12, "EUR")
        assert rows[1]["energy_cost"] == ""
        assert (rows[0]["start"], rows[1]["intervals_found"]) == ("2026-06-01T00:00:00Z", "0")

    def test_links_a_month_of_its_meter_as_csv_and_as_green_button(
        self, carls: Client, carl: User
    ) -> None:
        ours = give(home("A"), carl)
        used(ours.meter, ["0.5"] * 96, start=JUNE)
        said = html.unescape(shown(carls, "portal-usage"))

        for kind, mark in (("csv", "at,mean_kw,"), ("xml", "<feed ")):
            link = re.search(rf'href="(/api/telemetry/export\.{kind}[^"]*)"', said)
            assert link is not None
            answer = carls.get(link[1])
            assert answer.status_code == 200
            assert mark in b"".join(answer).decode()[:400]

    def test_answers_what_the_api_answers(self, carls: Client, carl: User) -> None:
        ours, theirs = give(home("A"), carl), home("B")
        used(ours.meter, ["0.5"] * 96, start=JUNE)
        used(theirs.meter, ["9"] * 96, start=JUNE)
        said = carls.get(
            f"/api/users/{carl.pk}/consumption?granularity=day&start=2026-06-01&end=2026-07-01"
        ).json()

        answer = carls.get(reverse("portal-usage-table") + "?view=month&on=2026-06-01")
        rows = csv.DictReader(io.StringIO(b"".join(answer).decode()))

        theirs_too = [each["kwh"] for each in said["intervals"]][:3]
        assert [float(row["kwh"]) if row["kwh"] else None for row in rows] == theirs_too

    @pytest.mark.parametrize(
        "query", ["?view=odd", "?on=tomorrow", "?on=0001-01-01", "?on=9999-12-31", "?unit=gold"]
    )
    def test_shows_this_month_to_whoever_asks_oddly(self, carls: Client, query: str) -> None:
        assert "June 2026" in shown(carls, "portal-usage", query=query)

    @pytest.mark.parametrize(("view", "on"), [("year", "2020-12-31"), ("day", "2024-02-29"),
                                              ("month", "2000-01-31")])  # fmt: skip
    def test_reaches_every_stretch(self, carls: Client, carl: User, view: str, on: str) -> None:
        give(home("A"), carl)

        assert "Nothing is known of your use" in shown(
            carls, "portal-usage", query=f"?view={view}&on={on}"
        )


class TestCosts:
    def test_go_by_what_the_billing_period_used_before(self, carl: User) -> None:
        ours = give(home("A", definition=BLOCKS), carl)
        used(ours.meter, [20, 20, 1], start=JUNE)
        mine = own_of(carl)

        found = spending.by_bucket(mine, [quarter(0), quarter(1), quarter(2), quarter(3)])

        assert found.amounts == [Decimal(2), Decimal(4), Decimal("0.3"), None]
        assert found.currency == "EUR"

    def test_are_unknown_where_no_price_was_in_force(self, carl: User) -> None:
        ours = give(home("A", definition=DYNAMIC), carl)
        used(ours.meter, [1], start=JUNE)

        assert spending.by_bucket(own_of(carl), [quarter(0)]).amounts == [None]
