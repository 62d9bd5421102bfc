"""Bills at the edges: what is stored, what goes on without a failed account, what adds up."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.choices import TurnState
from billing.models import BillException, Correction, Invoice
from billing.selectors import invoices
from billing.services import approving, correcting
from meters.models import QuarterWindow
from segs_site.lib.quantities import exact_kwh
from tests.billing.test_corrections import JUNE, LATER
from tests.billing.test_issuing import issue
from tests.billing.test_running import billed, request, states, work
from tests.billing.worlds import CLERK, DYNAMIC, MAY_START, NOW, home, prices, used

pytestmark = pytest.mark.django_db(transaction=True)
QUARTER = timedelta(minutes=15)


class TestWhatIsStored:
    def test_is_exact_for_the_largest_energy_at_the_largest_price(self) -> None:
        kwh, price = Decimal("999999999.999999"), Decimal("999.999999")
        ours = home(definition={"energy": {"kind": "flat", "price": str(price)}})
        used(ours.meter, [str(kwh)])

        made = issue(ours)

        stored = Invoice.objects.get(pk=made.pk)
        line = stored.lines.get()
        assert exact_kwh(stored.energy_mwh) == kwh
        assert line.exact == Decimal("999999998999.999000000001")
        assert stored.total == line.amount == Decimal("999999999000.00")
        assert line.exact + line.rounding == line.amount
        (interval,) = invoices.intervals(line)
        assert (interval.energy_kwh, interval.amount) == (kwh, line.exact)

    def test_of_a_negative_price_for_one_quarter_hour_is_given_back(self) -> None:
        ours = home(definition=DYNAMIC)
        used(ours.meter, [1, 2])
        prices(ours.region, ["0.2", "-0.35"])

        line = issue(ours).lines.get()

        assert line.amount == Decimal("-0.500")
        assert [each.amount for each in invoices.intervals(line)] == [
            Decimal("0.2"), Decimal("-0.7"),
        ]  # fmt: skip

    def test_of_no_usage_is_an_invoice_over_nothing(self) -> None:
        ours = home(definition=DYNAMIC)
        used(ours.meter, [0, 0])

        made = issue(ours)

        assert (made.number, made.total, made.energy_mwh) == ("INV-000001", 0, 0)


class TestAFailure:
    def test_of_one_account_leaves_the_others_issued(self) -> None:
        billed("A")
        billed("B", definition={"energy": {"kind": "no such kind"}})
        billed("C")
        run = request()
        work()
        for found in BillException.objects.exclude(turn__account__number="ACC-B"):
            approving.resolve(exception=found, note="seen", by=CLERK, now=NOW)

        approving.approve(run=run, by=CLERK)
        work()

        assert states(run) == {
            "ACC-A": TurnState.ISSUED, "ACC-B": TurnState.HELD, "ACC-C": TurnState.ISSUED,
        }  # fmt: skip
        numbers = Invoice.objects.issued().order_by("number").values_list("number", flat=True)
        assert list(numbers) == ["INV-000001", "INV-000002"]


class TestWhatIsBilled:
    def test_is_what_is_metered_less_what_the_clerk_let_be(self) -> None:
        """To the watt-hour and below: intervals of invoices and of what was rejected."""
        ours = home(definition=DYNAMIC)
        used(ours.meter, ["1.234567", "2"])
        prices(ours.region, ["0.2", "0.3", "0.1", "0.4"])
        may = issue(ours)
        used(ours.meter, ["0.000001"], start=MAY_START + 2 * QUARTER, revised_at=NOW)
        correcting.approve(correction=found(may), by=CLERK, now=LATER)
        june = issue(ours, cycle=JUNE, now=LATER)
        QuarterWindow.objects.filter(start=MAY_START).update(energy_mwh=1_000_000)
        correcting.reject(correction=found(may), reason="a test", by=CLERK, now=LATER)

        metered = sum(QuarterWindow.objects.values_list("energy_mwh", flat=True))
        on_bills = sum(
            each.energy_kwh
            for bill in (may, june)
            for line in bill.lines.filter(of="energy")
            for each in invoices.intervals(line)
        )
        let_be = sum(each.energy_mwh for each in Correction.objects.filter(state="rejected"))
        assert on_bills == Decimal("3.234568")
        assert let_be == -234_567
        assert on_bills + exact_kwh(let_be) == exact_kwh(metered)


def found(invoice: Invoice) -> Correction:
    waits = correcting.find(invoice=invoice, now=LATER)
    assert waits is not None
    return waits
