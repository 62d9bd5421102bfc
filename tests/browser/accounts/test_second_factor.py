"""Second factors in a browser: set up, used to sign in, and removed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.accounts.visitor import FACTOR, Visitor, soon
from tests.browser.conftest import CARL, OLGA

pytestmark = pytest.mark.browser
Enter = Callable[..., Visitor]


def add_passkey(carl: Visitor, name: str) -> None:
    carl.go(FACTOR)
    carl.say_password()
    carl.press("Add a passkey")
    carl.page.get_by_label("Name of this passkey").fill(name)
    carl.press("Make the passkey")


def codes(carl: Visitor) -> list[str]:
    return carl.page.locator("main li code").all_inner_texts()


class TestAPasskey:
    def test_is_made_signs_in_and_is_removed(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        device = carl.holds_device()
        carl.come_in()

        add_passkey(carl, "Telephone")
        first_codes = codes(carl)
        carl.sign_out()
        carl.sign_in()
        asked = carl.page.get_by_role("heading", level=1).inner_text()
        carl.press("Use a passkey")

        assert (len(device.keys()), len(first_codes), asked) == (1, 10, "Second step")
        carl.go(FACTOR)
        expect(carl.page.get_by_role("main")).to_contain_text("Telephone")
        carl.say_password()
        carl.press("Remove Telephone")
        expect(carl.page.get_by_role("main")).not_to_contain_text("Telephone")

    def test_goes_with_enter_in_the_field_of_its_name(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        device = carl.holds_device()
        carl.come_in()
        carl.go(FACTOR)
        carl.say_password()
        carl.press("Add a passkey")

        carl.page.get_by_label("Name of this passkey").fill("Key")
        with carl.page.expect_navigation():
            carl.page.keyboard.press("Enter")

        assert (len(device.keys()), len(codes(carl))) == (1, 10)

    def test_needs_a_name(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        device = carl.holds_device()
        carl.come_in()
        carl.go(FACTOR)
        carl.say_password()
        carl.press("Add a passkey")

        carl.page.get_by_role("button", name="Make the passkey").click()

        assert carl.page.get_by_label("Name of this passkey").evaluate(
            "(field) => field === document.activeElement && !field.validity.valid"
        )
        assert device.keys() == []

    def test_that_the_device_does_not_give_is_said_in_words(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        device = carl.holds_device()
        carl.come_in()
        add_passkey(carl, "Telephone")
        carl.sign_out()
        carl.sign_in()
        device.session.send("WebAuthn.clearCredentials", {"authenticatorId": device.id})

        carl.page.get_by_role("button", name="Use a passkey").click()

        expect(carl.page.get_by_role("alert")).to_contain_text("The device gave no passkey")
        expect(carl.page.get_by_role("button", name="Use a passkey")).to_be_focused()

    def test_is_made_once_by_a_device(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        device = carl.holds_device()
        carl.come_in()
        add_passkey(carl, "Telephone")

        carl.go(FACTOR)
        carl.say_password()
        carl.press("Add a passkey")
        carl.page.get_by_label("Name of this passkey").fill("Again")
        carl.page.get_by_role("button", name="Make the passkey").click()

        expect(carl.page.get_by_role("alert")).to_contain_text("holds a passkey of yours already")
        assert len(device.keys()) == 1


class TestAnApp:
    def test_is_set_up_and_signs_in(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        carl.come_in()
        carl.go(FACTOR)
        carl.say_password()
        carl.press("Set up an app")
        app = carl.reads_secret()
        carl.page.get_by_label("Code that the app shows").fill(app.code())
        carl.press("Turn on")
        kept = codes(carl)
        carl.sign_out()

        carl.sign_in()
        carl.page.get_by_label("Code of your app, or a recovery code").fill(app.code(soon()))
        carl.press("Sign in")

        assert len(kept) == 10
        expect(carl.page.locator(".bar-user")).to_have_text(CARL)

    def test_shows_a_picture_that_a_telephone_can_read(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        carl.come_in()
        carl.go(FACTOR)
        carl.say_password()
        carl.press("Set up an app")

        width = carl.page.get_by_alt_text("QR code").evaluate("(it) => it.complete && it.width")

        assert width >= 160

    def test_that_is_lost_is_replaced_by_a_recovery_code_once(self, visitor: Enter) -> None:
        carl = visitor(CARL)
        carl.come_in()
        carl.go(FACTOR)
        carl.say_password()
        carl.press("Set up an app")
        app = carl.reads_secret()
        carl.page.get_by_label("Code that the app shows").fill(app.code())
        carl.press("Turn on")
        kept = codes(carl)
        field = carl.page.get_by_label("Code of your app, or a recovery code")
        for _ in range(2):
            carl.page.context.clear_cookies()
            carl.sign_in()
            field.fill(kept[0].upper())
            carl.press("Sign in")

        expect(carl.page.get_by_role("alert")).to_contain_text("is not right, or was used")
        expect(field).to_be_focused()


class TestWhoMustHaveOne:
    def test_sets_it_up_at_the_first_sign_in_and_goes_on(self, visitor: Enter) -> None:
        olga = visitor(OLGA)
        olga.go("/tariffs/")
        olga.page.get_by_label("E-mail address").fill(OLGA)
        olga.page.get_by_label("Password").fill(olga.password)
        olga.press("Sign in")
        expect(olga.page.get_by_role("main")).to_contain_text("Your role needs a second factor")

        olga.press("Set up an app")
        app = olga.reads_secret()
        olga.page.get_by_label("Code that the app shows").fill(app.code())
        olga.press("Turn on")
        with olga.page.expect_navigation():
            olga.page.get_by_role("link", name="I have kept them").click()

        expect(olga.page).to_have_title("Tariffs · SEGS")
