"""The whole way with every process: a reading is posted, and an operator's browser shows it."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page

from benchmarks.stack import Stack
from tests.browser import chromium
from tests.journeys import sending

OLGA, PASSWORD = "olga@utility.example", "secret-olga"
POWER_KW = 87.5
SHOWN_S = 150  # a whole minute must pass, and close
_OPERATOR = f"""
from accounts.models import User
User.objects.create_user({OLGA!r}, {PASSWORD!r}, role="operator")
"""


@pytest.fixture(autouse=True)
def _needs_chromium() -> None:
    if not chromium.PROGRAM.exists():
        message = f"{chromium.PROGRAM} is missing: install Debian's package chromium"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)


@pytest.fixture
def page(stack: Stack) -> Iterator[Page]:
    """Olga's browser, signed in, with relay and web running."""
    stack.run(_OPERATOR)
    stack.start("relay", "web")
    address = f"http://127.0.0.1:{stack.web_port}"
    stack.wait_until("the web answers", lambda: _answers(address), timeout_s=60)
    with chromium.launched() as browser, chromium.opened(browser) as page:
        chromium.sign_in(page, address, OLGA, PASSWORD)
        yield page


def _answers(address: str) -> bool:
    try:
        return sending.httpx.get(f"{address}/health", timeout=2).status_code == 200
    except sending.httpx.HTTPError:
        return False


@pytest.mark.browser
@pytest.mark.processes
class TestReading:
    def test_that_is_posted_is_seen_by_an_operator(self, stack: Stack, page: Page) -> None:
        ends = time.monotonic() + SHOWN_S
        shown = ""
        while "87.5" not in shown and time.monotonic() < ends:
            item = sending.reading(sending.LIGHTHOUSE, datetime.now(UTC), POWER_KW)
            answer = sending.post(stack, [item | {"region": sending.HARBOUR}])
            assert answer.status_code == 202, answer.text
            page.wait_for_timeout(5000)
            shown = page.locator("[data-part=figures] article", has_text="Harbour").inner_text()

        said = " ".join(shown.split())  # no-break spaces, too
        assert "87.5 kW of 1,000" in said
        assert "coverage 100 %" in said
        assert page.locator("#link").inner_text() == "Live"
