"""Fixtures of the browser tests: a running console and pages that look at it."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.stage import Stage

OLGA, CARL = "olga@utility.example", "carl@home.example"


@pytest.fixture(scope="session", autouse=True)
def _needs_chromium() -> None:
    if chromium.PROGRAM.exists():
        return
    message = f"{chromium.PROGRAM} is missing: install Debian's package chromium"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="module")
def stage(django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A console with 400 meters, 3 of them silent and 2 highly loaded, and an hour of loads."""
    with django_db_blocker.unblock():
        stage = Stage("test_segs_console", tmp_path_factory.mktemp("console"))
        try:
            stage.lay(meters=400, silent=3, high=2, minutes=60)
            stage.open()
            yield stage
        finally:
            stage.close()


@pytest.fixture(scope="module")
def browser(stage: Stage) -> Iterator[Browser]:
    """One browser, closed before the stage is."""
    with chromium.launched() as browser:
        yield browser


@pytest.fixture
def complaints() -> list[str]:
    """What the pages of this test complained of: errors and breaches of the policy."""
    return []


@pytest.fixture
def visit(browser: Browser, stage: Stage, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """Open a page as somebody: `visit(OLGA, theme="dark")`."""
    with ExitStack() as stack:

        def open_as(email: str = "", **options: Any) -> Page:
            page = stack.enter_context(chromium.opened(browser, **options))
            page.on(
                "console",
                lambda message: message.type == "error" and complaints.append(message.text),
            )
            page.on("pageerror", lambda error: complaints.append(str(error)))
            if email:
                cookie = {"name": settings.SESSION_COOKIE_NAME, "value": stage.session_of(email)}
                page.context.add_cookies([cookie | {"url": stage.web.address}])
                page.goto(stage.web.address)
            return page

        yield open_as


@pytest.fixture
def overview(visit: Callable[..., Page]) -> Page:
    """Olga's overview, live."""
    page = visit(OLGA)
    chromium.settled(page)
    return page
