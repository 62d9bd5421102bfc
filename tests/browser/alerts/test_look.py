"""How the desk, its performance and the overview's panel look, and what leads every title."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import alarms, chromium
from tests.browser.alerts.conftest import Desk
from tests.browser.conftest import CARL, OLGA
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
ADDRESSES = ["", "?tab=shelved", "?tab=cleared", "?tab=journal", "performance/"]


@pytest.fixture
def shift(staffed: Stage) -> None:
    """A shift with everything in it."""
    staffed.do(alarms.lay_shift)


class TestLook:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_is_open_to_everybody(
        self, seat: Callable[..., Desk], shift: None, theme: str, complaints: list[str]
    ) -> None:
        olga = seat(OLGA, theme=theme)
        for address in ADDRESSES:
            olga.open(address)
            assert chromium.violations(olga.page) == "", address
        olga.open()
        olga.page.locator("[data-fold]").click()
        olga.page.locator("[data-child]").first.wait_for()
        olga.press("j", "Enter")
        olga.page.locator(".one").wait_for()
        assert chromium.violations(olga.page) == ""
        olga.press("Escape", "?")
        assert chromium.violations(olga.page) == ""
        olga.press("Escape", "s")
        assert chromium.violations(olga.page) == ""

        assert complaints == []

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_fits_a_phone(self, seat: Callable[..., Desk], shift: None, address: str) -> None:
        olga = seat(OLGA, address, size=chromium.PHONE)
        if address == "":
            olga.page.locator("[data-fold]").click()
            olga.page.locator("[data-child]").first.wait_for()

        wide = chromium.width(olga.page)

        assert wide <= chromium.PHONE[0]

    def test_is_not_carls_to_see(self, visit: Callable[..., Page], staffed: Stage) -> None:
        page = visit(CARL)

        page.goto(f"{staffed.web.address}/alerts/")

        expect(page.get_by_role("heading", level=1)).to_have_text("No access")

    def test_keeps_quiet_until_sound_is_chosen(self, seat: Callable[..., Desk]) -> None:
        olga = seat(OLGA)
        sound = olga.page.get_by_role("button", name="Sound")
        expect(sound).to_have_attribute("aria-pressed", "false")

        olga.press("m")

        expect(sound).to_have_attribute("aria-pressed", "true")
        expect(sound).to_contain_text("Sound on")


class TestFilters:
    def test_stand_in_the_address(self, seat: Callable[..., Desk], shift: None) -> None:
        olga = seat(OLGA)

        with olga.page.expect_navigation():
            olga.page.get_by_label("Severity").select_option("3")

        assert olga.page.url.endswith("?tab=active&severity=3")
        expect(olga.rows).to_have_count(3)
        with olga.page.expect_navigation():
            olga.page.get_by_role("link", name="Clear", exact=True).click()
        assert olga.rows.count() > 3


class TestCount:
    def test_leads_title_icon_and_navigation_of_every_console_page(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        desk = seat(OLGA)
        alarms.raise_now(staffed, alarms.voltage(staffed.grid.meters[0]))
        for path in ("/", "/tariffs/", "/alerts/", "/alerts/performance/"):
            desk.page.goto(f"{staffed.web.address}{path}")
            expect(desk.page.locator("#waiting")).to_have_text("1")
            chromium.until(lambda: desk.page.title().startswith("(1) "), "the title's number")
            icon = desk.page.locator("link[rel=icon]").get_attribute("href") or ""
            assert icon.startswith("data:image/svg"), path

        expect(desk.page.locator("#link")).to_have_attribute("data-link", "live")
        alarms.raise_now(staffed, alarms.voltage(staffed.grid.meters[1]))
        expect(desk.page.locator("#waiting")).to_have_text("2")
        staffed.do(alarms.sweep_away)

        expect(desk.page.locator("#waiting")).to_be_hidden()
        assert desk.page.title() == "Alarm performance · SEGS"


class TestOverviewsPanel:
    def test_shows_what_waits_and_acknowledges_it(
        self, seat: Callable[..., Desk], staffed: Stage, overview: Page
    ) -> None:
        panel = overview.locator("[data-panel=top]")
        expect(panel).to_contain_text("Nothing waits for you.")

        alarms.raise_now(staffed, *(alarms.voltage(meter) for meter in staffed.grid.meters[:2]))
        expect(panel.get_by_role("listitem")).to_have_count(2)
        panel.get_by_role("button", name="Acknowledge").first.click()

        expect(panel.get_by_role("listitem")).to_have_count(1)
        expect(overview.locator("#waiting")).to_have_text("1")

    def test_that_cannot_be_read_says_so(
        self, seat: Callable[..., Desk], staffed: Stage, visit: Callable[..., Page]
    ) -> None:
        page = visit(OLGA)
        page.route("**/alerts/top/", lambda route: route.fulfill(status=503, json={}))
        page.goto(staffed.web.address)

        panel = page.locator("[data-panel=top]")
        expect(panel).to_contain_text("The server answered 503.")
        chromium.ask_again(page, "**/alerts/top/", panel)
        expect(panel).to_contain_text("Nothing waits for you.")


class TestWriting:
    def test_hands_over_to_the_other_operator(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        olga = seat(OLGA)
        olga.page.get_by_text("Write a note").click()
        olga.page.get_by_label("For the next shift").fill("the spare cable is in use")

        olga.page.get_by_role("button", name="Hand over").click()

        expect(olga.page.locator("[data-swap=notes]")).to_contain_text("the spare cable is in use")

    def test_plans_work(self, seat: Callable[..., Desk], staffed: Stage) -> None:
        olga = seat(OLGA)
        olga.page.get_by_text("Plan work").click()
        form = olga.page.locator(".work-form")
        form.get_by_label("Region").select_option(label="North")
        form.get_by_label("From").fill("2030-01-01T10:00")
        form.get_by_label("Until").fill("2030-01-01T12:00")
        form.get_by_label("Reason").fill("new cable")

        form.get_by_role("button", name="Plan it").click()

        works = olga.page.locator("[data-swap=work]")
        expect(works).to_contain_text("North new cable")
        works.locator("li", has_text="new cable").get_by_role("button").click()
        expect(works).not_to_contain_text("new cable")
