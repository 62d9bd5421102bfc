"""Fixtures of the clerk's browser tests: Clara, and a month of use that waits to be billed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import bills, chromium
from tests.browser.stage import Stage


@dataclass
class Bills:
    """A page of the clerk."""

    page: Page
    address: str

    def open(self, path: str = "") -> "Bills":
        self.page.goto(f"{self.address}/billing/{path}")
        expect(self.page.locator("#link")).to_have_attribute("data-link", "live")
        return self

    def press(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).click()

    def part(self, name: str) -> Any:
        return self.page.locator(f"[data-swap={name}]")

    def violations(self) -> str:
        return chromium.violations(self.page)

    def width(self) -> int:
        return chromium.width(self.page)


@pytest.fixture(scope="module")
def office(stage: Stage) -> Stage:
    """The stage with Clara and two homes, of which nothing is known of the second."""

    stage.do(lambda: bills.lay_office(stage.grid))
    return stage


@pytest.fixture
def clerk(visit: Callable[..., Page], office: Stage) -> Callable[..., Bills]:
    """Open a page as Clara: `clerk("invoices/", theme="dark")`."""

    def sit(path: str = "", **options: Any) -> Bills:
        return Bills(visit(bills.CLARA, **options), office.web.address).open(path)

    return sit
