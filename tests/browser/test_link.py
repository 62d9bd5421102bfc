"""What the console says when the server is gone, frozen or back."""

import signal
from collections.abc import Callable, Iterator

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.browser.conftest import OLGA
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _server_comes_back(stage: Stage) -> Iterator[None]:
    yield
    if stage.web.running is None:
        stage.web.start()


def link_is(page: Page, state: str, *, patience_s: float = 30.0) -> None:
    chromium.until(
        lambda: page.locator("#link").get_attribute("data-link") == state,
        f"the link to be {state}",
        patience_s=patience_s,
    )


class TestKilledServer:
    def test_is_said_and_the_values_stay_greyed_with_their_age(
        self, overview: Page, stage: Stage
    ) -> None:
        load = overview.locator("article [data-part=load]").first
        before, fresh = load.inner_text(), load.evaluate("(it) => getComputedStyle(it).color")

        stage.web.kill()
        link_is(overview, "disconnected")

        expect(overview.locator("#link")).to_contain_text("Disconnected, retrying")
        expect(overview.get_by_role("button", name="Retry now")).to_be_visible()
        assert overview.title().startswith("Disconnected")
        assert load.inner_text() == before
        assert load.evaluate("(it) => getComputedStyle(it).color") != fresh
        expect(overview.locator("[data-panel=map] [data-note]")).to_contain_text("ago")
        expect(overview.get_by_role("list", name="Meters by state")).to_contain_text("Silent 3")

    def test_that_comes_back_is_live_again(self, overview: Page, stage: Stage) -> None:
        stage.web.kill()
        link_is(overview, "disconnected")

        stage.web.start()

        link_is(overview, "live")
        chromium.settled(overview)
        assert overview.title() == "Overview · SEGS"

    def test_replays_what_happened_while_it_was_gone(self, overview: Page, stage: Stage) -> None:
        stage.close_minute(load_kw=811)
        chromium.until(lambda: "811" in north(overview), "the first load")
        stage.web.kill()
        link_is(overview, "disconnected")

        stage.close_minute(load_kw=822)
        stage.web.start()

        link_is(overview, "live")
        chromium.until(lambda: "822" in north(overview), "the load that was missed")


class TestFrozenServer:
    def test_makes_the_link_stale_until_it_wakes(self, overview: Page, stage: Stage) -> None:
        stage.web.signal(signal.SIGSTOP)
        try:
            link_is(overview, "stale", patience_s=12)
            expect(overview.locator("#link")).to_contain_text("no heartbeat for")
        finally:
            stage.web.signal(signal.SIGCONT)

        link_is(overview, "live")


class TestDeadRelay:
    def test_makes_the_link_stale_though_the_server_answers(
        self, overview: Page, stage: Stage
    ) -> None:
        stage.relay.kill()
        try:
            link_is(overview, "stale", patience_s=12)
        finally:
            stage.relay.start()

        link_is(overview, "live")


class TestEndedSession:
    def test_is_said_and_leads_back_to_the_sign_in(
        self, visit: Callable[..., Page], stage: Stage
    ) -> None:
        page = visit(OLGA)
        chromium.settled(page)
        stage.do(lambda: Session.objects.all().delete())

        stage.web.kill()
        stage.web.start()

        link_is(page, "refused")
        page.get_by_role("link", name="Sign in again").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def north(page: Page) -> str:
    return page.locator("article", has=page.get_by_role("heading", name="North")).inner_text()
