"""The customer's pages as the server sends them, without a browser."""

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Customer, User
from alerts.models import Alert
from billing.choices import DisputeState
from billing.models import Dispute, Invoice, InvoiceDocument
from billing.portal import ahead, own, spending
from segs_site.lib.periods import QUARTER, Period
from segs_site.lib.quantities import Quality
from tariffs.models import LoadForecast
from tests.alerts.builders import raised
from tests.billing import bills
from tests.billing.worlds import (
    DYNAMIC,
    FLAT,
    JUNE,
    MAY_START,
    NOW,
    Home,
    home,
    prices,
    used,
)

pytestmark = pytest.mark.django_db
TODAY = NOW.replace(hour=0)
HOUR = timedelta(hours=1)
PAGES = ("portal-home", "portal-usage", "portal-prices", "portal-bills")
WITH_TAX = {
    "energy": {"kind": "flat", "price": "0.25"},
    "standing_per_day": "0.50",
    "taxes": [{"name": "VAT", "pct": "20"}],
}
TIME_OF_USE = {
    "energy": {
        "kind": "time_of_use",
        "rates": {"day": "0.30", "night": "0.10"},
        "seasons": {
            "01-01": [
                {
                    "on": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                    "from": {"00:00": "night", "07:00": "day", "22:00": "night"},
                }
            ]
        },
    }
}
BLOCKS = {
    "energy": {
        "kind": "blocks",
        "blocks": [{"price": "0.10", "up_to_kwh": "30"}, {"price": "0.30"}],
    }
}


@pytest.fixture(autouse=True)
def _in_june() -> Any:
    """It is the 3rd of June, 8 o'clock."""
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def give(made: Home, user: User) -> Home:
    """Let a person sign in as the customer of a home."""
    Customer.objects.filter(pk=made.account.customer_id).update(user=user)
    return made


def expect(made: Home, price: str, *, start: datetime, low: str = "", high: str = "") -> None:
    """Forecast one hour."""
    LoadForecast.objects.create(
        region=made.region, made_at=NOW, start=start, p10_mw=1, p50_mw=2, p90_mw=3,
        p10_price=low or price, p50_price=price, p90_price=high or price, model_version="test",
    )  # fmt: skip


@pytest.fixture
def carls(client: Client, carl: User) -> Client:
    """Carl's browser."""
    client.force_login(carl)
    return client


