"""Chromium from the system's packages, quiet and without a network of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import BrowserContext, Page, sync_playwright

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


@contextmanager
def opened(
    *, size: tuple[int, int] = DESKTOP, theme: str = "light", bypass_csp: bool = False
) -> Iterator[BrowserContext]:
    """Open a browser with a fresh profile."""
    with sync_playwright() as playwright, TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=PROGRAM,
            headless=True,
            args=FLAGS,
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            bypass_csp=bypass_csp,
            timezone_id="America/Lima",  # not the site's: the page must show the site's time
            locale="en-GB",
        )
        context.set_default_timeout(15_000)
        yield context
        context.close()


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    """Sign in by the form."""
    page.goto(f"{address}/sign-in/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
