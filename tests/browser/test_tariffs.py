"""The tariff page and the admin in a real browser: prices live, an override from end to end."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, Route, expect

from accounts.choices import UserRole
from accounts.models import User
from grid.models import Region
from segs_site.lib.manners import site_zone
from segs_site.lib.models import AuditEntry
from segs_site.lib.periods import MINUTE, QUARTER, floor
from tariffs.models import PriceOverride, PricingPolicy
from tariffs.services import deciding, policies
from tests.browser import chromium, expected
from tests.browser.conftest import CARL, OLGA
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
OSCAR, ADA, ANNA = "oscar@utility.example", "ada@utility.example", "anna@utility.example"
FORECAST = "**/api/tariffs/forecast?*"
LONGEST = timedelta(seconds=20)  # that one of these tests takes
PROBLEM = {"status": 503, "code": "database_away", "detail": "The database is away."}


@pytest.fixture(scope="module")
def priced(stage: Stage) -> Stage:
    """The stage with a policy, people who set prices, and two hours of prices."""
    stage.do(_price)
    return stage


def _price() -> None:
    now = datetime.now(UTC)
    User.objects.create_user(OSCAR, "secret", role=UserRole.OPERATOR)
    for email in (ADA, ANNA):
        User.objects.create_superuser(email, "secret")
    policy = PricingPolicy(
        effective_from=now - timedelta(days=9),
        currency="EUR",
        base_price=Decimal("0.2"),
        min_dwell_minutes=0,
    )
    policies.adopt(policy=policy, by=ADA, now=now)
    deciding.decide_due(now=now - timedelta(hours=2))
    deciding.decide_due(now=floor(now, QUARTER))  # later on it would decide the next slot too
    expected.lay(Region.objects.get(code="North"), hours=28 * 24, now=now)
    expected.lay(Region.objects.get(code="East"), hours=5 * 24, now=now)


@pytest.fixture(autouse=True)
def _priced_now(priced: Stage) -> None:
    """Give the quarter-hour a price that has begun since the stage was laid; let none turn."""
    now = datetime.now(UTC)
    left = floor(now, QUARTER) + QUARTER - now
    if left < LONGEST:
        time.sleep(left.total_seconds())
    priced.do(lambda: deciding.decide_due(now=floor(datetime.now(UTC), QUARTER)))


def decide(stage: Stage) -> None:
    """Decide the next slot of every region now, whenever it begins."""
    stage.do(lambda: deciding.decide_due(now=floor(datetime.now(UTC), QUARTER) + QUARTER - MINUTE))


@pytest.fixture
def open_page(visit: Callable[..., Page], priced: Stage) -> Callable[..., Page]:
    """Open the tariff page as somebody: `open_page(OLGA, theme="dark")`."""

    def as_somebody(email: str, **options: Any) -> Page:
        page = visit(email, **options)
        page.goto(f"{priced.web.address}/tariffs/")
        return page

    return as_somebody


@pytest.fixture
def tidy(priced: Stage) -> Iterator[None]:
    """End every override of the test, so that the next finds its window free."""
    yield
    now = datetime.now(UTC)
    priced.do(lambda: PriceOverride.objects.filter(ended_at=None).update(ended_at=now))


def fill(page: Page, *, price: str) -> None:
    """Fill the form for North, for two hours from the slot after the next."""
    start = floor(datetime.now(UTC), QUARTER) + 2 * QUARTER
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    for label, moment in (("From", start), ("Until", start + timedelta(hours=2))):
        page.get_by_label(label, exact=True).fill(f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}")
    page.get_by_label("Region", exact=True).last.select_option(label="North")
    page.get_by_label("Price per kWh", exact=True).fill(price)
    page.get_by_label("Reason").fill("storm")


def trail(stage: Stage) -> list[tuple[str, str]]:
    """The newest override's entries of the audit trail."""

    def read() -> list[tuple[str, str]]:
        newest = PriceOverride.objects.order_by("-pk").values_list("pk", flat=True)[0]
        entries = AuditEntry.objects.filter(
            subject_type="tariffs.PriceOverride", subject_id=newest
        ).order_by("id")
        return list(entries.values_list("verb", "actor"))

    return stage.do(read)


