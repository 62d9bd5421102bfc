"""The first page: what it costs, and what is wrong."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from alerts.models import Alert
from tests.alerts.builders import raised
from tests.billing import bills
from tests.billing.portal.pages import (
    BLOCKS,
    HOUR,
    TIME_OF_USE,
    TODAY,
    WITH_TAX,
    expect,
    give,
    shown,
)
from tests.billing.worlds import (
    DYNAMIC,
    JUNE,
    MAY_START,
    NOW,
    home,
    prices,
    used,
)

pytestmark = pytest.mark.django_db


class TestHome:
    def test_says_what_today_and_the_month_cost_with_all_that_a_bill_charges(
        self, carls: Client, carl: User
    ) -> None:
        ours = give(home("A", definition=WITH_TAX), carl)
        used(ours.meter, [1] * 4, start=JUNE)
        used(ours.meter, [1] * 8, start=TODAY)

        said = shown(carls, "portal-home")

        # 8 × 0.25 + 0.50, and 12 × 0.25 + 3 × 0.50; each with a fifth of tax.
        assert '<p class="figure"><b>3.00 EUR</b></p> <p>8.00 kWh' in said
        assert '<p class="figure"><b>5.40 EUR</b></p> <p>12.00 kWh' in said
        assert "8 of 32 quarter-hours are known." in said

    def test_takes_today_for_what_it_adds_where_prices_step(
        self, carls: Client, carl: User
    ) -> None:
        ours = give(home("A", definition=BLOCKS), carl)
        used(ours.meter, [7] * 4, start=JUNE)  # 28 of the 30 that are cheap
        used(ours.meter, [1] * 8, start=TODAY)

        said = shown(carls, "portal-home")

        assert "<b>2.00 EUR</b></p> <p>8.00 kWh" in said  # 2 × 0.10 + 6 × 0.30
        assert "It steps with what you use" in said

    def test_never_shows_what_is_not_known_as_nothing(self, carls: Client, carl: User) -> None:
        give(home("A", definition=DYNAMIC), carl)

        said = shown(carls, "portal-home")

        assert "0.00" not in said
        assert "cost not known" in said
        assert "Nothing is known of what was used yet." in said
        assert "No price is decided for this moment" in said
        assert "not known: there is no forecast" in said
        assert "was never heard" in said

    def test_knows_use_without_a_price(self, carls: Client, carl: User) -> None:
        ours = give(home("A", definition=DYNAMIC), carl)
        used(ours.meter, [1] * 8, start=TODAY)

        said = shown(carls, "portal-home")

        assert "cost not known" in said
        assert "8.00 kWh: some of it has no price" in said

    def test_names_the_price_and_when_it_is_lower(self, carls: Client, carl: User) -> None:
        ours = give(home("A", definition={"energy": {"kind": "dynamic", "added": "0.01"}}), carl)
        prices(ours.region, ["0.24"], start=NOW)
        for later, price in ((0, "0.24"), (1, "0.30"), (2, "0.20"), (14, "0.20"), (16, "0.16")):
            expect(ours, price, start=NOW + later * HOUR)

        said = shown(carls, "portal-home")

        assert "<b>0.25</b> EUR a kWh" in said
        assert "until 08:15" in said
        assert "<b>10:00</b>, expected 0.21" in said
        assert "<b>Thu 00:00 – 01:00</b>, expected 0.17" in said

    def test_reads_a_plan_with_hours_from_its_calendar(self, carls: Client, carl: User) -> None:
        give(home("A", definition=TIME_OF_USE), carl)

        said = shown(carls, "portal-home")

        assert "<b>0.30</b> EUR a kWh</p> <p>until 22:00" in said
        assert said.count("<b>22:00</b>, 0.10") == 1  # certain, so nothing is expected
        assert "<b>22:00 – 23:00</b>, 0.10" in said

    def test_tells_of_an_outage_at_his_address_and_of_no_other(
        self, carls: Client, carl: User
    ) -> None:
        ours, theirs = give(home("A"), carl), home("B")
        raised(theirs.meter, at=NOW)
        assert "Outage" not in shown(carls, "portal-home")

        raised(ours.meter, at=NOW)
        assert "Outage at your address.</b> Our crew is informed." in shown(carls, "portal-home")

        Alert.objects.update(state="resolved", cleared_at=NOW, resolved_at=NOW)
        assert "Outage" not in shown(carls, "portal-home")

    def test_says_for_half_a_day_that_supply_is_back_unless_it_is_out_again(
        self, carls: Client, carl: User
    ) -> None:
        ours = give(home("A"), carl)
        began = raised(ours.meter, at=NOW - 2 * HOUR).first_at
        back = NOW - HOUR
        Alert.objects.update(state="resolved", cleared_at=back, resolved_at=back)

        said = shown(carls, "portal-home")
        assert "The supply is back since 07:00." in said
        assert f"it was out since {began:%H:%M}" in said

        raised(ours.meter, at=NOW)
        assert "The supply is back" not in shown(carls, "portal-home")

        Alert.objects.update(
            state="resolved", cleared_at=NOW - 13 * HOUR, resolved_at=NOW - 13 * HOUR
        )
        assert "The supply is back" not in shown(carls, "portal-home")

    def test_says_why_the_last_bill_was_dearer(self, carls: Client, carl: User) -> None:
        ours = give(home("A"), carl)
        for month, kwh, amount in ((4, "300", "30"), (5, "620", "62")):
            bills.bill(ours, date(2026, month, 1), kwh=kwh, lines=[("energy", "Energy", amount)])

        said = shown(carls, "portal-home")

        assert "62.00 EUR due by 15 June 2026" in said
        assert "32.00 EUR more than the bill before, mostly because more was used a day" in said
        assert "Why May 2026 was dearer" in said

    def test_tells_about_what_the_bill_will_be(self, carls: Client, carl: User) -> None:
        ours = give(home("A", definition=WITH_TAX), carl)
        used(ours.meter, ["0.1"] * (14 * 96), start=MAY_START)
        used(ours.meter, ["0.2"] * (7 * 96), start=MAY_START + timedelta(days=14))

        said = shown(carls, "portal-home")

        # About 0.133 of the 0.1 to 0.2 that were used in each of 2,880 quarter-hours.
        assert "<small>about</small> <b>133 EUR</b>" in said
        found = re.search(r"between (\d+) and (\d+) EUR: eight of ten such bills", said)
        assert found is not None
        assert 18 < int(found[1]) < 100  # never below what stands still
        assert 150 < int(found[2]) < 200
        assert "2 of its 30 days are over, the last is 30 June." in said

    def test_says_why_it_tells_no_bill_yet(self, carls: Client, carl: User) -> None:
        ours = give(home("A"), carl)
        used(ours.meter, ["0.1"] * (5 * 96), start=MAY_START)

        said = shown(carls, "portal-home")

        assert "5 days of your use are known; it takes 14" in said
        assert "such bills" not in said

    def test_stays_few_questions(
        self, carls: Client, carl: User, django_assert_max_num_queries: Any
    ) -> None:
        ours = give(home("A", definition=DYNAMIC), carl)
        prices(ours.region, ["0.2"] * 32, start=TODAY)
        used(ours.meter, [1] * 8, start=TODAY)
        bills.bill(ours, date(2026, 5, 1), kwh="10", lines=[("energy", "Energy", "2.50")])

        with django_assert_max_num_queries(60):
            shown(carls, "portal-home")
