"""Money that comes in, and invoices that are objected to."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection

from billing.models import Invoice, Payment
from billing.selectors import standing
from billing.services import disputing, issuing, receiving
from tests.billing.test_issuing import issue, void
from tests.billing.worlds import CLERK, NOW, Home, home, used

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ours() -> Home:
    """Owes 25.00 for May."""
    made = home()
    used(made.meter, [100])
    return made


@pytest.fixture
def invoice(ours: Home) -> Invoice:
    return issue(ours)


def pay(ours: Home, amount: str, invoice: Invoice | None = None, **said) -> Payment:
    told = {"currency": "EUR", "received_on": date(2026, 6, 10), "reference": f"R-{amount}"}
    return receiving.receive(
        account=ours.account,
        amount=Decimal(amount),
        invoice=invoice,
        by=CLERK,
        now=NOW,
        **(told | said),
    )


def states(invoice: Invoice) -> list[str]:
    return [event.state for event in invoice.events.all()]


class TestReceive:
    def test_pays_in_part_and_then_in_full(self, ours, invoice):
        pay(ours, "10", invoice)
        pay(ours, "15", invoice)

        assert states(invoice) == ["issued", "part_paid", "paid"]
        assert standing.balance(account=ours.account, currency="EUR") == 0

    def test_keeps_what_is_paid_too_much_as_a_credit(self, ours, invoice):
        pay(ours, "30", invoice)

        assert standing.open_amount(invoice) == Decimal(-5)
        assert standing.balance(account=ours.account, currency="EUR") == Decimal(-5)

    def test_counts_the_same_payment_once(self, ours, invoice):
        first = pay(ours, "10", invoice)

        assert pay(ours, "10", invoice) == first
        assert standing.open_amount(invoice) == Decimal(15)

    def test_refuses_another_payment_under_the_same_reference(self, ours, invoice):
        pay(ours, "10", invoice, reference="R")

        with pytest.raises(receiving.BookedBefore):
            pay(ours, "11", invoice, reference="R")

    @pytest.mark.parametrize(
        ("amount", "currency"), [("0", "EUR"), ("-1", "EUR"), ("1.005", "EUR"), ("1", "USD")]
    )
    def test_refuses_what_is_no_amount_of_its_currency(self, ours, invoice, amount, currency):
        with pytest.raises(receiving.BadAmount):
            pay(ours, amount, invoice, currency=currency)

        assert not Payment.objects.exists()

    def test_refuses_the_invoice_of_another(self, invoice):
        with pytest.raises(receiving.NotTheirs):
            pay(home("B"), "5", invoice)

    def test_refuses_an_invoice_that_was_taken_back(self, ours, invoice):
        void(invoice)

        with pytest.raises(receiving.NotTheirs):
            pay(ours, "5", invoice)

    def test_of_many_at_once_forgets_none(self, ours, invoice):
        def work(turn: int) -> None:
            try:
                pay(ours, "5", invoice, reference=f"R-{turn}")
            finally:
                connection.close()

        with ThreadPoolExecutor(5) as pool:
            list(pool.map(work, range(5)))

        assert standing.open_amount(invoice) == 0
        assert states(invoice)[-1] == "paid"

    def test_is_never_changed(self, ours):
        pay(ours, "5")

        with pytest.raises(IntegrityError):
            Payment.objects.update(amount=6)


class TestOverdue:
    def test_is_said_once_on_the_day_after(self, ours, invoice):
        assert receiving.mark_overdue(today=invoice.due_on, now=NOW) == 0
        assert receiving.mark_overdue(today=invoice.due_on + timedelta(days=1), now=NOW) == 1
        assert receiving.mark_overdue(today=invoice.due_on + timedelta(days=2), now=NOW) == 0
        assert states(invoice) == ["issued", "overdue"]

    def test_is_not_said_of_what_is_disputed_or_paid(self, ours, invoice):
        disputing.open_dispute(invoice=invoice, reason="not me", by="carl", now=NOW)

        assert receiving.mark_overdue(today=date(2027, 1, 1), now=NOW) == 0


class TestDispute:
    def test_goes_from_open_through_review_to_an_answer(self, ours, invoice):
        made = disputing.open_dispute(invoice=invoice, reason="too much", by="carl", now=NOW)
        disputing.review(dispute=made)
        pay(ours, "10", invoice)
        assert states(invoice) == ["issued", "disputed"]
        closed = disputing.close(
            dispute=made, is_upheld=False, answer="read twice", by=CLERK, now=NOW
        )

        assert (closed.state, closed.answer) == ("rejected", "read twice")
        assert states(invoice)[-1] == "part_paid"

    def test_is_one_at_a_time(self, invoice):
        disputing.open_dispute(invoice=invoice, reason="a", by="carl", now=NOW)

        with pytest.raises(disputing.NotDisputable):
            disputing.open_dispute(invoice=invoice, reason="b", by="carl", now=NOW)

    def test_cannot_be_closed_twice(self, invoice):
        made = disputing.open_dispute(invoice=invoice, reason="a", by="carl", now=NOW)
        said = {"is_upheld": True, "answer": "yes", "by": CLERK, "now": NOW}
        disputing.close(dispute=made, **said)

        with pytest.raises(disputing.NotOpen):
            disputing.close(dispute=made, **said)

    def test_needs_a_live_invoice(self, invoice):
        issuing.void(invoice=invoice, reason="x", by=CLERK, now=NOW)

        with pytest.raises(disputing.NotDisputable):
            disputing.open_dispute(invoice=invoice, reason="a", by="carl", now=NOW)
