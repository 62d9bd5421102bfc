"""The alarm desk in a real browser, with two operators at it, and by keyboard alone."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Route, expect

from alerts.conditions.kinds import Severity
from alerts.models import Alert
from alerts.services import raising
from grid.models import Transformer
from tests.browser import alarms, chromium
from tests.browser.alerts.conftest import OSCAR, Desk
from tests.browser.conftest import OLGA
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
AT_ONCE_S = 1.0


class TestTwoOperators:
    def test_see_an_acknowledgement_of_the_other_within_a_second(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        alarms.raise_now(staffed, alarms.voltage(staffed.grid.meters[0]))
        olga, oscar = seat(OLGA), seat(OSCAR)
        expect(oscar.rows).to_have_count(1)
        state = oscar.rows.locator("[data-part=state]")
        olga.press("j", "a")
        olga.page.keyboard.type("crew is out")

        olga.press("Enter")
        began = time.monotonic()
        chromium.until(lambda: "acknowledged" in state.inner_text(), "the acknowledgement")
        took_s = time.monotonic() - began

        assert took_s < AT_ONCE_S
        expect(state).to_contain_text("by olga")
        expect(oscar.rows).to_contain_text("crew is out")
        expect(oscar.page.locator("#waiting")).to_be_hidden()

    def test_see_who_owns_what(self, seat: Callable[..., Desk], staffed: Stage) -> None:
        alarms.raise_now(staffed, alarms.voltage(staffed.grid.meters[0]))
        olga, oscar = seat(OLGA), seat(OSCAR)
        olga.press("j", "x")

        olga.page.get_by_role("button", name="Assign").first.click()
        olga.page.get_by_label("To", exact=True).select_option(label=OSCAR)
        olga.page.locator("#ask-assign").get_by_role("button", name="Assign").click()

        expect(oscar.rows.locator(".owner")).to_contain_text("oscar")

    def test_are_told_when_the_other_was_faster(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        [alert] = alarms.raise_now(staffed, alarms.voltage(staffed.grid.meters[0]))
        olga = seat(OLGA)
        olga.press("j", "a")

        staffed.do(alarms.sweep_away)
        olga.press("Enter")

        expect(olga.page.locator("#spoken")).to_contain_text("1 stood otherwise by now.")
        assert staffed.do(lambda: Alert.objects.get(pk=alert.pk).acknowledged_by) == ""


class TestNewRows:
    def test_appear_by_themselves_while_nobody_is_at_a_row(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        olga = seat(OLGA)
        expect(olga.page.locator(".nothing")).to_contain_text("Nothing is wrong.")

        alarms.raise_now(staffed, alarms.voltage(staffed.grid.meters[0]))

        expect(olga.rows).to_have_count(1)
        assert olga.count("Active") == "1"

    def test_wait_and_move_nothing_while_somebody_is(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        meters = staffed.grid.meters
        alarms.raise_now(staffed, *(alarms.voltage(meter) for meter in meters[:3]))
        olga = seat(OLGA)
        olga.press("j", "j")
        before, name = olga.rows.nth(1).bounding_box(), olga.at_hand()

        worse = [alarms.voltage(meter, severity=Severity.CRITICAL) for meter in meters[3:6]]
        alarms.raise_now(staffed, *worse)
        bar = olga.page.get_by_role("button", name="3 new")
        expect(bar).to_be_visible()

        assert olga.rows.count() == 3
        assert olga.rows.nth(1).bounding_box() == before
        assert olga.at_hand() == name
        expect(olga.page.locator("#shouted")).to_have_text("A critical alert has come.")

        olga.press("n")

        expect(olga.rows).to_have_count(6)
        expect(bar).to_be_hidden()
        expect(olga.rows.first).to_contain_text("critical")
        assert olga.at_hand() == name

    def test_that_left_stay_greyed_until_they_are_let_go(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        triggers = [alarms.voltage(meter) for meter in staffed.grid.meters[:3]]
        alarms.raise_now(staffed, *triggers)
        olga = seat(OLGA)
        olga.press("j")

        alarms.clear_now(staffed, *triggers[:2])
        expect(olga.page.locator(".is-gone")).to_have_count(2)
        olga.press("Escape")

        expect(olga.rows).to_have_count(1)
        assert olga.count("Cleared, unacknowledged") == "2"


class TestKeyboardAlone:
    def test_finds_acknowledges_and_shelves(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        meters = staffed.grid.meters
        alarms.raise_now(staffed, *(alarms.voltage(meter) for meter in meters[:4]))
        olga = seat(OLGA)

        olga.press("/")
        olga.page.keyboard.type(meters[2].serial)
        with olga.page.expect_navigation():
            olga.press("Enter")
        expect(olga.rows).to_have_count(1)
        olga.press("j", "a")
        olga.page.keyboard.type("seen")
        olga.press("Enter")
        expect(olga.rows.locator("[data-part=state]")).to_contain_text("acknowledged")

        olga.press("s", "ArrowRight", "Tab")
        olga.page.keyboard.type("exchange on Monday")
        olga.press("Enter")
        expect(olga.page.locator(".nothing")).to_be_visible()

        olga.open("?tab=shelved")
        expect(olga.rows).to_have_count(1)
        expect(olga.rows).to_contain_text("by olga: exchange on Monday")

    def test_acknowledges_many(self, seat: Callable[..., Desk], staffed: Stage) -> None:
        alarms.raise_now(staffed, *(alarms.voltage(meter) for meter in staffed.grid.meters[:3]))
        olga = seat(OLGA)

        olga.press("j", "x", "j", "x")
        expect(olga.page.locator("[data-part=chosen]")).to_have_text("2 chosen")
        olga.press("a", "Enter")

        expect(olga.page.locator("[data-part=chosen]")).to_have_text("2 alerts acknowledged.")
        expect(olga.rows.filter(has_text="acknowledged")).to_have_count(2)

    def test_refuses_a_shelf_without_a_reason(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        alarms.raise_now(staffed, alarms.voltage(staffed.grid.meters[0]))
        olga = seat(OLGA)

        olga.press("j", "s", "Enter")

        expect(olga.page.locator("#ask-shelve")).to_be_visible()
        olga.press("Escape")
        expect(olga.page.locator("#ask-shelve")).to_be_hidden()
        assert olga.at_hand() != ""

    def test_shows_its_keys_and_can_be_switched_off(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        alarms.raise_now(staffed, alarms.voltage(staffed.grid.meters[0]))
        olga = seat(OLGA)
        olga.press("?")
        expect(olga.page.get_by_role("dialog", name="Keys")).to_be_visible()

        olga.page.get_by_label("Single keys do something").uncheck()
        olga.press("Escape", "j")

        assert olga.at_hand() == ""

    def test_opens_an_alert_and_comes_back_to_its_row(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        alarms.raise_now(staffed, *(alarms.voltage(meter) for meter in staffed.grid.meters[:2]))
        olga = seat(OLGA)
        olga.press("j", "j", "Enter")
        detail = olga.page.get_by_role("complementary", name="One alert")
        expect(detail).to_contain_text("Customers touched")
        name = olga.rows.nth(1).locator("[data-open]").inner_text()

        olga.press("Escape")

        expect(detail).to_be_hidden()
        assert olga.at_hand() == name


class TestCauses:
    def test_hold_what_they_explain_until_somebody_unfolds_it(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        def lay() -> int:
            dark = Transformer.objects.order_by("code")[0]
            meters = alarms.meters_below(dark)
            raising.raise_all(triggers=alarms.outage(dark, meters), now=datetime.now(UTC))
            return len(meters)

        count = staffed.do(lay)
        olga = seat(OLGA)
        expect(olga.rows).to_have_count(1)

        olga.page.get_by_role("button", name=f"{count} explained by it").click()
        expect(olga.page.locator("[data-child]")).to_have_count(count)
        olga.page.get_by_role("button", name=f"{count} explained by it").click()

        expect(olga.page.locator("[data-child]")).to_have_count(0)


class TestLink:
    def test_that_comes_back_shows_what_the_database_holds(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        first, second, third = (alarms.voltage(meter) for meter in staffed.grid.meters[:3])
        alarms.raise_now(staffed, first, second)
        olga = seat(OLGA)
        expect(olga.rows).to_have_count(2)

        staffed.web.kill()
        expect(olga.page.locator("#link")).to_have_attribute("data-link", "disconnected")
        board = olga.page.locator("[data-panel=board]")
        expect(board).to_contain_text("Not live: this list is of")
        alarms.clear_now(staffed, first)
        alarms.raise_now(staffed, third)
        staffed.web.start()
        expect(olga.page.locator("#link")).to_have_attribute("data-link", "live", timeout=40_000)

        expect(olga.row(staffed.grid.meters[2].serial)).to_have_count(1)
        expect(olga.row(staffed.grid.meters[0].serial)).to_have_count(0)
        held = staffed.do(
            lambda: {str(pk) for pk in alarms.standing().values_list("pk", flat=True)}
        )
        shown = {row.get_attribute("data-key") for row in olga.rows.all()}
        assert shown == held

    def test_that_fails_leaves_the_rows_and_says_why(
        self, seat: Callable[..., Desk], staffed: Stage
    ) -> None:
        alarms.raise_now(staffed, alarms.voltage(staffed.grid.meters[0]))
        olga = seat(OLGA)
        olga.page.route("**/alerts/", fail)

        alarms.raise_now(staffed, alarms.voltage(staffed.grid.meters[1]))

        board = olga.page.locator("[data-panel=board]")
        expect(board).to_contain_text("The database is away.")
        expect(board).to_contain_text("Request 7f3a")
        expect(olga.rows).to_have_count(1)

        chromium.ask_again(olga.page, "**/alerts/", board)
        expect(olga.rows).to_have_count(2)


def fail(route: Route) -> None:
    problem = {"status": 503, "code": "database_away", "detail": "The database is away."}
    route.fulfill(status=503, json=problem, headers={"X-Request-Id": "7f3a"})
