"""What a panel says when it waits, has nothing, or could not be read."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import chromium
from tests.browser.conftest import OLGA
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
STATUS, TOPOLOGY, LOAD = (f"**/api/admin/grid/{name}" for name in ("status", "topology", "load?*"))
PROBLEM = {"status": 503, "code": "database_away", "detail": "The database is away."}
UNKNOWN = {
    "code": "North",
    "name": "North",
    "load_kw": None,
    "capacity_kw": 1900.0,
    "load_pct": None,
    "coverage_pct": None,
    "meters_reporting": None,
    "meters_expected": None,
    "price": None,
    "price_until": None,
    "as_of": None,
}
NO_METERS = {"serial": [], "longitude": [], "latitude": [], "region": [], "transformer": []}


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    """Olga's browser, signed in but not yet at the overview."""
    page = visit(OLGA)
    page.goto("about:blank")
    return page


def panel(page: Page, name: str) -> Any:
    return page.locator(f"[data-panel={name}]")


def fail(route: Route) -> None:
    route.fulfill(status=503, json=PROBLEM, headers={"X-Request-Id": "7f3a"})


class TestFailure:
    def test_is_said_by_the_panel_alone_with_cause_request_and_retry(
        self, page: Page, stage: Stage
    ) -> None:
        page.route(LOAD, fail)
        page.goto(stage.web.address)
        lines = panel(page, "lines")

        expect(lines).to_contain_text("The database is away.")
        expect(lines).to_contain_text("Request 7f3a")
        expect(panel(page, "figures")).to_contain_text("kW of 1,900")
        expect(panel(page, "map")).to_have_attribute("data-state", "ready")

        chromium.ask_again(page, LOAD, lines)

        expect(lines).to_have_attribute("data-state", "ready")

    def test_leaves_values_standing_that_were_read_before(self, page: Page, stage: Stage) -> None:
        page.goto(stage.web.address)
        chromium.settled(page)
        page.route(LOAD, fail)

        page.get_by_role("radio", name="24 h").check()

        expect(panel(page, "lines")).to_contain_text("The database is away.")
        expect(panel(page, "lines").get_by_role("list", name="Load by region")).to_be_visible()

    def test_for_want_of_a_session_leads_back_to_the_sign_in(
        self, page: Page, stage: Stage
    ) -> None:
        page.route(STATUS, lambda route: route.fulfill(status=401, json={}))

        page.goto(stage.web.address)

        expect(panel(page, "figures")).to_contain_text("You are signed out")
        expect(panel(page, "figures").get_by_role("link", name="Sign in again")).to_be_visible()


class TestLoading:
    def test_is_labelled(self, page: Page, stage: Stage) -> None:
        page.route("**/api/admin/grid/**", lambda _: None)  # no answer ever

        page.goto(stage.web.address)

        expect(panel(page, "figures")).to_contain_text("Loading the regions")
        expect(panel(page, "map")).to_contain_text("Loading the map")


class TestEmpty:
    def test_says_why_and_what_is_next(self, page: Page, stage: Stage) -> None:
        empty = {"version": 1, "regions": [], "meters": NO_METERS}
        page.route(STATUS, lambda route: route.fulfill(json={"regions": []}))
        page.route(TOPOLOGY, lambda route: route.fulfill(json=empty))

        page.goto(stage.web.address)

        expect(panel(page, "figures")).to_contain_text("No regions yet.")
        expect(panel(page, "map")).to_contain_text("Register meters")


class TestUnknown:
    def test_is_a_word_and_never_zero(self, page: Page, stage: Stage) -> None:
        page.route(STATUS, lambda route: route.fulfill(json={"regions": [UNKNOWN]}))

        page.goto(stage.web.address)

        card = page.locator("article", has=page.get_by_role("heading", name="North"))
        expect(card).to_contain_text("unknown")
        expect(card).to_contain_text("no closed minute yet")
        assert "0 kW" not in card.inner_text()
        expect(card.get_by_role("img")).to_have_attribute("aria-label", "North: load unknown")