class TestPrices:
    def test_show_what_they_are_and_how_they_arose(self, open_page: Callable[..., Page]) -> None:
        page = open_page(OLGA)

        card = page.locator(".price-card[data-region=North]")
        expect(card).to_contain_text("0.20")
        expect(card).to_contain_text("EUR per kWh")
        expect(card).to_contain_text("0.20 base × 1")
        expect(card).to_contain_text("left")

    def test_follow_a_decision_at_once(
        self, open_page: Callable[..., Page], priced: Stage
    ) -> None:
        page = open_page(OLGA)
        card = page.locator(".price-card[data-region=North]")
        expect(card).to_contain_text("not decided yet")

        decide(priced)

        expect(card).to_contain_text("Next: 0.20 from")

    def test_are_drawn_and_told_in_a_table(self, open_page: Callable[..., Page]) -> None:
        page = open_page(OLGA)

        expect(page.locator("[data-panel=history] canvas")).to_be_visible()
        page.get_by_text("The chart as a table").click()
        expect(page.locator("[data-panel=history] tbody tr").last).to_contain_text("0.20")

    def test_are_on_the_overview_too(self, visit: Callable[..., Page], priced: Stage) -> None:
        page = visit(OLGA)

        card = page.locator("article", has=page.get_by_role("heading", name="North"))
        expect(card).to_contain_text("price 0.200000 until")

    def test_are_not_carls_to_set(self, open_page: Callable[..., Page]) -> None:
        expect(open_page(CARL).get_by_role("heading", level=1)).to_have_text("No access")


class TestOverride:
    def test_goes_from_request_to_approval_to_end_on_the_page(
        self, open_page: Callable[..., Page], priced: Stage, tidy: None
    ) -> None:
        olga = open_page(OLGA)
        fill(olga, price="0.9")
        olga.get_by_role("button", name="Preview").click()
        expect(olga.locator(".preview")).to_contain_text("a second person has to approve it")
        expect(olga.locator(".preview")).to_contain_text("Customers touched")
        olga.get_by_role("button", name="Request this override").click()
        expect(olga.locator("#open-overrides")).to_contain_text("waits for approval")
        expect(olga.get_by_role("button", name="Approve")).to_have_count(0)

        oscar = open_page(OSCAR)
        oscar.get_by_role("button", name="Approve").click()
        expect(oscar.locator("#open-overrides")).to_contain_text("scheduled")
        expect(oscar.locator("[data-until]")).to_contain_text("min")
        oscar.get_by_role("button", name="End now").click()
        expect(oscar.get_by_text("The override has ended.")).to_be_visible()

        assert trail(priced) == [("insert", OLGA), ("update", OSCAR), ("update", OSCAR)]

    def test_goes_from_request_to_approval_to_end_in_the_admin(
        self, visit: Callable[..., Page], priced: Stage, tidy: None
    ) -> None:
        listed = f"{priced.web.address}/admin/tariffs/priceoverride/"
        start = (floor(datetime.now(UTC), QUARTER) + 3 * QUARTER).astimezone(site_zone())
        ada = visit(ADA)
        ada.goto(f"{listed}add/")
        ada.locator("[name=region]").select_option(label="South")
        for name, moment in (("starts_at", start), ("ends_at", start + timedelta(hours=1))):
            ada.locator(f"[name={name}_0]").fill(f"{moment:%Y-%m-%d}")
            ada.locator(f"[name={name}_1]").fill(f"{moment:%H:%M:%S}")
        ada.locator("[name=price]").fill("0.9")
        ada.locator("[name=reason]").fill("storm")
        ada.get_by_role("button", name="Save", exact=True).click()
        expect(ada.locator(".errornote, .errorlist").last).to_contain_text("Send the form again")
        ada.get_by_role("button", name="Save", exact=True).click()
        self.act(ada, "approve")
        expect(ada.locator(".messagelist")).to_contain_text("another person has to approve it")

        anna = visit(ANNA)
        anna.goto(listed)
        self.act(anna, "approve")
        expect(anna.locator(".messagelist")).to_contain_text("approved.")
        self.act(anna, "end")
        expect(anna.locator(".messagelist")).to_contain_text("ended.")

        assert trail(priced) == [("insert", ADA), ("update", ANNA), ("update", ANNA)]

    def act(self, page: Page, name: str) -> None:
        page.locator("tr", has_text="South").first.locator("[name=_selected_action]").check()
        page.locator("[name=action]").select_option(name)
        page.get_by_role("button", name="Go").click()


