"""Takes the pictures of docs/screens: `python -m tests.browser.screens`."""

import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import tests.servers  # noqa: F401 starts PostgreSQL and Valkey before Django reads its settings

import django  # isort: skip

django.setup()

from playwright.sync_api import Browser, Page  # noqa: E402

from grid.models import Region  # noqa: E402
from meters.models import Finding  # noqa: E402
from segs_site.lib.manners import site_zone  # noqa: E402
from segs_site.lib.periods import MINUTE, QUARTER, floor  # noqa: E402
from tariffs.models import PricingPolicy  # noqa: E402
from tariffs.services import deciding, policies  # noqa: E402
from tests.browser import alarms, bills, chromium, days, expected, homescreens, scene  # noqa: E402
from tests.browser.stage import Stage  # noqa: E402

TARGET = Path(__file__).resolve().parents[2] / "docs" / "screens"
SLOTS = 11  # that lie in the minutes laid
OLGA, METER = "olga@utility.example", "MTR-00000007"


def shoot(stage: Stage, browser: Browser, name: str, size: tuple[int, int], theme: str) -> None:
    """Take the overview and the tariff page, full length."""
    with chromium.opened(browser, size=size, theme=theme) as page:
        chromium.sign_in(page, stage.web.address, OLGA, scene.PASSWORDS[OLGA])
        chromium.settled(page)
        time.sleep(0.5)  # the bars move to their places
        page.screenshot(path=TARGET / f"overview-{name}-{theme}.png", full_page=True)
        page.goto(f"{stage.web.address}/tariffs/")
        page.locator("[data-panel=forecast][data-state=ready] canvas").last.wait_for()
        page.locator("#link[data-link=live]").wait_for()
        time.sleep(0.5)
        page.screenshot(path=TARGET / f"tariffs-{name}-{theme}.png", full_page=True)
        shoot_alerts(stage, page, f"{name}-{theme}")
        shoot_meters(stage, page, f"{name}-{theme}")


def shoot_alerts(stage: Stage, page: Page, name: str) -> None:
    """Take the alarm desk with its causes folded, one unfolded and opened, and how it does."""
    page.goto(f"{stage.web.address}/alerts/")
    page.locator("#link[data-link=live]").wait_for()
    page.screenshot(path=TARGET / f"alerts-{name}.png", full_page=True)
    page.locator("[data-fold]").first.click()
    page.locator("[data-child]").first.wait_for()
    page.locator("[data-open]").first.click()
    page.locator(".one").wait_for()
    page.screenshot(path=TARGET / f"alert-{name}.png")
    page.goto(f"{stage.web.address}/alerts/performance/?period=24")
    page.locator("#link[data-link=live]").wait_for()
    page.screenshot(path=TARGET / f"performance-{name}.png", full_page=True)


def shoot_meters(stage: Stage, page: Page, name: str) -> None:
    """Take the list of meters, the quarantine, a finding, and one meter's day with a gap."""
    for picture, path in (
        ("meters", ""),
        ("quarantine", "quarantine/"),
        ("validation", "validation/"),
        ("finding", f"validation/{stage.do(lambda: Finding.objects.latest('pk').pk)}/"),
    ):
        page.goto(f"{stage.web.address}/meters/{path}")
        page.locator("#link[data-link=live]").wait_for()
        page.screenshot(path=TARGET / f"{picture}-{name}.png")
    yesterday = datetime.now(site_zone()).date() - timedelta(days=1)
    page.goto(f"{stage.web.address}/meters/?serial={METER}")
    page.goto(f"{page.url}?day={yesterday}")
    page.locator("[data-panel=day][data-state=ready] canvas").last.wait_for()
    page.screenshot(path=TARGET / f"meter-{name}.png", full_page=True)


def shoot_bills(
    stage: Stage,
    browser: Browser,
    name: str,
    size: tuple[int, int],
    theme: str,
    run: int,
    invoice: int,
) -> None:
    """Take a bill run and an invoice, as the clerk sees them."""
    with chromium.opened(browser, size=size, theme=theme) as page:
        chromium.sign_in(page, stage.web.address, bills.CLARA, bills.PASSWORD)
        for picture, path in (
            ("run", f"runs/{run}/"),
            ("invoice", f"invoices/{invoice}/"),
            ("bank", "bank/"),
            ("receivables", "receivables/"),
            ("deliveries", "deliveries/"),
        ):
            page.goto(f"{stage.web.address}/billing/{path}")
            page.locator("#link[data-link=live]").wait_for()
            page.screenshot(path=TARGET / f"{picture}-{name}-{theme}.png", full_page=True)


def price() -> None:
    """Lay a policy, three hours of prices and every region's forecasts."""
    now = datetime.now(UTC)
    policy = PricingPolicy(
        effective_from=now - timedelta(days=40), currency="EUR", base_price=Decimal("0.2")
    )
    policies.adopt(policy=policy, by="ada@utility.example", now=now)
    for ahead in range(-SLOTS, 2):  # each slot when it is due, and the next one
        deciding.decide_due(now=floor(now, QUARTER) + ahead * QUARTER - MINUTE)
    for region in Region.objects.all():
        expected.lay(region, hours=28 * 24, now=now)


def main() -> None:
    """Take every picture."""
    TARGET.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="segs-screens-"))
    stage = Stage("segs_screens", folder)
    try:
        stage.lay(meters=5000, silent=9, high=3, minutes=180)
        stage.do(price)
        stage.do(alarms.lay_shift)
        stage.do(lambda: days.lay_month(METER, now=datetime.now(UTC)))
        stage.do(lambda: days.find(METER, now=datetime.now(UTC)))
        run, invoice = stage.do(lambda: bills.lay_month(stage.grid))
        stage.open()
        with chromium.launched() as browser:
            for theme in ("light", "dark"):
                for name, size in (("desktop", chromium.DESKTOP), ("phone", chromium.PHONE)):
                    shoot(stage, browser, name, size, theme)
                    shoot_bills(stage, browser, name, size, theme, run, invoice)
    finally:
        stage.close()
        for log in folder.glob("*.log"):
            sys.stdout.write(f"{log.name}: {log.read_text()[-1500:]}\n")
        shutil.rmtree(folder, ignore_errors=True)
    homescreens.take()


if __name__ == "__main__":
    main()
