"""Takes the customer's pictures of docs/screens: `python -m tests.browser.homescreens`."""

import shutil
import tempfile
from pathlib import Path

import tests.servers  # noqa: F401 starts PostgreSQL and Valkey before Django reads its settings

import django  # isort: skip

django.setup()

from django.conf import settings  # noqa: E402
from playwright.sync_api import Browser  # noqa: E402

from tests.browser import chromium, homes  # noqa: E402
from tests.browser.stage import Stage  # noqa: E402

TARGET = Path(__file__).resolve().parents[2] / "docs" / "screens"
SIZES = {"desktop": chromium.DESKTOP, "phone": chromium.PHONE}


def shoot(stage: Stage, browser: Browser, name: str, theme: str, bill: int) -> None:
    """Take every page of the portal, full length, as Carl sees them."""
    pages = {
        "home": "home/",
        "usage": "usage/",
        "prices": "prices/",
        "bills": "bills/",
        "bill": f"bills/{bill}/",
        "compare": "compare/",
        "own-data": "account/data/",
        "close": "account/close/",
    }
    with chromium.opened(browser, size=SIZES[name], theme=theme) as page:
        cookie = {
            "name": settings.SESSION_COOKIE_NAME,
            "value": stage.session_of(homes.CARL),
            "url": stage.web.address,
        }
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        for picture, path in pages.items():
            page.goto(f"{stage.web.address}/{path}")
            page.screenshot(path=TARGET / f"{picture}-{name}-{theme}.png", full_page=True)


def take() -> None:
    """Lay a household on a stage of its own and take its pictures."""
    TARGET.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="segs-screens-"))
    stage = Stage("segs_homescreens", folder)
    try:
        stage.lay(meters=40, silent=0, high=0, minutes=5)
        bill = stage.do(lambda: homes.lay(stage.grid).bills[-1].pk)
        stage.open()
        with chromium.launched() as browser:
            for theme in ("light", "dark"):
                for name in SIZES:
                    shoot(stage, browser, name, theme, bill)
    finally:
        stage.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    take()
