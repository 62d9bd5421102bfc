"""Customers hear once of the prices and budgets they named."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.utils import translation

from accounts.models import Customer, Preferences, User
from accounts.services import preferences
from alerts.choices import AdviceKind, Channel
from alerts.models import Advice, Notice, NoticeSettings
from alerts.notifications import wording
from alerts.services import reading
from tests.billing.worlds import DYNAMIC, FLAT, Home, home, prices, used
from workers import advising

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_utc(settings: Any) -> None:
    settings.SEGS_SITE_ZONE = "UTC"
    cache.clear()


def carls(carl: User, definition: dict[str, Any] = DYNAMIC) -> Home:
    made = home("A", definition=definition)
    Customer.objects.filter(pk=made.account.customer_id).update(user=carl)
    return made


def look_at_prices(now: datetime = NOW) -> int:
    cache.clear()
    return advising.advise_prices(zone=ZONE, now=now)


def look_at_budgets(now: datetime = NOW) -> int:
    return advising.advise_budgets(zone=ZONE, now=now, most=10)


class TestPrices:
    def test_beyond_a_limit_are_told_once_a_day_by_his_channels(self, carl: User) -> None:
        made = carls(carl)
        prices(made.region, ["0.30", "0.35"], start=NOW)
        prices(made.region, ["0.31"], start=NOW + DAY)
        preferences.set_preferences(user=carl, notify_prices=True, price_above=Decimal("0.25"))

        told = [look_at_prices(NOW + minutes * timedelta(minutes=1)) for minutes in (0, 1, 16)]

        assert told == [1, 0, 0]
        assert look_at_prices(NOW + DAY) == 1
        first = Advice.objects.earliest("at")
        assert (first.kind, first.value, first.until) == (
            AdviceKind.PRICE_ABOVE, Decimal("0.30"), NOW + timedelta(minutes=15),
        )  # fmt: skip
        channels = set(first.notices.values_list("channel", flat=True))
        assert channels == {Channel.IN_APP, Channel.MAIL}

    def test_below_a_limit_are_told_too(self, carl: User) -> None:
        prices(carls(carl).region, ["-0.01"], start=NOW)
        preferences.set_preferences(user=carl, notify_prices=True, price_below=Decimal(0))

        assert look_at_prices() == 1
        assert Advice.objects.get().kind == AdviceKind.PRICE_BELOW

    @pytest.mark.parametrize(
        ("definition", "chosen"),
        [
            pytest.param(DYNAMIC, {"notify_prices": False}, id="who does not want it"),
            pytest.param(DYNAMIC, {"price_above": Decimal("0.30")}, id="at the limit"),
            pytest.param(FLAT, {}, id="where the price never changes"),
            pytest.param({"energy": {"kind": "odd"}}, {}, id="where the plan is none"),
        ],
    )
    def test_are_not_told(
        self, carl: User, definition: dict[str, Any], chosen: dict[str, Any]
    ) -> None:
        prices(carls(carl, definition).region, ["0.30"], start=NOW)
        usual = {"notify_prices": True, "price_above": Decimal("0.20")}
        preferences.set_preferences(user=carl, **(usual | chosen))

        assert look_at_prices() == 0

    def test_are_told_to_nobody_who_may_not_sign_in_or_moved_out(self, carl: User) -> None:
        made = carls(carl)
        prices(made.region, ["0.30"], start=NOW)
        preferences.set_preferences(user=carl, notify_prices=True, price_above=Decimal("0.20"))
        made.agreement.during = (None, NOW)
        made.agreement.save()

        assert look_at_prices() == 0


class TestBudgets:
    def test_are_told_when_they_are_reached_and_once(self, carl: User) -> None:
        made = carls(carl, FLAT)
        used(made.meter, ["10"] * 20, start=NOW - DAY)
        preferences.set_preferences(user=carl, budget=Decimal("50"))

        assert [look_at_budgets(), look_at_budgets(), look_at_budgets(NOW + DAY)] == [1, 0, 1]
        found = Advice.objects.get()
        assert (found.kind, found.value) == (AdviceKind.BUDGET_REACHED, Decimal(50))

    def test_are_told_before_when_they_will_be(self, carl: User) -> None:
        made = carls(carl, FLAT)
        used(made.meter, ["1"] * (20 * 96), start=NOW - 20 * DAY)
        preferences.set_preferences(user=carl, budget=Decimal("719"))

        look_at_budgets()

        found = Advice.objects.get()
        assert (found.kind, found.value) == (AdviceKind.BUDGET_LIKELY, Decimal(720))

    def test_are_told_anew_when_another_is_set(self, carl: User) -> None:
        made = carls(carl, FLAT)
        used(made.meter, ["10"] * 40, start=NOW - DAY)
        for budget in ("50", "60"):
            preferences.set_preferences(user=carl, budget=Decimal(budget))
            look_at_budgets()

        assert sorted(Advice.objects.values_list("limit", flat=True)) == [50, 60]

    def test_that_hold_are_not_told(self, carl: User) -> None:
        made = carls(carl, FLAT)
        used(made.meter, ["1"] * (20 * 96), start=NOW - 20 * DAY)
        preferences.set_preferences(user=carl, budget=Decimal("721"))

        look_at_budgets()

        assert not Advice.objects.exists()
        assert Preferences.objects.get(user=carl).budget_looked_at == NOW


class TestTheNotice:
    def test_is_shown_in_the_console_in_his_language(self, carl: User) -> None:
        prices(carls(carl).region, ["0.30"], start=NOW)
        preferences.set_preferences(
            user=carl, notify_prices=True, price_above=Decimal("0.25"), language="de"
        )
        look_at_prices()

        reading.deliver(now=NOW)

        said = Notice.objects.get(channel=Channel.IN_APP)
        assert said.subject.startswith("Eine kWh kostet 0,30 EUR")
        assert "Das gilt bis 12:15 Uhr." in said.text

    def test_goes_by_no_channel_that_he_switched_off(self, carl: User) -> None:
        prices(carls(carl).region, ["0.30"], start=NOW)
        NoticeSettings.objects.create(user=carl)
        preferences.set_preferences(user=carl, notify_prices=True, price_above=Decimal("0.25"))

        assert look_at_prices() == 1
        assert not Notice.objects.exists()

    @pytest.mark.parametrize("kind", AdviceKind.values)
    def test_says_value_and_limit(self, kind: str) -> None:
        advice = Advice(
            kind=kind, place="Elm Street 1", limit=Decimal("1200"), value=Decimal("0.255"),
            currency="EUR",
        )  # fmt: skip

        with translation.override("en"):
            said = wording.of_advice(advice, zone=ZONE, now=NOW)

        assert "1,200.00 EUR" in said.subject
        assert "0.255 EUR" in said.subject
