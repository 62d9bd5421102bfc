"""Corrections, reminders and cancelled runs as clerk and customer see them: pages and API."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.choices import UserRole
from accounts.models import User
from billing.models import BillRun, Correction, Invoice, Reminder, ReminderLevel
from billing.services import correcting, issuing, reminding, running
from tests.billing.test_corrections import JUNE
from tests.billing.test_pages import page, send, shown
from tests.billing.worlds import CLERK, DYNAMIC, MAY, MAY_START, NOW, Home, home, prices, used
from tests.tariffs.conftest import by_token

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(days=30)
CORRECTIONS = "/api/admin/corrections"


@pytest.fixture(autouse=True)
def _in_july():
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def clara(db: None) -> User:
    """Is a billing clerk."""
    return User.objects.create_user(CLERK, "secret", role=UserRole.CLERK)


@pytest.fixture
def desk(client: Client, clara: User) -> Client:
    """Clara's browser."""
    client.force_login(clara)
    return client


@pytest.fixture
def ours(carl: User) -> Home:
    """Carl's home: 1 kWh at 0.40, billed, and 5 kWh at 0.16 that came afterwards."""
    made = home(definition=DYNAMIC)
    made.account.customer.user = carl
    made.account.customer.save()
    used(made.meter, [1])
    prices(made.region, ["0.4", "0.16"])
    issuing.issue(account=made.account, cycle=MAY, by=CLERK, now=NOW)
    used(made.meter, [5], start=MAY_START + timedelta(minutes=15), revised_at=NOW)
    return made


@pytest.fixture
def late(ours: Home) -> Correction:
    """What waits for Clara."""
    correcting.look_due(now=LATER)
    return Correction.objects.get()


def june(ours: Home) -> Invoice:
    return issuing.issue(account=ours.account, cycle=JUNE, by=CLERK, now=LATER)


def post(user: User, path: str, body: dict[str, Any] | None = None) -> Any:
    return by_token(user).post(path, body or {}, content_type="application/json")


class TestTheList:
    def test_shows_what_it_would_bill_and_why(self, desk: Client, late: Correction) -> None:
        said = shown(desk, "bill-corrections")

        for words in ("INV-000001", "ACC-A", "5.000 kWh", "0.80 EUR", "1 interval was missing",
                      "waiting"):  # fmt: skip
            assert words in said

    def test_is_empty_when_nothing_came(self, desk: Client) -> None:
        assert "Nothing waits for you: no late data" in shown(desk, "bill-corrections")

    def test_shows_another_state(self, desk: Client, late: Correction) -> None:
        said = shown(desk, "bill-corrections", query="?state=rejected")

        assert "There is no such correction." in said

    def test_leaves_out_what_is_of_a_void_invoice(self, desk: Client, late: Correction) -> None:
        issuing.void(invoice=late.invoice, reason="wrong", by=CLERK, now=LATER)

        assert "INV-000001" not in shown(desk, "bill-corrections")


class TestOneCorrection:
    def test_leads_from_line_and_component_to_the_interval(
        self, desk: Client, late: Correction
    ) -> None:
        whole = shown(desk, "bill-correction", late.pk)
        intervals = shown(desk, "bill-correction-line", late.pk, 0)

        assert "by load, × 0.8" in whole
        assert reverse("bill-correction-line", args=[late.pk, 0]) in whole
        assert "2026-05-01, by how much it changed" in intervals
        assert '<th scope="row">00:15</th>' in intervals
        assert "0.16" in intervals

    def test_once_approved_is_on_the_next_bill_with_its_intervals(
        self, desk: Client, ours: Home, late: Correction
    ) -> None:
        assert "Approved: its lines go on" in send(desk, "bill-correction-approve", late.pk)
        bill = june(ours)

        line = bill.lines.get(corrects__isnull=False)
        assert line.amount == Decimal("0.800")
        explained = shown(desk, "invoice-line", bill.pk, line.place)
        assert '<th scope="row">00:15</th>' in explained
        assert bill.number in shown(desk, "bill-correction", late.pk)

    def test_is_rejected_with_a_reason_alone(
        self, desk: Client, ours: Home, late: Correction
    ) -> None:
        bare = desk.post(reverse("bill-correction-reject", args=[late.pk]), {"reason": ""})
        assert "This field is required." in page(bare, 422)

        said = send(desk, "bill-correction-reject", late.pk, reason="a test")

        assert "Rejected: nothing of it is billed." in said
        assert june(ours).total == 0

    def test_is_decided_once(self, desk: Client, late: Correction) -> None:
        send(desk, "bill-correction-approve", late.pk)

        assert "it was decided before" in send(desk, "bill-correction-approve", late.pk)
        again = send(desk, "bill-correction-reject", late.pk, reason="no")
        assert "it was decided before" in again


