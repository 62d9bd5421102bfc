"""How the clerk's pages look, what a void does, and what stays while accounts come in."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from billing.models import BillRun, Invoice, Turn
from tests.browser import bills, chromium
from tests.browser.billing.conftest import Bills
from tests.browser.conftest import OLGA
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser


def hold_one() -> BillRun:
    """Leave a run half done: ACC-B is held, ACC-A waits."""
    run = bills.request()
    bills.work()
    waiting = Turn.objects.get(run=run, account__number="ACC-A")
    Turn.objects.filter(pk=waiting.pk).update(state="waiting")
    BillRun.objects.filter(pk=run.pk).update(state="running", finished_at=None)
    return run


@pytest.fixture
def issued(office: Stage) -> Invoice:
    """An invoice of ACC-A."""

    def bill() -> Invoice:
        run = bills.request()
        bills.work()
        return bills.issue(run, "ACC-A")

    return office.do(bill)


def paths(office: Stage, invoice: Invoice) -> list[str]:
    """Every page of the clerk."""
    run = office.do(lambda: BillRun.objects.latest("pk")).pk
    one = f"invoices/{invoice.pk}/"
    return ["", f"runs/{run}/", f"runs/{run}/?resolved=1", "invoices/", one, f"{one}lines/0/"]


class TestVoid:
    def test_gives_everything_back_and_frees_the_period(
        self, clerk: Callable[..., Bills], office: Stage, issued: Invoice
    ) -> None:
        clara = clerk(f"invoices/{issued.pk}/")
        clara.page.get_by_text("Make it void by a credit note").click()
        clara.page.get_by_label("Reason").fill("wrong plan")

        clara.press("Credit all of it")

        expect(clara.page.locator("#state")).to_have_text("void")
        expect(clara.page.get_by_text("Reason: wrong plan")).to_be_visible()


class TestAReason:
    def test_stays_beside_its_account_while_others_come_in(
        self, clerk: Callable[..., Bills], office: Stage
    ) -> None:
        run = office.do(hold_one)
        clara = clerk(f"runs/{run.pk}/")
        reason = clara.part("queue").get_by_label("Reason to let ACC-B be")
        reason.fill("the meter burnt")

        office.do(bills.work)

        expect(clara.part("progress")).to_contain_text("0 of 2 accounts are left to do")
        expect(reason).to_have_value("the meter burnt")


class TestLook:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_is_open_to_everybody(
        self,
        clerk: Callable[..., Bills],
        issued: Invoice,
        office: Stage,
        theme: str,
        complaints: list[str],
    ) -> None:
        office.do(lambda: bills.park("ACC-B"))
        clara = clerk(theme=theme)

        for path in paths(office, issued):
            assert clara.open(path).violations() == "", path

        assert complaints == []

    def test_fits_a_phone(
        self, clerk: Callable[..., Bills], issued: Invoice, office: Stage
    ) -> None:
        clara = clerk(size=chromium.PHONE)

        wide = {path: clara.open(path).width() for path in paths(office, issued)}

        assert max(wide.values()) <= chromium.PHONE[0], wide

    def test_is_not_olgas_to_see(self, visit: Callable[..., Page], office: Stage) -> None:
        page = visit(OLGA)

        page.goto(f"{office.web.address}/billing/")

        expect(page.get_by_role("heading", level=1)).to_have_text("No access")
