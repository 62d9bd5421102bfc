"""Takes the pictures of docs/screens: `python -m tests.browser.screens`."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import tests.servers  # noqa: F401 starts PostgreSQL and Valkey before Django reads its settings

import django  # isort: skip

django.setup()

from playwright.sync_api import Browser  # noqa: E402

from tests.browser import chromium, scene  # noqa: E402
from tests.browser.stage import Stage  # noqa: E402

TARGET = Path(__file__).resolve().parents[2] / "docs" / "screens"
OLGA = "olga@utility.example"


def shoot(stage: Stage, browser: Browser, name: str, size: tuple[int, int], theme: str) -> None:
    """Take the overview, full length."""
    with chromium.opened(browser, size=size, theme=theme) as page:
        chromium.sign_in(page, stage.web.address, OLGA, scene.PASSWORDS[OLGA])
        chromium.settled(page)
        time.sleep(0.5)  # the bars move to their places
        page.screenshot(path=TARGET / f"overview-{name}-{theme}.png", full_page=True)


def main() -> None:
    """Take every picture."""
    TARGET.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="segs-screens-"))
    stage = Stage("segs_screens", folder)
    try:
        stage.lay(meters=5000, silent=9, high=3, minutes=180)
        stage.open()
        with chromium.launched() as browser:
            for theme in ("light", "dark"):
                shoot(stage, browser, "desktop", chromium.DESKTOP, theme)
                shoot(stage, browser, "phone", chromium.PHONE, theme)
    finally:
        stage.close()
        for log in folder.glob("*.log"):
            sys.stdout.write(f"{log.name}: {log.read_text()[-1500:]}\n")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