class TestTheApi:
    def test_goes_the_same_way(
        self, clara: User, carl: User, ours: Home, late: Correction
    ) -> None:
        listed = by_token(clara).get(CORRECTIONS, {"state": "waiting"}).json()["results"]
        intervals = by_token(clara).get(f"{CORRECTIONS}/{late.pk}/lines/0/intervals").json()
        approved = post(clara, f"{CORRECTIONS}/{late.pk}/approve", {"note": "seen"}).json()
        again = post(clara, f"{CORRECTIONS}/{late.pk}/reject", {"reason": "no"})
        bill = june(ours)

        assert [(row["total"], row["energy_kwh"], row["filled"]) for row in listed] == [
            ("0.800", "5.000000", 1)
        ]
        (interval,) = intervals["intervals"]
        assert (interval["start"], interval["price"], interval["energy_kwh"]) == (
            "2026-05-01T00:15:00Z", "0.160000", "5.000000",
        )  # fmt: skip
        assert (approved["state"], approved["note"], approved["billed_on"]) == (
            "approved", "seen", None,
        )  # fmt: skip
        assert (again.status_code, again.json()["code"]) == (409, "decided")
        whole = by_token(clara).get(f"{CORRECTIONS}/{late.pk}").json()
        assert whole["billed_on"] == bill.number
        path = f"/api/billing/invoices/{bill.pk}/lines/1/intervals"
        assert by_token(carl).get(path).json() == intervals

    def test_keeps_it_from_the_customer(self, carl: User, late: Correction) -> None:
        assert by_token(carl).get(f"{CORRECTIONS}/{late.pk}").status_code == 403


class TestReminders:
    @pytest.fixture
    def reminder(self, ours: Home) -> Reminder:
        """The first, for a fee of 4.00."""
        ReminderLevel.objects.all().delete()
        ReminderLevel.objects.create(level=1, days_after_due=3, fee=Decimal(4))
        reminding.remind_due(today=LATER.date(), now=LATER)
        return Reminder.objects.get()

    def test_are_listed_and_stand_at_their_invoice(self, desk: Client, reminder: Reminder) -> None:
        listed = shown(desk, "bill-reminders")
        invoice = shown(desk, "invoice", reminder.invoice_id)

        assert "4.40 EUR" in listed
        assert "Reminder of invoice INV-000001" in invoice
        assert "Reminder 1" in invoice  # the event
        assert '<dd id="open"><b>4.40 EUR</b></dd>' in invoice

    def test_are_shown_to_whom_they_concern(
        self, clara: User, carl: User, reminder: Reminder
    ) -> None:
        nina = User.objects.create_user("nina@home.example", "secret", role=UserRole.CUSTOMER)

        answers = {
            person.email: by_token(person).get("/api/billing/reminders").json()["results"]
            for person in (clara, carl, nina)
        }

        assert answers[nina.email] == []
        assert answers[clara.email] == answers[carl.email]
        (row,) = answers[carl.email]
        assert (row["invoice"], row["level"], row["fee"], row["open"]) == (
            "INV-000001", 1, "4.000", "4.400",
        )  # fmt: skip
        whole = by_token(carl).get(f"/api/billing/invoices/{reminder.invoice_id}").json()
        assert (whole["total"], whole["fees"], whole["open"]) == ("0.400", "4.000", "4.400")


class TestCancelling:
    def test_deletes_the_drafts_of_a_run(self, desk: Client) -> None:
        used(home("B").meter, [1])
        run = running.request(day=MAY.start, by=CLERK, now=NOW)
        while running.work_due(now=NOW):
            pass
        assert "Cancel the run" in shown(desk, "bill-run", run.pk)

        said = send(desk, "bill-run-cancel", run.pk)

        assert "The run is cancelled, and 1 draft is deleted." in said
        assert "Cancel the run" not in said
        assert f"by {CLERK}" in said
        assert "It was not cancelled" in send(desk, "bill-run-cancel", run.pk)

    def test_is_told_with_a_code_once_it_is_too_late(self, clara: User) -> None:
        run = BillRun.objects.create(day=MAY.start, requested_at=NOW, requested_by=CLERK)
        path = f"/api/admin/bill-runs/{run.pk}/cancel"

        first, second = post(clara, path), post(clara, path)

        assert (first.status_code, first.json()["state"]) == (200, "cancelled")
        assert (second.status_code, second.json()["code"]) == (409, "not_cancellable")
