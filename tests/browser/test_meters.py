"""The pages of meters in a browser: found by keyboard, looked at day by day, decided, and seen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from meters.models import Finding, Meter, QuarantinedReading
from tests.browser import chromium, days
from tests.browser.conftest import OLGA
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser

SERIAL = "MTR-00000007"


@dataclass
class Desk:
    """A page of Olga's, and how it is looked at."""

    page: Page
    address: str

    def open(self, path: str = "") -> "Desk":
        self.page.goto(f"{self.address}/meters/{path}")
        expect(self.page.locator("#link")).to_have_attribute("data-link", "live")
        return self

    def settled(self) -> "Desk":
        """Wait until every panel of a meter is there."""
        for name in ("day", "alerts", "readings"):
            expect(self.panel(name)).to_have_attribute("data-state", "ready")
        expect(self.panel("day").locator("canvas")).to_have_count(2)
        return self

    def panel(self, name: str) -> Any:
        return self.page.locator(f"[data-panel={name}]")

    def violations(self) -> str:
        return chromium.violations(self.page)

    def width(self) -> int:
        return chromium.width(self.page)


@pytest.fixture(scope="module")
def house(stage: Stage) -> Meter:
    """A meter with a month of use, a day with a gap and an estimate, and readings of today."""
    return stage.do(lambda: days.lay_month(SERIAL, now=datetime.now(UTC)))


@pytest.fixture
def desk(visit: Callable[..., Page], stage: Stage) -> Callable[..., Desk]:
    """Open a page as Olga: `desk("quarantine/", theme="dark")`."""

    def sit(path: str = "", **options: object) -> Desk:
        return Desk(visit(OLGA, **options), stage.web.address).open(path)

    return sit


class TestAMeter:
    def test_is_found_and_read_by_keyboard_alone(
        self, desk: Callable[..., Desk], house: Meter, complaints: list[str]
    ) -> None:
        olga = desk()
        keys = olga.page.keyboard
        olga.page.get_by_label("Serial, service point").focus()
        keys.type(SERIAL)
        with olga.page.expect_navigation():
            keys.press("Enter")
        olga.page.get_by_role("link", name=SERIAL, exact=True).focus()
        with olga.page.expect_navigation():
            keys.press("Enter")
        olga.settled()
        today = olga.page.locator("#day-shown").input_value()

        olga.page.locator("a[data-day=before]").focus()
        keys.press("Enter")

        expect(olga.page.locator("#day-shown")).not_to_have_value(today)
        expect(olga.panel("day").locator(".stretch").first).to_contain_text("✕")
        expect(olga.page.locator("a[data-day=before]")).to_be_focused()
        assert "?day=" in olga.page.url
        olga.page.go_back()
        expect(olga.page.locator("#day-shown")).to_have_value(today)
        assert complaints == []

    def test_is_opened_from_the_map_by_keyboard(
        self, desk: Callable[..., Desk], house: Meter
    ) -> None:
        olga = desk()
        olga.page.goto(olga.address)
        chromium.settled(olga.page)
        olga.page.locator("[data-part=stage]").focus()
        olga.page.keyboard.press("n")
        serial = olga.page.locator("[data-fact=serial]").inner_text()

        with olga.page.expect_navigation():
            olga.page.keyboard.press("Enter")

        expect(olga.page.get_by_role("heading", level=1)).to_have_text(f"Meter {serial}")

    def test_keeps_what_it_knows_when_one_panel_fails(
        self, desk: Callable[..., Desk], house: Meter
    ) -> None:
        def fail(route: Route) -> None:
            route.fulfill(status=503, body="")

        olga = desk()
        olga.page.route("**/readings/**", fail)
        olga.open(f"{house.pk}/")

        expect(olga.panel("readings")).to_have_attribute("data-state", "failed")
        expect(olga.panel("day")).to_have_attribute("data-state", "ready")
        chromium.ask_again(olga.page, "**/readings/**", olga.panel("readings"))
        olga.settled()


class TestQuarantine:
    def test_is_decided_by_keyboard_alone(
        self, desk: Callable[..., Desk], stage: Stage, house: Meter
    ) -> None:
        stage.do(lambda: days.hold(SERIAL, count=2, now=datetime.now(UTC)))
        olga = desk("quarantine/")
        keys = olga.page.keyboard
        olga.page.get_by_label("Note, for all that are decided").focus()
        keys.type("a welder")
        olga.page.locator("input[name=ids]").first.focus()
        keys.press("Space")
        expect(olga.page.locator("[data-part=chosen]")).to_have_text("1 chosen")
        olga.page.get_by_role("button", name="Adopt the chosen").focus()

        with olga.page.expect_navigation():
            keys.press("Enter")

        expect(olga.page.get_by_role("status")).to_contain_text("1 reading is adopted")
        states = stage.do(lambda: sorted(QuarantinedReading.objects.values_list("state", "note")))
        assert states == [("adopted", "a welder"), ("open", "")]


class TestValidation:
    def test_is_decided_by_keyboard_alone_on_a_phone_too(
        self, desk: Callable[..., Desk], stage: Stage, house: Meter, complaints: list[str]
    ) -> None:
        found = stage.do(lambda: days.find(SERIAL, now=datetime.now(UTC)))
        olga = desk("validation/", size=chromium.PHONE)
        keys = olga.page.keyboard
        assert olga.violations() == ""
        assert olga.width() <= chromium.PHONE[0]
        olga.page.get_by_role("link", name="no reading: raw beside final").focus()
        with olga.page.expect_navigation():
            keys.press("Enter")
        assert olga.violations() == ""
        assert olga.width() <= chromium.PHONE[0]
        olga.page.get_by_label("Reason").focus()
        keys.type("she called")
        keys.press("Tab")
        keys.type("1.25")
        keys.press("Tab")

        with olga.page.expect_navigation():
            keys.press("Enter")

        expect(olga.page.get_by_role("status")).to_contain_text("What you entered counts now")
        expect(olga.page.locator(".facts")).to_contain_text("1.250 kWh")
        told = stage.do(lambda: Finding.objects.values_list("state", "reason").get(pk=found.pk))
        assert told == ("edited", "she called")
        assert complaints == []


class TestLook:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("size", [chromium.DESKTOP, chromium.PHONE], ids=["desk", "phone"])
    def test_is_open_to_everybody_and_fits(
        self,
        desk: Callable[..., Desk],
        stage: Stage,
        house: Meter,
        theme: str,
        size: tuple[int, int],
        complaints: list[str],
    ) -> None:
        stage.do(lambda: days.hold(SERIAL, count=1, now=datetime.now(UTC)))
        yesterday = datetime.now(UTC) - timedelta(days=1)
        olga = desk(theme=theme, size=size)

        for path in (
            "",
            "?search=nothing",
            "quarantine/",
            f"{house.pk}/?day={yesterday:%Y-%m-%d}",
        ):
            olga.open(path)
            if path.startswith(str(house.pk)):
                olga.settled()
            assert olga.violations() == "", path
            assert olga.width() <= size[0], path

        assert complaints == []
