"""Fixtures of the clerk's browser tests: Clara, and a month of use that waits to be billed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.choices import UserRole
from accounts.models import Customer, CustomerAccount, ServiceAgreement, User
from billing.services import running
from meters.models import Meter, MeterInstallation
from segs_site.lib.periods import Period, local_day
from tariffs.models import RatePlan
from tests.billing.worlds import used
from tests.browser.stage import Stage

CLARA = "clara@utility.example"
PLAN = {"energy": {"kind": "flat", "price": "0.25"}, "taxes": [{"name": "VAT", "pct": "20"}]}
QUARTERS_A_DAY = 96


def last_month() -> Period:
    """The month that is over, by the site's days."""
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    first = datetime.now(UTC).astimezone(zone).date().replace(day=1)
    start = (first - timedelta(days=1)).replace(day=1)
    return Period(local_day(start, zone).start, local_day(first, zone).start)


def month_word() -> str:
    """The same as the form writes it."""
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    return f"{last_month().start.astimezone(zone):%Y-%m}"


def settle_in(meter: Meter, name: str, *, kwh: str | None) -> None:
    """Give a meter an account, and last month's use unless nothing of it is known."""
    month = last_month()
    installed = MeterInstallation.objects.select_related("service_point").get(meter=meter)
    MeterInstallation.objects.filter(pk=installed.pk).update(during=(month.start, None))
    customer = Customer.objects.create(code=f"USR-{name}", name=f"Customer {name}")
    account = CustomerAccount.objects.create(number=f"ACC-{name}", customer=customer)
    plan, _ = RatePlan.objects.get_or_create(
        code="flat", defaults={"name": "Flat", "currency": "EUR", "definition": PLAN}
    )
    ServiceAgreement.objects.create(
        account=account, service_point=installed.service_point, plan=plan,
        during=(month.start, None),
    )  # fmt: skip
    if kwh is not None:
        count = (month.end - month.start) // timedelta(minutes=15)
        used(meter, [kwh] * count, start=month.start)


def work() -> None:
    """Do what workers do."""
    while running.work_due(now=datetime.now(UTC)):
        pass


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
        found = Axe().run(self.page)
        return found.generate_report() if found.violations_count else ""

    def width(self) -> int:
        return int(self.page.evaluate("() => document.documentElement.scrollWidth"))


@pytest.fixture(scope="module")
def office(stage: Stage) -> Stage:
    """The stage with Clara and two homes, of which nothing is known of the second."""

    def lay() -> None:
        User.objects.create_user(CLARA, "secret", role=UserRole.CLERK)
        first, second = stage.grid.meters[:2]
        settle_in(first, "A", kwh="0.1")
        settle_in(second, "B", kwh=None)

    stage.do(lay)
    return stage


@pytest.fixture
def clerk(visit: Callable[..., Page], office: Stage) -> Callable[..., Bills]:
    """Open a page as Clara: `clerk("invoices/", theme="dark")`."""

    def sit(path: str = "", **options: Any) -> Bills:
        return Bills(visit(CLARA, **options), office.web.address).open(path)

    return sit
