"""Every page of people, in both themes, on a desk and on a telephone: axe, and no side scroll."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page

from accounts.models import Registration, User
from accounts.services import proofs
from tests.browser import chromium
from tests.browser.accounts.visitor import FACTOR, Visitor
from tests.browser.conftest import CARL, OLGA

pytestmark = pytest.mark.browser
Enter = Callable[..., Visitor]


def looks_well(page: Page) -> list[str]:
    """Return what is wrong with a page, in any theme and size."""
    wrong = []
    for theme in ("light", "dark"):
        # Colours that are still changing are none of the theme's.
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for width, height in (chromium.DESKTOP, chromium.PHONE):
            page.set_viewport_size({"width": width, "height": height})
            found, reach = chromium.violations(page), chromium.width(page)
            if found or reach > width:
                where = f"{page.title()}, {theme}, {width} px (reaches {reach})"
                wrong.append(f"{where}: {found}")
    return wrong


def reset_link(stage_user: str) -> str:
    user = User.objects.get(email=stage_user)
    return f"/reset-password/{proofs.of_user(proofs.Purpose.RESET, user, now=datetime.now(UTC))}/"


def confirm_link() -> str:
    now = datetime.now(UTC)
    wish, _ = Registration.objects.get_or_create(
        email="nina@home.example", defaults={"password": "!", "asked_at": now}
    )
    return f"/verify-email/{proofs.of_registration(wish, now=now)}/"


def of_strangers(anna: Visitor) -> Iterator[Page]:
    """Walk the pages that nobody is signed in for."""
    paths = ["/sign-in/?next=/account/", "/register/", "/forgot-password/", "/verify-email/odd/"]
    paths += [anna.stage.do(confirm_link), anna.stage.do(lambda: reset_link(CARL))]
    for path in paths:
        anna.go(path)
        yield anna.page
        submit = anna.page.locator("main button[type=submit]")
        if submit.count():  # what it says to an empty form, or that the link is none
            with anna.page.expect_navigation():
                submit.click()
            yield anna.page


def of_carl(carl: Visitor) -> Iterator[Page]:
    """Walk what a customer sets, and the second step of his sign-in."""
    carl.holds_device()
    carl.come_in()
    for path in ("/account/", "/account/password/"):
        carl.go(path)
        yield carl.page
    carl.press("Change it")
    yield carl.page
    carl.go(FACTOR)
    yield carl.page
    carl.press("Set up an app")
    yield carl.page
    carl.say_password()
    carl.press("Set up an app")
    yield carl.page
    carl.page.get_by_label("Code that the app shows").fill(carl.reads_secret().code())
    carl.press("Turn on")
    yield carl.page
    carl.go(FACTOR)
    carl.say_password()
    carl.press("Add a passkey")
    yield carl.page
    carl.page.get_by_label("Name of this passkey").fill("My telephone, the one with the crack")
    carl.press("Make the passkey")
    yield carl.page
    carl.sign_out()
    carl.sign_in()
    yield carl.page
    carl.page.get_by_label("Code of your app").fill("000000")
    carl.press("Sign in")
    yield carl.page


def of_olga(olga: Visitor) -> Iterator[Page]:
    """Walk where she must set up a second factor."""
    olga.sign_in()
    yield olga.page
    olga.press("Add a passkey")
    yield olga.page


WALKS = {"": of_strangers, CARL: of_carl, OLGA: of_olga}


@pytest.mark.parametrize("email", WALKS, ids=["strangers", "carl", "olga"])
class TestEveryPage:
    def test_is_open_to_everybody_in_both_themes_and_sizes(
        self, visitor: Enter, email: str
    ) -> None:
        walk = WALKS[email](visitor(email))

        wrong = [problem for page in walk for problem in looks_well(page)]

        assert wrong == [], "\n".join(wrong)