def forecast_of(page: Page, region: str = "North") -> Locator:
    """The panel with the forecast of a region."""
    page.get_by_label("Region of the forecast").select_option(label=region)
    return page.locator("[data-panel=forecast]")


def fail(route: Route) -> None:
    route.fulfill(status=503, json=PROBLEM, headers={"X-Request-Id": "7f3a"})


def without_prices(route: Route) -> None:
    """Answer a forecast made when no policy was in force."""
    answer = route.fetch().json()
    for hour in answer["hours"] + answer["past"]:
        hour |= dict.fromkeys(("p10_price", "p50_price", "p90_price"))
    route.fulfill(json=answer)


class TestForecast:
    def test_is_drawn_and_told_in_a_table_beside_what_came(
        self, open_page: Callable[..., Page]
    ) -> None:
        panel = forecast_of(open_page(OLGA))

        expect(panel.locator("canvas")).to_have_count(2)
        panel.get_by_text("The forecast as a table").click()
        rows = panel.locator("tbody tr")
        expect(rows).to_have_count(48)
        expect(rows.first).to_contain_text("%")
        expect(rows.first).not_to_contain_text("unknown")
        expect(rows.first).not_to_contain_text("not yet")
        expect(rows.last).to_contain_text("not yet")

    def test_marks_the_cheapest_hours_by_shape_and_word(
        self, open_page: Callable[..., Page]
    ) -> None:
        panel = forecast_of(open_page(OLGA))
        expect(panel).to_contain_text("▼ Cheapest hours: ")
        panel.get_by_text("The forecast as a table").click()

        cheapest = panel.locator("tbody tr", has_text="▼ cheapest")

        prices = {
            float(text.split()[0])
            for text in panel.locator("td:nth-child(5)").all_inner_texts()[24:]
        }
        assert cheapest.count() > 0
        assert {
            float(text.split()[0])
            for text in cheapest.locator("td:nth-child(5)").all_inner_texts()
        } == {min(prices)}

    def test_says_how_right_it_was_and_whether_that_is_the_goal(
        self, open_page: Callable[..., Page]
    ) -> None:
        panel = forecast_of(open_page(OLGA))

        expect(panel).to_contain_text("(672 hours judged)")
        expect(panel).to_contain_text(
            "less error than the same hour of last week (goal: at least 25 % less, met)"
        )
        expect(panel).to_contain_text("came inside the band (goal: 75 to 85 %, met)")
        expect(panel).not_to_contain_text("Young")

    def test_of_a_young_region_says_that_little_can_be_said_of_it(
        self, open_page: Callable[..., Page]
    ) -> None:
        panel = forecast_of(open_page(OLGA), "East")

        expect(panel).to_contain_text(
            re.compile(r"Young: only 12\d hours can be judged so far, too few")
        )

    def test_without_enough_history_says_why(self, open_page: Callable[..., Page]) -> None:
        panel = forecast_of(open_page(OLGA), "South")

        expect(panel).to_have_attribute("data-state", "empty")
        expect(panel).to_contain_text("Not enough history yet.")
        expect(panel).to_contain_text("of the last week 0 % is known")
        expect(panel.locator("canvas").first).to_be_hidden()

    def test_that_cannot_be_read_says_so_and_is_read_again(
        self, visit: Callable[..., Page], priced: Stage
    ) -> None:
        page = visit(OLGA)
        page.route(FORECAST, fail)
        page.goto(f"{priced.web.address}/tariffs/")
        panel = page.locator("[data-panel=forecast]")
        expect(panel).to_contain_text("The database is away.")
        expect(panel).to_contain_text("Request 7f3a")

        chromium.ask_again(page, FORECAST, panel)

        expect(panel.get_by_label("Region of the forecast")).to_be_visible()
        expect(panel).to_have_attribute("data-state", "ready")

    def test_that_is_late_says_so(self, visit: Callable[..., Page], priced: Stage) -> None:
        page = visit(OLGA)

        def hold(route: Route) -> None:
            answer = route.fetch().json()
            early = datetime.now(UTC) - timedelta(hours=5)
            route.fulfill(json=answer | {"made_at": early.isoformat()})

        page.route(FORECAST, hold)
        page.goto(f"{priced.web.address}/tariffs/")

        panel = page.locator("[data-panel=forecast]")
        expect(panel).to_have_attribute("data-state", "old")
        expect(panel).to_contain_text("This forecast is late")

    def test_without_capacity_and_prices_is_told_in_kilowatts(
        self, visit: Callable[..., Page], priced: Stage
    ) -> None:
        page = visit(OLGA)
        page.route("**/api/admin/grid/status", lambda route: route.fulfill(json={"regions": []}))
        page.route(FORECAST, without_prices)
        page.goto(f"{priced.web.address}/tariffs/")

        panel = page.locator("[data-panel=forecast]")
        expect(panel).to_contain_text("Load in kW: the capacity is unknown")
        expect(panel).to_contain_text("No price can be expected")
        expect(panel.locator("canvas")).to_have_count(1)
        panel.get_by_text("The forecast as a table").click()
        expect(panel.locator("tbody tr").last).to_contain_text("kW")
        expect(panel.locator("tbody tr").last).to_contain_text("unknown")

    def test_is_read_again_every_five_minutes(
        self, visit: Callable[..., Page], priced: Stage
    ) -> None:
        page = visit(OLGA)
        page.clock.install()
        page.goto(f"{priced.web.address}/tariffs/")
        expect(page.locator("[data-panel=forecast]")).to_have_attribute("data-state", "ready")

        with page.expect_response(FORECAST) as answer:
            page.clock.run_for(301_000)

        assert answer.value.ok


class TestLook:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_is_open_to_everybody(
        self, open_page: Callable[..., Page], theme: str, complaints: list[str]
    ) -> None:
        page = open_page(OLGA, theme=theme)
        expect(page.locator(".price-card")).to_have_count(4)
        panel = forecast_of(page)
        expect(panel.locator("canvas")).to_have_count(2)
        panel.get_by_text("The forecast as a table").click()

        assert chromium.violations(page) == ""
        assert complaints == []

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_without_a_forecast_is_open_to_everybody(
        self, open_page: Callable[..., Page], theme: str, complaints: list[str]
    ) -> None:
        page = open_page(OLGA, theme=theme)
        expect(forecast_of(page, "South")).to_have_attribute("data-state", "empty")

        assert chromium.violations(page) == ""
        assert complaints == []

    def test_fits_a_phone(self, open_page: Callable[..., Page]) -> None:
        page = open_page(OLGA, size=chromium.PHONE)
        expect(page.locator(".price-card")).to_have_count(4)
        panel = forecast_of(page)
        expect(panel.locator("canvas")).to_have_count(2)
        panel.get_by_text("The forecast as a table").click()

        wide = chromium.width(page)

        assert wide <= chromium.PHONE[0]
