"""Reminders of invoices that nobody paid."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError

from accounts.choices import UserRole
from accounts.models import Preferences, User
from billing.models import Invoice, Reminder, ReminderLevel
from billing.selectors import standing
from billing.services import disputing, receiving, reminding
from tests.billing.bills import bill
from tests.billing.worlds import CLERK, NOW, Home, home

pytestmark = pytest.mark.django_db
DUE = date(2026, 6, 15)  # of a May bill of `bills`


@pytest.fixture
def ours() -> Home:
    return home("A")


@pytest.fixture
def invoice(ours: Home) -> Invoice:
    """Is due on 15 June: 25.00."""
    return bill(ours, date(2026, 5, 1), kwh="100", lines=[("energy", "Energy", "25.00")])


@pytest.fixture(autouse=True)
def _levels(db: None) -> None:
    """After 3 days, after 14 for 5.00, after 28."""
    ReminderLevel.objects.all().delete()
    for level, days, fee in ((1, 3, None), (2, 14, Decimal(5)), (3, 28, None)):
        ReminderLevel.objects.create(level=level, days_after_due=days, fee=fee)


def remind(days: int) -> int:
    """Let the task look so many days after the invoice was due."""
    today = DUE + timedelta(days=days)
    return reminding.remind_due(today=today, now=NOW + timedelta(days=12 + days))


def pay(ours: Home, invoice: Invoice, amount: str, day: int = 13) -> None:
    receiving.receive(
        account=ours.account, amount=Decimal(amount), currency="EUR", invoice=invoice,
        received_on=DUE, reference=f"R-{amount}", by=CLERK, now=NOW + timedelta(days=day),
    )  # fmt: skip


def levels() -> list[int]:
    return list(Reminder.objects.order_by("id").values_list("level", flat=True))


class TestADay:
    def test_brings_each_level_when_it_is_due(self, invoice: Invoice) -> None:
        assert [remind(days) for days in (2, 3, 13, 14, 28, 90)] == [0, 1, 0, 1, 1, 0]
        assert levels() == [1, 2, 3]

    def test_brings_nothing_twice(self, invoice: Invoice) -> None:
        assert [remind(3), remind(3), remind(4)] == [1, 0, 0]

    def test_that_comes_late_brings_one_level_and_the_next_as_far_apart_as_ever(
        self, invoice: Invoice
    ) -> None:
        assert [remind(days) for days in (40, 41, 50, 51, 64, 65)] == [1, 0, 0, 1, 0, 1]

    def test_leaves_a_level_out_that_is_switched_off(self, invoice: Invoice) -> None:
        ReminderLevel.objects.filter(level=1).update(is_active=False)

        assert [remind(3), remind(14)] == [0, 1]
        assert levels() == [2]

    def test_without_levels_reminds_of_nothing(self, invoice: Invoice) -> None:
        ReminderLevel.objects.all().delete()

        assert remind(90) == 0


class TestWhatIsNotRemindedOf:
    def test_is_what_is_paid(self, ours: Home, invoice: Invoice) -> None:
        pay(ours, invoice, "25")

        assert remind(30) == 0

    def test_is_what_is_disputed_until_it_is_closed(self, invoice: Invoice) -> None:
        made = disputing.open_dispute(invoice=invoice, reason="not me", by="carl", now=NOW)

        assert remind(30) == 0
        later = NOW + timedelta(days=43)
        disputing.close(dispute=made, is_upheld=False, answer="it is", by=CLERK, now=later)
        assert remind(31) == 1

    def test_is_a_credit(self, ours: Home) -> None:
        bill(ours, date(2026, 5, 1), kwh="1", lines=[("energy", "Energy", "-2.00")])

        assert remind(30) == 0


class TestAReminder:
    def test_is_an_event_of_the_invoice(self, invoice: Invoice) -> None:
        remind(3)

        event = invoice.events.latest("id")
        assert (event.state, event.note) == ("overdue", "Reminder 1")
        assert standing.state_of(invoice) == "overdue"

    def test_says_what_is_open_with_its_fee(self, ours: Home, invoice: Invoice) -> None:
        pay(ours, invoice, "10")
        remind(3)
        remind(14)

        first, second = Reminder.objects.order_by("id")
        assert (first.subject, first.open_amount) == (
            f"Reminder of invoice {invoice.number}", Decimal("15.000"),
        )  # fmt: skip
        assert second.open_amount == Decimal("20.000")
        assert "20.00 EUR is still open" in second.text
        assert "A fee of 5.00 EUR for this reminder is part of it." in second.text

    def test_fee_is_owed_with_the_invoice(self, ours: Home, invoice: Invoice) -> None:
        remind(3)
        remind(14)

        pay(ours, invoice, "25", day=40)
        assert standing.open_amount(invoice) == Decimal(5)
        assert standing.state_of(invoice) == "part_paid"
        assert standing.balance(account=ours.account, currency="EUR") == Decimal(5)
        pay(ours, invoice, "5", day=41)
        assert standing.state_of(invoice) == "paid"

    def test_speaks_the_customer_s_language(self, ours: Home, invoice: Invoice) -> None:
        carl = User.objects.create_user("c@home.example", "secret", role=UserRole.CUSTOMER)
        Preferences.objects.update_or_create(user=carl, defaults={"language": "de"})
        ours.account.customer.user = carl
        ours.account.customer.save()

        remind(3)

        reminder = Reminder.objects.get()
        assert reminder.language == "de"
        assert reminder.subject == f"Erinnerung an Rechnung {invoice.number}"
        assert "15. Juni 2026" in reminder.text

    def test_says_the_site_s_own_words_where_it_has_any(self, invoice: Invoice) -> None:
        words = "Pay {open} of {number}, due {due}{fee}! {0} {constructor.__class__}"
        ReminderLevel.objects.filter(level=1).update(text=words)

        remind(3)

        assert Reminder.objects.get().text == (
            f"Pay 25.00 EUR of {invoice.number}, due 15 June 2026! {{0}} {{constructor.__class__}}"
        )

    def test_is_never_changed(self, invoice: Invoice) -> None:
        remind(3)

        with pytest.raises(IntegrityError, match="never changed"):
            Reminder.objects.update(text="")