def page(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content.decode()[:500]
    return " ".join(answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def shown(browser: Client, name: str, *args: Any, query: str = "") -> str:
    return page(browser.get(reverse(name, args=args) + query))


class TestAccess:
    def test_leads_a_customer_from_the_first_address_to_his_home(self, carls: Client) -> None:
        answer = carls.get("/")

        assert answer.headers["Location"] == reverse("portal-home")

    @pytest.mark.parametrize("name", PAGES)
    def test_sends_a_stranger_to_the_sign_in(self, client: Client, name: str) -> None:
        answer = client.get(reverse(name))

        assert answer.headers["Location"] == f"/sign-in/?next={reverse(name)}"

    def test_stands_in_the_navigation_of_customers_alone(
        self, client: Client, carls: Client, olga: User
    ) -> None:
        entries = [f'href="{reverse(name)}"' for name in PAGES]
        his = shown(carls, "portal-home")
        client.force_login(olga)
        hers = page(client.get("/"))

        assert all(entry in his for entry in entries)
        assert not any(entry in hers for entry in entries)

    @pytest.mark.parametrize("name", PAGES)
    def test_shows_who_has_nothing_why_and_no_figure(self, carls: Client, name: str) -> None:
        give(home("B"), User.objects.create_user("otto@home.example", "secret"))

        said = shown(carls, name)

        assert "EUR" not in said
        assert any(
            words in said
            for words in ("Nothing is connected", "You take no service", "There is no bill yet")
        )

    @pytest.mark.parametrize("name", ["portal-bill", "portal-line", "portal-dispute"])
    def test_knows_no_bill_of_another(self, carls: Client, carl: User, name: str) -> None:
        give(home("A"), carl)
        foreign = bills.bill(
            home("B"), date(2026, 5, 1), kwh="10", lines=[("energy", "Energy", "2.50")]
        )
        places = [0] if name == "portal-line" else []

        answers = [
            carls.post(reverse(name, args=[pk, *places]), {"reason": "odd"})
            if name == "portal-dispute"
            else carls.get(reverse(name, args=[pk, *places]))
            for pk in (foreign.pk, 999_999)
        ]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert not Dispute.objects.exists()

    def test_shows_an_operator_her_own_bills_alone(
        self, client: Client, olga: User, carl: User
    ) -> None:
        made = give(home("A"), carl)
        his = bills.bill(made, date(2026, 5, 1), kwh="10", lines=[("energy", "Energy", "2.50")])
        client.force_login(olga)

        assert client.get(reverse("portal-bill", args=[his.pk])).status_code == 404
        assert "There is no bill yet" in shown(client, "portal-bills")


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
        assert "Outage at your address." in shown(carls, "portal-home")

        Alert.objects.update(state="resolved", cleared_at=NOW, resolved_at=NOW)
        assert "Outage" not in shown(carls, "portal-home")

    def test_says_why_the_last_bill_was_dearer(self, carls: Client, carl: User) -> None:
        ours = give(home("A"), carl)
        for month, kwh, amount in ((4, "300", "30"), (5, "620", "62")):
            bills.bill(ours, date(2026, month, 1), kwh=kwh, lines=[("energy", "Energy", amount)])

        said = shown(carls, "portal-home")

        assert "62.00 EUR due by 15 June 2026" in said
        assert "32.00 EUR more than the bill before, mostly because more was used a day" in said
        assert "Why May 2026 was dearer" in said

    def test_stays_few_questions(
        self, carls: Client, carl: User, django_assert_max_num_queries: Any
    ) -> None:
        ours = give(home("A", definition=DYNAMIC), carl)
        prices(ours.region, ["0.2"] * 32, start=TODAY)
        used(ours.meter, [1] * 8, start=TODAY)
        bills.bill(ours, date(2026, 5, 1), kwh="10", lines=[("energy", "Energy", "2.50")])

        with django_assert_max_num_queries(50):
            shown(carls, "portal-home")


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


def quarter(place: int) -> Period:
    return Period(JUNE + place * QUARTER, JUNE + (place + 1) * QUARTER)


def own_of(user: User) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    return own.of(request)


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


class TestBills:
    @pytest.fixture
    def may(self, carl: User) -> Invoice:
        ours = give(home("A"), carl)
        bills.bill(ours, date(2026, 4, 1), kwh="300", lines=[("energy", "Energy", "30")])
        lines = [("energy", "Energy", "74.40"), ("standing", "Standing charge", "10")]
        return bills.bill(ours, date(2026, 5, 1), kwh="620", lines=lines)

    def test_are_listed_with_what_is_owed(self, carls: Client, may: Invoice) -> None:
        said = shown(carls, "portal-bills")

        assert "<b>114.40 EUR</b> to pay" in said
        assert said.index("May 2026") < said.index("April 2026")
        assert "620.0 kWh" in said

    def test_link_their_pdf_once_it_is_drawn(self, carls: Client, may: Invoice) -> None:
        link = f'href="{reverse("api-invoice-pdf", args=[may.pk])}"'
        pages = [("portal-bills", []), ("portal-bill", [may.pk])]
        assert not any(link in shown(carls, name, *args) for name, args in pages)

        InvoiceDocument.objects.create(
            invoice=may, wanted_at=NOW, try_at=NOW, pdf=b"%PDF", sha256="a" * 64, drawn_at=NOW
        )

        assert all(link in shown(carls, name, *args) for name, args in pages)

    def test_say_in_one_sentence_why_they_differ(self, carls: Client, may: Invoice) -> None:
        said = shown(carls, "portal-bill", may.pk)

        assert (
            "54.40 EUR more than the bill before: +31.00 EUR because more was used a day:"
            " 20.0 kWh instead of 10.0; +22.40 EUR because a kWh was dearer: 0.1200 instead of"
            " 0.1000 on average; +1.00 EUR because it has 31 days instead of 30."
        ) in said

    def test_show_every_line_and_open_it_to_its_intervals(
        self, carls: Client, may: Invoice
    ) -> None:
        said = shown(carls, "portal-bill", may.pk)
        inside = shown(carls, "portal-line", may.pk, 0)

        assert "Standing charge" in said
        assert said.count("interval by interval") == 1
        assert '00:00</th><td class="is-figure">620</td><td class="is-figure">0.12</td>' in inside
        assert "actual" in inside
        assert carls.get(reverse("portal-line", args=[may.pk, 1])).status_code == 404
        assert (
            carls.get(reverse("portal-line", args=[may.pk, 0]) + "?day=2026-05-02").status_code
            == 404
        )

    def test_can_be_disputed_once(self, carls: Client, carl: User, may: Invoice) -> None:
        address = reverse("portal-dispute", args=[may.pk])

        first = page(carls.post(address, {"reason": "I was away"}, follow=True))
        again = page(carls.post(address, {"reason": "still"}, follow=True))

        assert "We have your objection" in first
        assert "Dispute this bill" not in first
        assert "Nothing was done" in again
        found = Dispute.objects.get()
        assert (found.reason, found.opened_by, found.state) == (
            "I was away", carl.email, DisputeState.OPEN,
        )  # fmt: skip

    def test_need_a_reason_to_be_disputed(self, carls: Client, may: Invoice) -> None:
        said = page(carls.post(reverse("portal-dispute", args=[may.pk]), {}), status=422)

        assert "This field is required." in said
        assert not Dispute.objects.exists()

    def test_have_a_first_one(self, carls: Client, carl: User) -> None:
        ours = give(home("A"), carl)
        first = bills.bill(ours, date(2026, 5, 1), kwh="1", lines=[("energy", "Energy", "1")])

        assert "This is the first bill" in shown(carls, "portal-bill", first.pk)

    def test_share_their_tax_among_what_it_is_on(self, carls: Client, carl: User) -> None:
        ours = give(home("A"), carl)
        definition = FLAT | {"taxes": [{"name": "VAT", "pct": "20", "on": ["energy"]}]}
        for month, energy, tax in ((4, "30", "6"), (5, "31", "6.20")):
            lines = [("energy", "Energy", energy), ("demand", "Demand", "5"), ("tax", "VAT", tax)]
            kwh = str(Decimal(energy) * 10)
            last = bills.bill(
                ours, date(2026, month, 1), kwh=kwh, lines=lines, definition=definition
            )

        said = shown(carls, "portal-bill", last.pk)

        assert "1.20 EUR more than the bill before: +1.20 EUR because it has 31 days" in said


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
