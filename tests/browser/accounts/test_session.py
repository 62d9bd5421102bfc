"""Sessions in a browser: they last as long as somebody is there."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from tests.browser import chromium
from tests.browser.accounts.visitor import Visitor
from tests.browser.conftest import CARL

pytestmark = pytest.mark.browser
Enter = Callable[..., Visitor]
PRESENT = "/account/present/"


def ends(carl: Visitor) -> datetime:
    """Return when the session ends."""
    (key,) = [it["value"] for it in carl.page.context.cookies() if it["name"] == "sessionid"]
    return carl.stage.do(lambda: Session.objects.get(session_key=key).expire_date)


class TestPresence:
    def test_is_told_by_a_hand_on_the_mouse_every_five_minutes(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        carl.page.clock.install()
        carl.come_in()
        carl.go("/account/")
        told: list[int] = []
        carl.page.on(
            "response", lambda it: told.append(it.status) if it.url.endswith(PRESENT) else None
        )
        before = ends(carl)

        carl.page.mouse.move(40, 40)
        carl.page.clock.fast_forward("05:01")
        unmoved = list(told)
        carl.page.mouse.move(80, 80)
        chromium.until(lambda: carl.page.evaluate("0") == 0 and told, "a word to the server")
        carl.page.mouse.move(120, 120)

        assert (unmoved, told) == ([], [204])
        assert ends(carl) > before

    def test_whose_session_has_ended_leads_to_the_sign_in_and_back(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        carl.come_in()
        carl.go("/account/")
        carl.stage.do(lambda: Session.objects.all().delete())

        carl.press("Keep")
        carl.page.get_by_label("E-mail address").fill(CARL)
        carl.page.get_by_label("Password").fill(carl.password)
        carl.press("Sign in")

        expect(carl.page.get_by_role("heading", level=1)).to_have_text("Your account")


class TestKeyboard:
    def test_alone_signs_in_changes_the_account_and_signs_out(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        carl.go("/sign-in/?next=/account/")
        expect(carl.page.locator("input[autofocus]")).to_be_focused()

        types(carl, CARL, "Tab", carl.password, "Enter")
        expect(carl.page).to_have_title("Your account · SEGS", timeout=20_000)
        reaches(carl, "First name")
        types(carl, "Carl", "Enter")

        expect(carl.page.get_by_role("status")).to_have_text("Your settings are kept.")
        expect(carl.page.get_by_label("First name")).to_have_value("Carl")
        reaches(carl, "Sign out")
        carl.page.keyboard.press("Enter")
        expect(carl.page).to_have_title("Sign in · SEGS")

    def test_alone_sets_up_a_second_factor(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        carl.come_in()
        carl.go("/account/second-factor/")

        reaches(carl, "Your password, once more")
        types(carl, carl.password, "Enter")
        expect(carl.page).to_have_title("Second factor · SEGS")
        reaches(carl, "Set up an app")
        carl.page.keyboard.press("Enter")
        expect(carl.page).to_have_title("Codes of an app · SEGS")
        app = carl.reads_secret()
        types(carl, app.code(), "Enter")

        expect(carl.page).to_have_title("Recovery codes · SEGS")


def types(carl: Visitor, *words: str) -> None:
    for word in words:
        if word in ("Tab", "Enter"):
            carl.page.keyboard.press(word)
        else:
            carl.page.keyboard.type(word)


def reaches(carl: Visitor, name: str) -> None:
    """Press Tab until the named control has the focus, and shows it."""
    control = carl.page.get_by_role("button", name=name).or_(carl.page.get_by_label(name)).first
    for _ in range(40):
        carl.page.keyboard.press("Tab")
        if control.evaluate("(it) => it === document.activeElement"):
            assert control.evaluate("(it) => getComputedStyle(it).outlineStyle") == "solid"
            return
    message = f"no Tab reaches {name}"
    raise AssertionError(message)
