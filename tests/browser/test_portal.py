"""What a customer finds by himself, on a phone and on a desk, and that it is open to everybody."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import override_settings
from django.utils import formats
from playwright.sync_api import Page, expect

from tests.browser import chromium, homes
from tests.browser.conftest import CARL
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def household(stage: Stage) -> homes.Household:
    """Carl's home on the stage."""
    return stage.do(lambda: homes.lay(stage.grid))


@pytest.fixture(scope="module")
def stage(django_db_blocker: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A small console: the portal reads one home."""
    zone = where_it_is_noon()
    with override_settings(SEGS_SITE_ZONE=zone), django_db_blocker.unblock():  # type: ignore[attr-defined]
        folder = tmp_path_factory.mktemp("portal")
        stage = Stage("test_segs_portal", folder, SEGS_SITE_ZONE=zone)
        try:
            stage.lay(meters=8, silent=0, high=0, minutes=2)
            stage.open()
            yield stage
        finally:
            stage.close()


def where_it_is_noon() -> str:
    """Return a zone in which the day has a past and an evening to come, whenever this runs."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def paths(household: homes.Household) -> list[str]:
    """Every page of the portal."""
    bill = f"bills/{household.bills[-1].pk}/"
    return [
        "home/", "usage/", "usage/?view=day&unit=money", "usage/?view=year", "prices/",
        "prices/?back=7d", "bills/", bill, f"{bill}lines/0/", "compare/", "account/",
        "account/data/", "account/close/",
    ]  # fmt: skip


class TestACustomer:
    def test_finds_cost_reason_and_cheapest_hour_from_the_start_page(
        self, visit: Callable[..., Page], household: homes.Household, complaints: list[str]
    ) -> None:
        page = visit(CARL, size=chromium.PHONE)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your electricity")

        today = page.get_by_role("region", name="Today so far")
        expect(today.locator(".figure")).to_contain_text("EUR")
        price = page.get_by_role("region", name="Price now")
        expect(price).to_contain_text("Cheapest hour tonight")
        expect(price.locator("dd").last).to_contain_text(", expected 0.")
        page.get_by_role("link", name=f"Why {month(household)} was dearer").click()

        why = page.get_by_role("region", name="Why it differs from the bill before")
        expect(why).to_contain_text("because more was used a day")
        expect(why).to_contain_text("because a kWh was dearer")
        assert complaints == []

    def test_reaches_the_reason_by_keyboard_alone(
        self, visit: Callable[..., Page], household: homes.Household
    ) -> None:
        page = visit(CARL)
        link = page.get_by_role("link", name=f"Why {month(household)} was dearer")

        for _ in range(30):
            page.keyboard.press("Tab")
            if link.evaluate("each => each === document.activeElement"):
                break
        with page.expect_navigation():
            page.keyboard.press("Enter")

        expect(page.get_by_role("heading", level=1)).to_contain_text("Bill of")

    def test_keeps_old_figures_and_is_told_that_they_are_old(
        self, visit: Callable[..., Page], household: homes.Household
    ) -> None:
        page = visit(CARL)
        page.clock.install()
        page.goto(page.url)
        page.route("**/home/", lambda route: route.abort())

        pass_time(page, seconds=300, is_old=True)
        expect(page.get_by_role("region", name="Today so far")).to_contain_text("EUR")

        page.unroute("**/home/")
        pass_time(page, seconds=1, is_old=False)


class TestLook:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_is_open_to_everybody(
        self,
        visit: Callable[..., Page],
        stage: Stage,
        household: homes.Household,
        theme: str,
        complaints: list[str],
    ) -> None:
        page = visit(CARL, theme=theme)

        for path in paths(household):
            page.goto(f"{stage.web.address}/{path}")
            assert chromium.violations(page) == "", path

        assert complaints == []

    def test_lights_up_no_hour_but_the_one_that_is_pointed_at(
        self, visit: Callable[..., Page], stage: Stage, household: homes.Household
    ) -> None:
        page = visit(CARL)
        page.goto(f"{stage.web.address}/prices/")
        hours = page.locator(".chart-hit")
        invisible = "rgba(0, 0, 0, 0)"

        hours.nth(3).hover(force=True)

        expect(hours.nth(3)).not_to_have_css("fill", invisible)
        expect(hours.nth(4)).to_have_css("fill", invisible)

    def test_fits_a_phone(
        self, visit: Callable[..., Page], stage: Stage, household: homes.Household
    ) -> None:
        page = visit(CARL, size=chromium.PHONE)
        wide = {}

        for path in paths(household):
            page.goto(f"{stage.web.address}/{path}")
            wide[path] = chromium.width(page)

        assert max(wide.values()) <= chromium.PHONE[0], wide


def pass_time(page: Page, *, seconds: int, is_old: bool) -> None:
    """Let time go by in steps until the page says that it is old, or no longer says so.

    An answer comes in real time, and its patience ends by the page's clock: steps are short.
    """

    def look() -> bool:
        page.clock.run_for(seconds * 1000)
        return page.get_by_text("These figures are old").is_visible() == is_old

    chromium.until(look, "old figures" if is_old else "fresh figures")


def month(household: homes.Household) -> str:
    start: date = household.bills[-1].starts_on
    assert household.bills[-1].ends_on - start < timedelta(days=32)
    return formats.date_format(start, "F Y")
