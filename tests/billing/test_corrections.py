"""Late energy on issued invoices: billed on the next one, at the price of its interval."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from billing.invoicing import Cycle
from billing.models import Invoice, InvoiceLine
from billing.rating.corrections import Booked, booked, difference
from billing.rating.lines import Component
from billing.selectors import corrections
from meters.models import QuarterWindow
from tests.billing.test_issuing import issue, void
from tests.billing.worlds import DYNAMIC, MAY_START, NOW, Home, home, prices, used

pytestmark = pytest.mark.django_db(transaction=True)
JUNE, JULY = Cycle(date(2026, 6, 1), date(2026, 7, 1)), Cycle(date(2026, 7, 1), date(2026, 8, 1))
LATER, LATEST = NOW + timedelta(days=30), NOW + timedelta(days=61)
UTC = ZoneInfo("UTC")


@pytest.fixture
def ours() -> Home:
    """Used 1 kWh at 0.40 and 1 kWh at 0.16 in May, with tax of 20 %."""
    made = home(definition=DYNAMIC | {"taxes": [{"name": "VAT", "pct": "20"}]})
    used(made.meter, [1, 1])
    prices(made.region, ["0.4", "0.16", "0.4", "0.4"])
    return made


def lines(invoice: Invoice) -> list[tuple[str, str]]:
    return [(line.label, str(line.amount)) for line in invoice.lines.all()]


def late(ours: Home, kwh: str = "5", place: int = 2, *, at: datetime = NOW) -> None:
    start = MAY_START + place * timedelta(minutes=15)
    used(ours.meter, [kwh], start=start, revised_at=at + timedelta(days=1))


class TestNextBill:
    def test_charges_late_energy_at_the_price_of_its_interval(self, ours):
        may = issue(ours)
        late(ours)

        june = issue(ours, cycle=JUNE, now=LATER)

        assert may.total == Decimal("0.67")  # 0.56 + 0.11
        assert lines(june)[2:] == [
            ("Energy, correction of INV-000001", "2.000"),
            ("VAT, correction of INV-000001", "0.400"),
        ]
        assert june.lines.get(place=2).components == [
            {
                "label": "by load, × 2",
                "quantity": "5.000000",
                "unit": "kWh",
                "price": "0.400000",
                "amount": "2.000000000000",
            }
        ]
        assert june.total == Decimal("2.400")

    def test_charges_it_once(self, ours):
        issue(ours)
        late(ours)
        issue(ours, cycle=JUNE, now=LATER)

        july = issue(ours, cycle=JULY, now=LATEST)

        assert july.total == 0

    def test_charges_what_came_still_later_beyond_the_first_correction(self, ours):
        issue(ours)
        late(ours)
        issue(ours, cycle=JUNE, now=LATER)
        late(ours, "3", place=3, at=LATER)

        july = issue(ours, cycle=JULY, now=LATEST)

        assert lines(july)[2:] == [
            ("Energy, correction of INV-000001", "1.200"),
            ("VAT, correction of INV-000001", "0.240"),
        ]

    def test_gives_back_what_was_read_too_high(self, ours):
        issue(ours)
        QuarterWindow.objects.filter(start=MAY_START).update(
            energy_mwh=0, revised_at=NOW + timedelta(days=1)
        )

        june = issue(ours, cycle=JUNE, now=LATER)

        assert june.total == Decimal("-0.480")

    def test_of_a_changed_plan_corrects_by_the_plan_that_was_billed(self, ours):
        issue(ours)
        late(ours)
        ours.agreement.plan.definition = {"energy": {"kind": "flat", "price": "99"}}
        ours.agreement.plan.save()

        june = issue(ours, cycle=JUNE, now=LATER)

        assert june.total == Decimal("2.400")

    def test_corrects_nothing_of_an_invoice_that_was_taken_back(self, ours):
        void(issue(ours))
        late(ours)

        again = issue(ours)
        june = issue(ours, cycle=JUNE, now=LATER)

        assert again.total == Decimal("3.070")  # 2.56 + 0.51
        assert june.total == 0
        assert not InvoiceLine.objects.exclude(corrects=None).exists()

    def test_of_a_void_bill_is_charged_by_the_one_in_its_place(self, ours):
        issue(ours)
        late(ours)
        june = issue(ours, cycle=JUNE, now=LATER)
        void(june, now=LATER)

        assert issue(ours, cycle=JUNE, now=LATER).total == june.total


class TestWorklist:
    def test_names_the_invoices_that_late_data_touched(self, ours):
        may = issue(ours)
        account = [ours.account.pk]

        assert corrections.late_invoices(account_ids=account) == []
        late(ours)

        assert corrections.late_invoices(account_ids=account) == [may]
        found = corrections.of_invoice(may, zone=UTC, now=LATER)
        assert [each.difference.amount for each in found] == [Decimal("2.00"), Decimal("0.40")]


class TestDifference:
    def test_of_equal_lines_is_none(self):
        one = Booked(Decimal("1.00"), [Component("a", Decimal(2), "kWh", Decimal("0.5"))])

        assert difference(now=one, before=one) is None

    def test_shows_what_rounding_leaves_open(self):
        price = Decimal("0.333333")
        before = Booked(Decimal("0.33"), [Component("a", Decimal(1), "kWh", price)])
        now = Booked(Decimal("0.67"), [Component("a", Decimal(2), "kWh", price)])

        found = difference(now=now, before=before)

        assert (found.amount, found.exact) == (Decimal("0.34"), Decimal("0.333333"))
        assert found.exact + found.rounding == found.amount

    def test_is_held_against_the_line_with_all_its_corrections(self):
        first = Booked(Decimal(1), [Component("a", Decimal(2), "kWh", Decimal("0.5"))])
        second = Booked(Decimal(-1), [Component("a", Decimal(-2), "kWh", Decimal("0.5"))])

        assert booked([first, second]) == Booked(Decimal(0), [])
