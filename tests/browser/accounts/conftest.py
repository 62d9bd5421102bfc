"""The pages of people in a browser: opened under the name that passkeys are made for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from accounts.models import Attempts, Passkey, Preferences, RecoveryCode, Totp, User
from tests.browser import chromium, scene
from tests.browser.accounts.visitor import Visitor
from tests.browser.stage import Stage


@pytest.fixture(scope="package")
def stage(django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The web process alone; people of the utility need a second factor, Carl does not."""
    with django_db_blocker.unblock():
        stage = Stage(
            "test_segs_people", tmp_path_factory.mktemp("people"), SEGS_REQUIRE_SECOND_FACTOR="1"
        )
        try:
            stage.lay(meters=8, silent=0, high=0, minutes=0)
            stage.web.start()
            yield stage
        finally:
            stage.close()


@pytest.fixture(scope="package")
def browser(stage: Stage) -> Iterator[Browser]:
    """One browser, closed before the stage is."""
    with chromium.launched() as browser:
        yield browser


@pytest.fixture
def visitor(
    browser: Browser, stage: Stage, complaints: list[str]
) -> Iterator[Callable[..., Visitor]]:
    """Somebody with a browser of his own: `visitor(CARL, theme="dark")`; nothing may complain."""
    with ExitStack() as stack:

        def enter(email: str, **options: Any) -> Visitor:
            page = stack.enter_context(chromium.opened(browser, **options))
            listen(page, complaints)
            return Visitor(page, stage, email)

        yield enter
    stage.do(lambda: _forget_all())
    assert complaints == []


def listen(page: Page, complaints: list[str]) -> None:
    """Note errors and breaches of the policy; a page that says 4xx in words is none."""

    def heard(message: ConsoleMessage) -> None:
        is_refusal = "the server responded with a status of 4" in message.text
        if message.type in ("error", "warning") and not is_refusal:
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))


def _forget_all() -> None:
    for model in (Attempts, Passkey, Preferences, RecoveryCode, Totp):
        model.objects.all().delete()
    for email, password in scene.PASSWORDS.items():
        user = User.objects.get(email=email)
        if not user.check_password(password):
            user.set_password(password)
            user.save()
