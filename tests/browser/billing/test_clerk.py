"""The clerk in a real browser: a month from the dry run to a payment and an answered dispute."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from billing.choices import InvoiceState
from billing.models import BillRun, Invoice
from billing.selectors import standing
from tests.browser.billing.conftest import Bills
from tests.browser.bills import last_month, month_word, work
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser


def total_of_a() -> str:
    """What 0.1 kWh a quarter-hour costs at 0.25 and 20 % tax."""
    quarters = (last_month().end - last_month().start).total_seconds() / 900
    energy = (Decimal(int(quarters)) * Decimal("0.1") * Decimal("0.25")).quantize(Decimal("0.01"))
    return str(energy + (energy * Decimal("0.2")).quantize(Decimal("0.01")))


def newest_run(stage: Stage) -> BillRun:
    return stage.do(lambda: BillRun.objects.latest("pk"))


def state_of(stage: Stage, invoice: Invoice) -> InvoiceState:
    return stage.do(lambda: standing.state_of(invoice))


def invoice_of_a(stage: Stage) -> Invoice:
    return stage.do(lambda: Invoice.objects.live().get(account__number="ACC-A"))


class TestAMonth:
    def test_goes_from_dry_run_to_payment_and_dispute(
        self, clerk: Callable[..., Bills], office: Stage, complaints: list[str]
    ) -> None:
        clara = clerk()
        page = clara.page

        # A dry run writes nothing and shows what would be held.
        expect(page.get_by_label("Month")).to_have_value(month_word())
        expect(page.get_by_label("Dry run")).to_be_checked()
        clara.press("Start the run")
        expect(clara.part("progress")).to_contain_text("waiting for a worker")
        office.do(work)
        expect(clara.part("progress")).to_contain_text("0 of 2 accounts are left to do")
        expect(clara.part("queue")).to_contain_text("ACC-B")
        expect(clara.part("queue")).to_contain_text("a dry run holds nothing")
        expect(clara.part("accounts")).to_contain_text(total_of_a())
        assert clara.violations() == ""
        assert office.do(Invoice.objects.count) == 0

        # The real run holds the same account until it is resolved with a reason.
        clara.press("Run it for real")
        office.do(work)
        expect(clara.part("queue").get_by_role("button", name="Resolve")).to_be_visible()
        assert not newest_run(office).is_dry
        clara.part("queue").get_by_label("Reason to let ACC-B be").fill("the meter burnt")
        clara.press("Resolve")
        expect(page.get_by_role("status")).to_contain_text("ACC-B is resolved.")
        assert clara.violations() == ""

        # Approved, both are issued while the page looks on.
        clara.press("Approve and issue 2 accounts")
        expect(clara.part("progress")).to_contain_text("2 of 2 accounts are left to do")
        office.do(work)
        expect(clara.part("progress")).to_contain_text("0 of 2 accounts are left to do")
        expect(clara.part("accounts")).to_contain_text("INV-000001")
        expect(clara.part("accounts")).to_contain_text("INV-000002")

        self.explains_itself(clara)
        self.is_paid_in_parts(clara, office)
        self.is_disputed_and_answered(clara, office)

        (refused,) = complaints  # the payment finer than a cent, and nothing else
        assert "status of 422" in refused

    def explains_itself(self, clara: Bills) -> None:
        with clara.page.expect_navigation():
            clara.part("accounts").get_by_role("link", name="INV-00000").first.click()
        expect(clara.page.locator("#state")).to_have_text("issued")
        clara.page.get_by_text("intervals of").first.click()
        days = clara.page.locator("[data-part=intervals]").first
        expect(days.locator("tbody tr")).to_have_count(96)
        days.get_by_role("link", name=f"{month_word()}-09").click()
        expect(days.locator("caption")).to_contain_text(f"{month_word()}-09 as billed")
        assert clara.violations() == ""

    def is_paid_in_parts(self, clara: Bills, office: Stage) -> None:
        page, invoice = clara.page, invoice_of_a(office)
        page.get_by_label("Amount").fill("10.001")
        page.get_by_label("Reference").fill("BANK-1")
        clara.press("Book the payment")
        expect(page.locator(".field-error")).to_contain_text("That is no amount of EUR")
        page.get_by_label("Amount").fill("10")
        clara.press("Book the payment")
        assert state_of(office, invoice) == InvoiceState.PART_PAID
        page.get_by_label("Reference").fill("BANK-2")  # what is open stands there already
        clara.press("Book the payment")
        expect(page.locator("#state")).to_have_text("paid")
        expect(page.locator("#open")).to_contain_text("0.00")

    def is_disputed_and_answered(self, clara: Bills, office: Stage) -> None:
        page, invoice = clara.page, invoice_of_a(office)
        page.get_by_text("Open a dispute").click()
        page.get_by_label("What is objected to").fill("I was away")
        clara.press("Open the dispute")
        expect(page.locator("#state")).to_contain_text("disputed")
        assert clara.violations() == ""
        clara.press("Take it up")
        expect(page.locator("#disputes")).to_contain_text("under review")
        page.get_by_label("Outcome").select_option(label="the bill stands")
        page.get_by_label("Answer").fill("It was read twice.")
        clara.press("Close the dispute")
        expect(page.locator("#disputes")).to_contain_text("rejected: I was away")
        assert state_of(office, invoice) == InvoiceState.PAID
