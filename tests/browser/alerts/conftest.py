"""Fixtures of the alarm desk's browser tests: two operators, and a desk that begins empty."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.choices import UserRole
from accounts.models import User
from tests.browser import alarms
from tests.browser.conftest import OLGA
from tests.browser.stage import Stage

OSCAR = "oscar@utility.example"


@dataclass
class Desk:
    """A page that shows the desk."""

    page: Page
    address: str

    def open(self, query: str = "") -> "Desk":
        self.page.goto(f"{self.address}/alerts/{query}")
        expect(self.page.locator("#link")).to_have_attribute("data-link", "live")
        return self

    @property
    def rows(self) -> Locator:
        return self.page.locator("tbody[data-key]")

    def row(self, words: str) -> Locator:
        return self.rows.filter(has_text=words)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def count(self, tab: str) -> str:
        return self.page.get_by_role("link", name=tab).locator(".tab-count").inner_text()

    def at_hand(self) -> str:
        """What the focused row says is wrong."""
        focused = self.page.locator("tbody[data-key] [data-open]:focus")
        return focused.inner_text() if focused.count() else ""


@pytest.fixture(scope="module")
def staffed(stage: Stage) -> Stage:
    """The stage with a second operator."""
    stage.do(lambda: User.objects.create_user(OSCAR, "secret", role=UserRole.OPERATOR))
    return stage


@pytest.fixture
def seat(visit: Callable[..., Page], staffed: Stage) -> Iterator[Callable[..., Desk]]:
    """Seat an operator at the desk: `seat(OSCAR, "?tab=shelved", theme="dark")`."""

    def sit(email: str = OLGA, query: str = "", **options: Any) -> Desk:
        return Desk(visit(email, **options), staffed.web.address).open(query)

    yield sit
    staffed.do(alarms.sweep_away)
