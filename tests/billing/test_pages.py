"""The clerk's pages as the server sends them, without a browser."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.choices import UserRole
from accounts.models import User
from billing.choices import InvoiceState, TurnState
from billing.models import BillException, BillingTerms, BillRun, CreditNote, Invoice, Payment, Turn
from billing.selectors import reckoning, standing
from billing.services import approving, issuing, running
from tests.billing.worlds import CLERK, DYNAMIC, JUNE, MAY, NOW, Home, home, used, whole_month

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 5, 1)
FRAGMENT = {"X-Fragment": "1"}


@pytest.fixture(autouse=True)
def _in_june():
    with time_machine.travel(NOW, tick=False):
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
def ours() -> Home:
    """A home that used 0.1 kWh each quarter-hour of May at 0.25: 74.40."""
    made = home("A")
    whole_month(made.meter, "0.1")
    return made


@pytest.fixture
def invoice(ours: Home) -> Invoice:
    """Its invoice."""
    return issuing.issue(account=ours.account, cycle=MAY, by=CLERK, now=NOW)


def work() -> None:
    while running.work_due(now=NOW):
        pass


def rated(**said: Any) -> BillRun:
    """A run that workers are through with."""
    run = running.request(day=DAY, by=CLERK, now=NOW, **said)
    work()
    run.refresh_from_db()
    return run


def page(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content.decode()[:500]
    return " ".join(answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def shown(desk: Client, name: str, *args: Any, query: str = "") -> str:
    return page(desk.get(reverse(name, args=args) + query))


def send(desk: Client, name: str, *args: Any, **values: Any) -> str:
    """Send a form and return the page that follows."""
    return page(desk.post(reverse(name, args=args), values, follow=True))


class TestAccess:
    @pytest.mark.parametrize("name", ["bill-runs", "invoices"])
    def test_is_the_clerks(self, client: Client, carl: User, olga: User, name: str) -> None:
        for somebody in (carl, olga):
            client.force_login(somebody)
            assert client.get(reverse(name)).status_code == 403

    def test_sends_a_stranger_to_the_sign_in(self, client: Client) -> None:
        answer = client.get(reverse("invoices"))

        assert answer.headers["Location"] == "/sign-in/?next=/billing/invoices/"

    def test_stands_in_the_navigation_of_whoever_may_bill(
        self, client: Client, clara: User, olga: User, ada: User
    ) -> None:
        entry = f'<a href="{reverse("bill-runs")}"'
        for somebody, is_there in ((clara, True), (ada, True), (olga, False)):
            client.force_login(somebody)
            assert (entry in client.get("/").content.decode()) is is_there

    def test_changes_nothing_for_olga(self, client: Client, olga: User, ours: Home) -> None:
        run = rated()
        client.force_login(olga)

        answer = client.post(reverse("bill-run-approve", args=[run.pk]))

        assert answer.status_code == 403
        assert Turn.objects.get().state == TurnState.RATED


class TestAskingForARun:
    def test_takes_everybody_for_a_month(self, desk: Client, ours: Home) -> None:
        said = send(desk, "bill-runs", day="2026-05", is_dry="on")

        run = BillRun.objects.get()
        assert (run.day, run.is_dry, run.requested_by) == (DAY, True, CLERK)
        assert "Asked for: workers take it up within seconds." in said
        assert f"Run {run.pk} for 2026-05" in said

    def test_begins_with_a_dry_run_of_the_month_before(self, desk: Client) -> None:
        said = shown(desk, "bill-runs")

        assert 'value="2026-05"' in said
        assert 'name="is_dry" class="form-check-input" id="id_is_dry" checked' in said
        assert "Nobody has asked for a run yet." in said

    def test_takes_one_account(self, desk: Client, ours: Home) -> None:
        send(desk, "bill-runs", day="2026-05", account="ACC-A")

        assert BillRun.objects.get().account == ours.account

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"day": "May"}, "Write a month such as 2026-10."),
            ({"day": "1999-05"}, "Only the years 2000 to 2100 are known here."),
            ({"day": "2026-05", "account": "ACC-Z"}, "No account has this number."),
            ({"day": "2026-05", "account": "\0"}, "Null characters are not allowed."),
            ({"day": "2026-05", "region": "7777"}, "Select a valid choice."),
        ],
        ids=["no month", "long ago", "unknown account", "odd account", "unknown region"],
    )
    def test_says_what_is_wrong(self, desk: Client, values: dict[str, str], words: str) -> None:
        answer = desk.post(reverse("bill-runs"), values)

        assert words in page(answer, 422)
        assert not BillRun.objects.exists()

    def test_refuses_a_region_beside_an_account(self, desk: Client, ours: Home) -> None:
        values = {"day": "2026-05", "account": "ACC-A", "region": ours.region.pk}

        answer = desk.post(reverse("bill-runs"), values)

        assert "Name a region or an account, not both." in page(answer, 422)

    def test_lists_runs_with_counts_and_totals(self, desk: Client, ours: Home) -> None:
        home("B")  # nothing known of it
        rated()

        said = shown(desk, "bill-runs")

        assert '<td class="is-figure">2</td>' in said
        assert "74.40" in said
        assert '<span aria-hidden="true">▲</span> 1</span>' in said

    def test_lists_a_page_at_a_time(self, desk: Client) -> None:
        for _ in range(26):
            running.request(day=DAY, by=CLERK, now=NOW)
        first = desk.get(reverse("bill-runs"))

        second = shown(desk, "bill-runs", query=first.context["older"])

        assert len(first.context["runs"]) == 25
        assert f"Run {BillRun.objects.last().pk}</a>" in second  # type: ignore[union-attr]
        assert "Older runs" not in second


class TestRun:
    def test_is_watched_while_workers_are_at_it(self, desk: Client, ours: Home) -> None:
        run = running.request(day=DAY, by=CLERK, now=NOW)
        before = shown(desk, "bill-run", run.pk)

        work()
        after = shown(desk, "bill-run", run.pk)

        assert "data-busy" in before
        assert "waiting for a worker" in before
        assert "data-busy" not in after
        assert "0 of 1 account is left to do" in after
        assert "Approve and issue 1 account" in after
        assert "Pressed twice, nobody is billed twice" in after

    def test_is_sent_as_a_fragment_too(self, desk: Client, ours: Home) -> None:
        run = rated()

        answer = desk.get(reverse("bill-run", args=[run.pk]), headers=FRAGMENT)

        assert "<html" not in page(answer)
        assert 'data-swap="progress"' in page(answer)
        assert answer.headers["Cache-Control"] == "no-store"

    def test_that_is_dry_can_be_run_for_real(self, desk: Client, ours: Home) -> None:
        run = rated(is_dry=True, account=ours.account)
        said = shown(desk, "bill-run", run.pk)
        assert "dry run: it writes no bill" in said
        assert "Approve and issue" not in said
        for field in ('name="day" value="2026-05"', 'name="account" value="ACC-A"'):
            assert field in said

        send(desk, "bill-runs", day="2026-05", region="", account="ACC-A")

        real = BillRun.objects.latest("pk")
        assert (real.is_dry, real.day, real.account) == (False, run.day, ours.account)

    def test_holds_its_totals_against_the_run_before(self, desk: Client, ours: Home) -> None:
        first = rated()
        approving.approve(run=first, by=CLERK)
        work()
        used(ours.meter, ["0.2"] * (30 * 96), start=JUNE)
        running.request(day=date(2026, 6, 1), by=CLERK, now=NOW)
        july = NOW + timedelta(days=30)
        while running.work_due(now=july):
            pass

        said = shown(desk, "bill-run", BillRun.objects.latest("pk").pk)

        assert f"Run {first.pk} for 2026-05</a>" in said
        assert "144.00 EUR" in said
        assert "74.40 EUR" in said
        assert "69.60 EUR <small>+93.5 %</small>" in said

    def test_without_one_before_says_so(self, desk: Client, ours: Home) -> None:
        assert "No earlier run billed the same accounts" in shown(desk, "bill-run", rated().pk)

    def test_parks_with_its_fault(
        self, desk: Client, ours: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def trip(self: Any, cycles: Any) -> Any:
            raise ArithmeticError("this one is odd")

        monkeypatch.setattr(reckoning.Reckoner, "reckon", trip)
        run = rated()
        monkeypatch.undo()

        said = shown(desk, "bill-run", run.pk)
        assert "ArithmeticError: this one is odd" in said
        assert "Nothing waits for you." in said  # it is no matter of letting be
        again = send(desk, "bill-run-retry", run.pk)
        work()

        assert "1 account is reckoned anew from what is known by now." in again
        assert Turn.objects.get().state == TurnState.RATED

    def test_lists_the_accounts_of_a_state(self, desk: Client, ours: Home) -> None:
        home("B")
        run = rated()

        held = desk.get(reverse("bill-run", args=[run.pk]), {"state": "held"}).context["turns"]

        assert [turn.account.number for turn in held] == ["ACC-B"]
        odd = desk.get(reverse("bill-run", args=[run.pk]), {"state": "odd", "accounts": "x"})
        assert len(odd.context["turns"]) == 2


class TestApproving:
    def test_lets_go_out_what_is_ready(self, desk: Client, ours: Home) -> None:
        run = rated()

        said = send(desk, "bill-run-approve", run.pk)
        work()

        assert "1 account is approved: its invoice is being issued." in said
        assert Invoice.objects.get().number == "INV-000001"
        assert "INV-000001</a>" in shown(desk, "bill-run", run.pk)

    def test_pressed_twice_says_so_and_bills_once(self, desk: Client, ours: Home) -> None:
        run = rated()
        send(desk, "bill-run-approve", run.pk)

        said = send(desk, "bill-run-approve", run.pk)
        work()

        assert "Nothing was approved: no account is ready" in said
        assert Invoice.objects.count() == 1


class TestExceptions:
    def test_wait_by_kind_and_are_resolved_with_a_reason(self, desk: Client) -> None:
        home("A")
        run = rated()
        said = shown(desk, "bill-run", run.pk)
        assert "2976 of 2976 quarter-hours are not known" in said
        assert "Reason to let ACC-A be, intervals are missing" in said

        done = send(desk, "bill-resolve", BillException.objects.get().pk, reason="meter burnt")

        assert "ACC-A is resolved." in done
        assert "Nothing waits for you." in done
        assert "Approve and issue 1 account" in done
        assert "meter burnt" in shown(desk, "bill-run", run.pk, query="?resolved=1")

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 501], ids=["none", "blank", "long"])
    def test_stay_without_a_reason(self, desk: Client, reason: str) -> None:
        home("A")
        rated()
        exception = BillException.objects.get()

        said = send(desk, "bill-resolve", exception.pk, reason=reason)

        assert "ACC-A was not resolved: say in 500 characters at most why it may go out." in said
        exception.refresh_from_db()
        assert exception.resolved_at is None

    def test_that_leave_no_price_say_that_they_cannot_be_let_be(self, desk: Client) -> None:
        ours = home("A", definition=DYNAMIC)
        whole_month(ours.meter, "0.1")
        run = rated()
        exception = BillException.objects.get(trouble="no_price")

        said = shown(desk, "bill-run", run.pk)
        refused = send(desk, "bill-resolve", exception.pk, reason="never mind")

        assert "Cannot be let be" in said
        assert reverse("bill-resolve", args=[exception.pk]) not in said
        assert "ACC-A cannot be let be: mend the cause, then reckon it anew." in refused

    def test_are_listed_by_kind(self, desk: Client) -> None:
        home("A")
        odd = home("B", definition=DYNAMIC)
        whole_month(odd.meter, "0.1")
        run = rated()

        answer = desk.get(reverse("bill-run", args=[run.pk]), {"trouble": "missing"})

        assert [row.turn.account.number for row, _ in answer.context["queue"]] == ["ACC-A"]
        assert dict(answer.context["counts"]) == {"missing": 1, "no_price": 1}


class TestInvoices:
    def test_are_listed_by_account_and_state(self, desk: Client, invoice: Invoice) -> None:
        other = home("B")
        used(other.meter, [1])
        issuing.issue(account=other.account, cycle=MAY, by=CLERK, now=NOW)

        def found(**asked: str) -> list[str]:
            rows = desk.get(reverse("invoices"), asked).context["invoices"]
            return [row.account.number for row in rows]

        assert found() == ["ACC-B", "ACC-A"]
        assert found(account="ACC-A") == ["ACC-A"]
        assert found(state="issued") == ["ACC-B", "ACC-A"]
        assert found(state="paid") == []
        assert found(state="odd", cursor="odd") == ["ACC-B", "ACC-A"]
        assert "clear the filter" in shown(desk, "invoices", query="?state=paid")

    def test_explain_themselves(self, desk: Client, invoice: Invoice) -> None:
        said = shown(desk, "invoice", invoice.pk)

        assert "Invoice INV-000001" in said
        assert "2026-05-01 – 2026-05-31" in said
        assert "74.40 EUR" in said
        assert "297.6 kWh" in said
        assert "Energy: intervals of 31 days" in said
        assert 'href="/meters/?serial=' in said

    def test_show_the_intervals_of_a_day(self, desk: Client, invoice: Invoice) -> None:
        place = invoice.lines.get(of="energy").place

        first = shown(desk, "invoice-line", invoice.pk, place)
        ninth = shown(desk, "invoice-line", invoice.pk, place, query="?day=2026-05-09")
        other = desk.get(reverse("invoice-line", args=[invoice.pk, place]), {"day": "2026-06-01"})

        assert first.count('<th scope="row">') == 96
        assert "2026-05-01 as billed; times are in UTC" in first
        assert "2026-05-09 as billed" in ninth
        assert '<th scope="row">23:45</th> <td class="is-figure">0.1</td> <td>actual</td>' in ninth
        assert other.status_code == 404

    def test_that_are_drafts_take_neither_payment_nor_dispute(
        self, desk: Client, ours: Home
    ) -> None:
        rated()
        draft = Invoice.objects.get()

        said = shown(desk, "invoice", draft.pk)
        refused = desk.post(
            reverse("invoice-pay", args=[draft.pk]),
            {"amount": "1", "received_on": "2026-06-02", "reference": "BANK-1"},
        )

        assert "A draft owes nothing yet" in said
        assert "Book the payment" not in said
        assert not Payment.objects.exists()
        assert refused.status_code == 422
        for name in ("invoice-void", "invoice-dispute"):
            assert "Nothing was done: it is a draft" in send(desk, name, draft.pk, reason="odd")


class TestPaying:
    def pay(self, desk: Client, invoice: Invoice, **values: str) -> Any:
        sent = {"amount": "74.40", "received_on": "2026-06-02", "reference": "BANK-1"} | values
        return desk.post(reverse("invoice-pay", args=[invoice.pk]), sent, follow=True)

    def test_in_parts_until_it_is_paid(self, desk: Client, invoice: Invoice) -> None:
        assert 'name="amount" value="74.40"' in shown(desk, "invoice", invoice.pk)

        part = page(self.pay(desk, invoice, amount="70"))
        assert standing.state_of(invoice) == InvoiceState.PART_PAID
        rest = page(self.pay(desk, invoice, amount="4.4", reference="BANK-2"))

        assert '<dd id="open"><b>4.40 EUR</b>' in part
        assert standing.state_of(invoice) == InvoiceState.PAID
        assert '<dd id="open"><b>0.00 EUR</b>' in rest

    def test_twice_by_one_reference_counts_once(self, desk: Client, invoice: Invoice) -> None:
        self.pay(desk, invoice)

        said = page(self.pay(desk, invoice))

        assert "sent again it would count once" in said
        assert Payment.objects.count() == 1

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"amount": "-1"}, "That is no amount of EUR"),
            ({"amount": "0.001"}, "That is no amount of EUR"),
            ({"amount": "much"}, "Enter a number."),
            ({"received_on": "2026-13-01"}, "Enter a valid date."),
            ({"reference": ""}, "This field is required."),
        ],
        ids=["negative", "too fine", "no number", "no day", "no reference"],
    )
    def test_says_what_is_wrong(
        self, desk: Client, invoice: Invoice, values: dict[str, str], words: str
    ) -> None:
        assert words in page(self.pay(desk, invoice, **values), 422)
        assert not Payment.objects.exists()

    def test_by_a_reference_of_another_payment_is_refused(
        self, desk: Client, invoice: Invoice
    ) -> None:
        self.pay(desk, invoice, amount="1")

        assert "Another payment has this reference." in page(
            self.pay(desk, invoice, amount="2"), 422
        )


class TestVoid:
    def test_credits_all_of_it_with_the_reason(self, desk: Client, invoice: Invoice) -> None:
        said = send(desk, "invoice-void", invoice.pk, reason="wrong plan")

        assert CreditNote.objects.get().total == invoice.total
        assert "credit note CN-000001 gives back 74.40 EUR. Reason: wrong plan" in said
        assert "Book the payment" not in said
        again = send(desk, "invoice-void", invoice.pk, reason="wrong plan")
        assert "Nothing was done: it is a draft, or was made void before." in again

    def test_asks_for_a_reason(self, desk: Client, invoice: Invoice) -> None:
        answer = desk.post(reverse("invoice-void", args=[invoice.pk]), {"reason": ""})

        assert "This field is required." in page(answer, 422)
        assert not CreditNote.objects.exists()


class TestDispute:
    def test_goes_from_opened_to_answered(self, desk: Client, invoice: Invoice) -> None:
        opened = send(desk, "invoice-dispute", invoice.pk, reason="I was away")
        dispute = invoice.disputes.get()
        assert "I was away" in opened
        assert "Take it up" in opened
        assert standing.state_of(invoice) == InvoiceState.DISPUTED
        assert "a dispute of it is open" in send(
            desk, "invoice-dispute", invoice.pk, reason="and again"
        )

        taken = send(desk, "dispute-review", dispute.pk)
        assert "The dispute is under review." in taken
        assert "Take it up" not in taken
        assert "somebody took it up" in send(desk, "dispute-review", dispute.pk)

        closed = send(desk, "dispute-close", dispute.pk, is_upheld="no", answer="read twice")
        assert "<b>rejected</b>: I was away" in closed
        assert standing.state_of(invoice) == InvoiceState.ISSUED
        assert "Nothing was done: the dispute is closed." in send(
            desk, "dispute-close", dispute.pk, is_upheld="yes", answer="no"
        )

    def test_is_not_closed_without_outcome_and_answer(
        self, desk: Client, invoice: Invoice
    ) -> None:
        send(desk, "invoice-dispute", invoice.pk, reason="I was away")
        dispute = invoice.disputes.get()

        answer = desk.post(reverse("dispute-close", args=[dispute.pk]), {"is_upheld": ""})

        assert page(answer, 422).count("This field is required.") == 2
        dispute.refresh_from_db()
        assert dispute.closed_at is None


class TestQueries:
    """Lists and pages ask as much of the database for many rows as for one."""

    @pytest.fixture
    def counted(self, desk: Client, django_assert_max_num_queries: Any) -> Callable[..., None]:
        def ask(most: int, name: str, *args: Any) -> None:
            desk.get(reverse(name, args=args))  # sessions and caches are warm
            with django_assert_max_num_queries(most):
                shown(desk, name, *args)

        return ask

    @pytest.mark.parametrize("many", [1, 4])
    def test_do_not_grow_with_rows(self, counted: Callable[..., None], many: int) -> None:
        for number in range(many):
            made = home(f"A{number}")
            used(made.meter, [1])
        run = rated()
        rated()

        counted(9, "bill-runs")
        counted(17, "bill-run", run.pk)
        counted(7, "invoices")

    def test_of_an_invoice_stay_few(self, counted: Callable[..., None], invoice: Invoice) -> None:
        counted(21, "invoice", invoice.pk)
        counted(9, "invoice-line", invoice.pk, invoice.lines.get(of="energy").place)


class TestAdmin:
    def test_reads_bills_and_edits_terms(
        self, client: Client, ada: User, invoice: Invoice, ours: Home
    ) -> None:
        client.force_login(ada)
        for name in ("invoice", "billrun", "turn", "payment", "creditnote", "dispute"):
            assert client.get(f"/admin/billing/{name}/").status_code == 200
            assert client.get(f"/admin/billing/{name}/add/").status_code == 403
        assert "INV-000001" in page(client.get(f"/admin/billing/invoice/{invoice.pk}/change/"))
        assert client.post(f"/admin/billing/invoice/{invoice.pk}/change/").status_code == 403

        sent = {"account": ours.account.pk, "anchor": "2026-01-10", "months": 2, "due_days": 30}
        client.post("/admin/billing/billingterms/add/", sent)

        assert BillingTerms.objects.get().anchor == date(2026, 1, 10)
