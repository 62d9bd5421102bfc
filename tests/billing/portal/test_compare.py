"""Plans side by side, by one's own intervals."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import User
from billing.invoicing import Cycle
from billing.models import BillingTerms
from billing.selectors import comparing
from tests.billing.portal.pages import BLOCKS, give, shown
from tests.billing.worlds import DYNAMIC, JUNE, MAY_START, NOW, home, plan, used

pytestmark = pytest.mark.django_db
APRIL = datetime(2026, 4, 1, tzinfo=JUNE.tzinfo)
CHEAP = {"energy": {"kind": "flat", "price": "0.20"}}


class TestThePage:
    def test_orders_plans_and_says_how_they_differ_from_his(
        self, carls: Client, carl: User
    ) -> None:
        ours = give(home("A"), carl)
        plan("CHEAP", CHEAP)
        plan("BLOCKS", BLOCKS)
        used(ours.meter, ["10"] * 4, start=APRIL)
        used(ours.meter, ["10"] * 4, start=MAY_START)

        said = shown(carls, "portal-compare")

        assert "The 80.00 kWh that you used in 2 billing periods" in said
        # 80 × 0.20; 80 × 0.25; the cheap 30 kWh of blocks in each month: 2 × (3 + 3)
        order = [said.index(words) for words in ("12.00 EUR", "16.00 EUR", "20.00 EUR")]
        assert order == sorted(order)
        assert "8.00 EUR less" in said
        assert "4.00 EUR less" in said
        assert "PLAN-A <b>· yours</b>" in said

    def test_says_which_months_are_missing(self, carls: Client, carl: User) -> None:
        ours = give(home("A", since=datetime(2026, 3, 1, tzinfo=JUNE.tzinfo)), carl)
        used(ours.meter, ["1"] * 2976, start=MAY_START)
        used(ours.meter, ["1"] * 288, start=APRIL)

        said = shown(carls, "portal-compare")

        assert "This is not a whole year" in said
        assert "Known in full: May 2026" in said
        assert "April 2026: 10 % of it is known" in said
        assert "Nothing is known of: March 2026" in said
        assert "You took no service in: June 2025 to February 2026" in said

    def test_charges_nothing_of_months_of_which_nothing_is_known(
        self, carls: Client, carl: User
    ) -> None:
        standing = {"standing_per_day": "1"} | CHEAP
        used(give(home("A", definition=standing), carl).meter, ["10"], start=MAY_START)

        assert "33.00 EUR" in shown(carls, "portal-compare")

    def test_shows_no_total_of_a_plan_that_has_no_price(self, carls: Client, carl: User) -> None:
        ours = give(home("A"), carl)
        plan("HOURLY", DYNAMIC)
        used(ours.meter, ["1"] * 4, start=MAY_START)

        said = shown(carls, "portal-compare")

        assert "cannot price all of it" in said
        assert "no price from" not in said

    @pytest.mark.parametrize("is_customer", [True, False])
    def test_says_that_nothing_can_be_compared_yet(
        self, carls: Client, carl: User, is_customer: bool
    ) -> None:
        if is_customer:
            used(give(home("A"), carl).meter, ["1"] * 4, start=JUNE)

        said = shown(carls, "portal-compare")

        assert "There is nothing to compare yet" in said
        assert "EUR" not in said


class TestPeriods:
    def test_are_those_of_the_account(self) -> None:
        made = home("A")
        BillingTerms.objects.create(account=made.account, anchor=date(2026, 1, 15), months=2)

        found = comparing.last_periods(account_ids=[made.account.pk], today=NOW.date(), months=12)[
            made.account.pk
        ]

        assert len(found) == 6
        assert found[-1] == Cycle(date(2026, 3, 15), date(2026, 5, 15))
        assert all(one.end == other.start for one, other in pairwise(found))

    def test_are_cut_where_the_question_begins_and_ends(self) -> None:
        made = home("A")
        asked = Cycle(MAY_START.date() + timedelta(days=9), JUNE.date() + timedelta(days=1))

        found = comparing.periods_of(account_ids=[made.account.pk], asked=asked)

        assert found[made.account.pk] == [
            Cycle(asked.start, JUNE.date()), Cycle(JUNE.date(), asked.end),
        ]  # fmt: skip

    def test_have_blocks_of_their_own(self) -> None:
        made = home("A", definition=BLOCKS)
        used(made.meter, ["30"], start=APRIL)
        used(made.meter, ["30"], start=MAY_START)
        cycles = comparing.last_periods(account_ids=[made.account.pk], today=NOW.date(), months=12)

        found = comparing.compare(cycles=cycles, zone=ZoneInfo("UTC"), now=NOW)

        assert [one.total for one in found.plans] == [Decimal("6.00")]
