"""Chromium from the system's packages, quiet and without a network of its own."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

PROGRAM = Path(os.environ.get("SEGS_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = (1440, 1000)
PHONE = (390, 844)
PATIENCE_S = 20.0


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a browser with an empty profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, *, size: tuple[int, int] = DESKTOP, theme: str = "light"
) -> Iterator[Page]:
    """Open a page that shares nothing with another."""
    context: BrowserContext = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        timezone_id="America/Lima",  # not the site's: the page must show the site's time
        locale="en-GB",
    )
    context.set_default_timeout(PATIENCE_S * 1000)
    yield context.new_page()
    context.close()


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    """Sign in by the form and wait for the page that follows."""
    page.goto(f"{address}/sign-in/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


def until(ask: Callable[[], Any], what: str, *, patience_s: float = PATIENCE_S) -> Any:
    """Ask until the answer is true; Playwright's own way to wait is refused by our policy."""
    deadline = time.monotonic() + patience_s
    while not (answer := ask()):
        if time.monotonic() > deadline:
            message = f"waited {patience_s:.0f} s in vain: {what}"
            raise AssertionError(message)
        time.sleep(0.1)
    return answer


def violations(page: Page) -> str:
    """Return what axe finds wrong with a page; empty when nothing is."""
    found = Axe().run(page)
    return found.generate_report() if found.violations_count else ""


def width(page: Page) -> int:
    """Return how wide the page's content is, in pixels."""
    return int(page.evaluate("() => document.documentElement.scrollWidth"))


def ask_again(page: Page, pattern: str, panel: Locator) -> None:
    """Press "Try again" of a panel that failed, and let it be answered from then on.

    What is asked meanwhile waits: a panel that recovers by itself would take its button away.
    """
    page.route(pattern, lambda _route: None)
    with page.expect_request(pattern):
        panel.get_by_role("button", name="Try again").click()
    page.unroute(pattern)  # which lets go on what waits


def settled(page: Page) -> None:
    """Wait until the overview is live, the map has its states and the chart its lines."""
    script = """() => document.querySelector("#link")?.dataset.link === "live"
      && ["map", "lines", "figures", "twin"].every((name) =>
           document.querySelector(`[data-panel=${name}]`).dataset.state === "ready")
      && document.querySelector(".legend b").textContent !== "–" """
    until(lambda: page.evaluate(script), "a live overview")
