"""Takes the pictures of docs/screens: `python -m tests.browser.screens`."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import tests.servers  # noqa: F401 starts PostgreSQL and Valkey before Django reads its settings

import django  # isort: skip

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from playwright.sync_api import Page  # noqa: E402

from tests.browser import chromium, scene  # noqa: E402
from tests.browser.stage import Stage  # noqa: E402

TARGET = Path(__file__).resolve().parents[2] / "docs" / "screens"
DATABASE = "segs_screens"
OLGA = "olga@utility.example"


def make_database() -> None:
    """Make the database with every table."""
    scene.use_database("postgres")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    scene.use_database(DATABASE)
    call_command("migrate", verbosity=0)
    connection.close()


def settle(page: Page) -> None:
    """Wait until the map has its states and the chart its lines."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        ready = page.evaluate(
            """() => ["map", "lines", "figures"].every((name) =>
                 document.querySelector(`[data-panel=${name}]`)?.dataset.state === "ready")
                 && document.querySelector("#link").dataset.link === "live"
                 && document.querySelector(".legend b").textContent !== "–" """
        )
        if ready:
            break
        time.sleep(0.2)
    time.sleep(0.7)


def shoot(stage: Stage, name: str, *, size: tuple[int, int], theme: str) -> None:
    """Take the overview and, once, the sign-in."""
    with chromium.opened(size=size, theme=theme) as browser:
        page = browser.pages[0]
        page.goto(f"{stage.web.address}/sign-in/")
        if theme == "light":
            page.screenshot(path=TARGET / f"sign-in-{name}.png")
        chromium.sign_in(page, stage.web.address, OLGA, scene.PASSWORDS[OLGA])
        settle(page)
        page.screenshot(path=TARGET / f"overview-{name}-{theme}.png", full_page=True)


def main() -> None:
    """Take every picture."""
    TARGET.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="segs-screens-"))
    make_database()
    stage = Stage(DATABASE, folder)
    try:
        stage.lay(meters=5000, silent=9, high=3, minutes=180)
        stage.open()
        for theme in ("light", "dark"):
            shoot(stage, "desktop", size=chromium.DESKTOP, theme=theme)
            shoot(stage, "phone", size=chromium.PHONE, theme=theme)
    finally:
        stage.close()
        for log in folder.glob("*.log"):
            sys.stdout.write(f"{log.name}: {log.read_text()[-1500:]}\n")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
