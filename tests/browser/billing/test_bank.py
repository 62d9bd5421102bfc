"""The clerk works a bank's file off in a real browser: by keyboard, on a phone, for everybody."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from billing.choices import InvoiceState
from billing.models import Invoice
from billing.selectors import standing
from tests.billing.statements.files import payment, statement
from tests.browser import bills, chromium
from tests.browser.billing.conftest import Bills
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
PAGES = ("bank/", "bank/?state=booked", "receivables/", "deliveries/")


@pytest.fixture
def issued(office: Stage) -> Invoice:
    """An invoice of ACC-A."""

    def bill() -> Invoice:
        run = bills.request()
        bills.work()
        return bills.issue(run, "ACC-A")

    return office.do(bill)


class TestTheWorklist:
    def test_is_worked_off_by_keyboard_alone(
        self, clerk: Callable[..., Bills], office: Stage, issued: Invoice, tmp_path: Path,
        complaints: list[str],
    ) -> None:  # fmt: skip
        file = tmp_path / "bank.xml"
        amount = f"{issued.total:.2f}"
        file.write_bytes(
            statement([payment(amount, "thanks"), payment("7.00", "rent", ref="B-2")])
        )
        clara = clerk("bank/")
        page = clara.page

        page.get_by_label("File of the bank").set_input_files(file)
        clara.press("Preview")
        expect(page.locator("#preview")).to_contain_text("it names no invoice and no account")
        page.get_by_label("File of the bank").set_input_files(file)
        clara.press("Take it in")
        expect(page.get_by_role("status")).to_contain_text("2 new entries")
        office.do(bills.match)

        clara.open("bank/")
        self.type_into(clara, f"Invoice or account that {amount}", str(issued.number))
        expect(page.get_by_role("status")).to_contain_text(f"{amount} EUR is booked.")
        assert office.do(lambda: standing.state_of(issued)) == InvoiceState.PAID
        self.type_into(clara, "Reason to let 7.00", "rent of the hall")
        expect(page.locator("#entries")).to_contain_text("Nothing waits for you.")

        clara.open("bank/?state=booked")
        self.type_into(clara, f"Reason to undo {amount}", "is another's")
        expect(page.locator("#entries")).to_contain_text("taken back by hand")
        assert office.do(lambda: standing.state_of(issued)) == InvoiceState.ISSUED
        self.looks_well(clara)
        assert complaints == []

    @staticmethod
    def type_into(clara: Bills, label: str, words: str) -> None:
        """Tab to a field, write and press Enter: no mouse."""
        field = clara.page.get_by_label(label)
        for _ in range(80):
            if field.evaluate("element => element === document.activeElement"):
                break
            clara.page.keyboard.press("Tab")
        expect(field).to_be_focused()
        clara.page.keyboard.type(words)
        with clara.page.expect_navigation():
            clara.page.keyboard.press("Enter")

    @staticmethod
    def looks_well(clara: Bills) -> None:
        """Axe finds nothing, and nothing scrolls sideways on a phone."""
        for size in (chromium.DESKTOP, chromium.PHONE):
            clara.page.set_viewport_size({"width": size[0], "height": size[1]})
            for path in PAGES:
                clara.open(path)
                assert clara.violations() == "", path
                assert clara.width() <= size[0], path
