"""The clerk's pages and the API for bank files, receivables and the ledger."""

import base64
import csv
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.choices import UserRole
from accounts.models import User
from billing.choices import EntryState
from billing.models import BankEntry, BankFile, Invoice, Payment, Reminder
from billing.selectors import ledger, receivables, standing
from billing.services import issuing, matching, receiving
from tests.billing.bills import bill
from tests.billing.statements.files import payment, statement
from tests.billing.test_banking import LINES, RETURNED, matched
from tests.billing.worlds import CLERK, NOW, Home, home
from workers.tasks import billing as tasks

pytestmark = pytest.mark.django_db
EVIL = '=HYPERLINK("x")'


@pytest.fixture(autouse=True)
def _in_june() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client: Client) -> Client:
    """Clara's browser."""
    client.force_login(User.objects.create_user(CLERK, "secret", role=UserRole.CLERK))
    return client


@pytest.fixture
def ours() -> Home:
    made = home()
    made.account.customer.name = EVIL
    made.account.customer.save()
    return made


@pytest.fixture
def may(ours: Home) -> Invoice:
    """Asks for 30.00 with tax, due on 15 June."""
    lines = [*LINES, ("tax", "VAT", "5.00")]
    return bill(ours, date(2026, 5, 1), kwh="100", lines=lines)


def page(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content.decode()[:800]
    return " ".join(answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def upload(desk: Client, content: bytes, **more: str) -> Any:
    file = SimpleUploadedFile("bank.xml", content)
    return desk.post(reverse("bank"), {"file": file, **more}, follow=True)


def send(desk: Client, name: str, entry: BankEntry, **values: str) -> str:
    return page(desk.post(reverse(name, args=[entry.pk]), values, follow=True))


class TestBankFilesPage:
    def test_previews_and_takes_in(self, desk: Client, may: Invoice) -> None:
        content = statement([payment("30", may.number), payment("5", EVIL, ref="B-2")])

        before = page(upload(desk, content, preview="1"))
        assert "Read as camt053: 2 entries, 2 of them new. Nothing is kept." in before
        assert may.number in before
        assert not BankFile.objects.exists()
        assert "bank.xml is in: 2 new entries" in page(upload(desk, content))
        tasks.match_entries()

        said = page(desk.get(reverse("bank")))
        assert "it names no invoice and no account" in said
        assert "=HYPERLINK(&quot;x&quot;)" in said
        assert standing.open_amount(may) == 0
        assert "taken in before, as bank.xml" in page(upload(desk, content), 422)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"<!DOCTYPE x><Document/>", "name its format"),
            (b"camt.053", "Line 1: not well-formed"),
        ],
    )
    def test_says_what_is_wrong(self, desk: Client, content: bytes, words: str) -> None:
        assert words in page(upload(desk, content), 422)
        assert not BankFile.objects.exists()

    def test_works_the_list_off(self, desk: Client, ours: Home, may: Invoice) -> None:
        first, second = matched(payment("30", "x"), payment("7", "y", ref="B-2"))

        assert "has this number" in send(desk, "bank-assign", first, number="INV-9")
        assert "30.00 EUR is booked." in send(desk, "bank-assign", first, number=may.number or "")
        assert "say why" in send(desk, "bank-ignore", second, reason="")
        assert "7.00 EUR is let be." in send(desk, "bank-ignore", second, reason="rent")
        assert "Nothing waits for you." in page(desk.get(reverse("bank")))
        assert "somebody has decided it" in send(desk, "bank-ignore", second, reason="rent")
        assert may.number in page(desk.get(reverse("bank") + "?state=booked"))

        assert "waits again" in send(desk, "bank-undo", first, reason="another's")
        assert standing.open_amount(may) == Decimal(30)
        assert "another&#x27;s" in page(desk.get(reverse("bank")))

    def test_takes_a_payment_back(self, desk: Client, may: Invoice) -> None:
        matched(payment("5", may.number), payment("5", may.number, ref="B-2"))
        (back,) = matched(payment("5", may.number, way="DBIT", ref="B-9", more=RETURNED))
        paid = Payment.objects.latest("pk")

        assert f'value="{paid.reference}"' in page(desk.get(reverse("bank")))
        assert "No payment has this reference." in send(desk, "bank-take-back", back, payment="?")
        assert "is taken back" in send(desk, "bank-take-back", back, payment=paid.reference)
        assert standing.open_amount(may) == Decimal(25)

    def test_asks_little_for_many(
        self, desk: Client, may: Invoice, django_assert_max_num_queries: Any
    ) -> None:
        matched(*[payment("1", "x", ref=f"B-{n}") for n in range(6)])
        desk.get(reverse("bank"))

        with django_assert_max_num_queries(16):
            page(desk.get(reverse("bank")))


class TestReceivables:
    @pytest.mark.parametrize(
        ("day", "bucket"),
        [
            ("2026-06-15", "current"), ("2026-06-16", "to_30"), ("2026-07-15", "to_30"),
            ("2026-07-16", "to_60"), ("2026-08-14", "to_60"), ("2026-08-15", "to_90"),
            ("2026-09-13", "to_90"), ("2026-09-14", "over_90"),
        ],
    )  # fmt: skip
    def test_age_by_days_past_due(self, may: Invoice, day: str, bucket: str) -> None:
        assert may.due_on == date(2026, 6, 15)

        ((row,), _cursor) = receivables.page(on=date.fromisoformat(day), limit=5)

        assert getattr(row, bucket) == row.balance == Decimal(30)

    def test_stand_as_they_did_on_any_day(self, ours: Home, may: Invoice) -> None:
        matched(payment("40", may.number, day="2026-06-10", end_to_end="E-1"))
        matched(payment("40", "x", ref="B-9", way="DBIT", end_to_end="E-1", day="2026-06-20",
                        more=RETURNED))  # fmt: skip

        def at(day: int) -> tuple[Decimal, Decimal]:
            (row,) = receivables.totals(on=date(2026, 6, day)) or [None]
            return (row.balance, row.credit) if row else (Decimal(0), Decimal(0))

        assert receivables.page(on=date(2026, 6, 2), limit=5) == ([], None)  # not issued
        assert at(9) == (Decimal(30), Decimal(0))
        assert at(10) == (Decimal(-10), Decimal(-10))
        assert at(19) == (Decimal(-10), Decimal(-10))
        assert at(20) == (Decimal(30), Decimal(0))

    def test_add_up_to_the_balance(self, ours: Home, may: Invoice) -> None:
        other = bill(ours, date(2026, 4, 1), kwh="100", lines=LINES)
        matched(payment("12", may.number), payment("60", other.number, ref="B-2"))
        issuing.void(invoice=may, reason="x", by=CLERK, now=NOW)

        ((row,), _cursor) = receivables.page(on=date(2026, 7, 1), limit=5)

        assert row.balance == standing.balance(account=ours.account, currency="EUR")

    def test_come_page_by_page_and_as_csv(self, desk: Client, may: Invoice) -> None:
        bill(home("B"), date(2026, 5, 1), kwh="100", lines=LINES)

        first = desk.get("/api/billing/receivables?limit=1&day=2026-07-01").json()
        second = desk.get(first["next"]).json()
        file = desk.get("/api/billing/receivables.csv?day=2026-07-01")
        rows = list(csv.DictReader(page_of(file).splitlines()))

        accounts = [row["account"] for row in first["results"] + second["results"]]
        assert (accounts, second["next"]) == (["ACC-A", "ACC-B"], None)
        assert (first["day"], first["results"][0]["to_30"]) == ("2026-07-01", "30.000")
        assert rows[0]["customer"] == f"'{EVIL}"
        assert [Decimal(row["balance"]) for row in rows] == [30, 25]
        said = page(desk.get(reverse("receivables") + "?day=2026-07-01"))
        assert "Owed at the end of 2026-07-01" in said
        assert "55.00 EUR" in said
        assert page(desk.get(reverse("receivables") + "?day=x&cursor=odd"))


def page_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


class TestLedger:
    def test_balances_by_document_and_ends_at_what_is_owed(self, ours: Home, may: Invoice) -> None:
        april = bill(ours, date(2026, 4, 1), kwh="10", lines=[("energy", "Energy", "-3.00")])
        Reminder.objects.create(
            invoice=may, level=1, days_after_due=3, made_at=NOW, made_on=NOW.date(),
            currency="EUR", fee=Decimal(5), open_amount=35, language="en", subject="x", text="x",
        )  # fmt: skip
        matched(payment("50", may.number, end_to_end="E-1"), payment("8", "x", ref="B-2"))
        waiting = BankEntry.objects.get(state=EntryState.WAITING)
        matching.assign(entry=waiting, account=ours.account, by=CLERK, now=NOW)
        matching.undo(entry=waiting, reason="no", by=CLERK, now=NOW)
        matched(payment("50", "x", ref="B-9", way="DBIT", end_to_end="E-1", more=RETURNED))
        owed = standing.balance(account=ours.account, currency="EUR")

        lines = list(ledger.postings(start=date(2026, 6, 1), end=date(2026, 7, 1)))

        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for line in lines:
            assert line.debit >= 0
            assert line.credit >= 0
            sums[line.document, line.number] += line.debit - line.credit
        assert set(sums.values()) == {Decimal(0)}
        assert {line.document for line in lines} == {"invoice", "reminder", "payment", "reversal"}
        assert received(lines, "receivables") == owed == Decimal(32)
        assert (received(lines, "bank"), received(lines, "tax")) == (0, Decimal(-5))
        assert april.number in {line.number for line in lines}

    def test_of_a_void_invoice_comes_to_nothing(self, ours: Home, may: Invoice) -> None:
        issuing.void(invoice=may, reason="x", by=CLERK, now=NOW)

        lines = list(ledger.postings(start=date(2026, 6, 1), end=date(2026, 7, 1)))

        assert {received(lines, name) for name in ("receivables", "revenue", "tax")} == {0}
        assert sum(line.debit for line in lines) == sum(line.credit for line in lines) == 60

    def test_posts_on_the_day_of_writing(self, ours: Home, may: Invoice) -> None:
        receiving.receive(
            account=ours.account, invoice=may, amount=Decimal(5), currency="EUR", reference=EVIL,
            received_on=date(2026, 5, 20), by=CLERK, now=NOW + timedelta(days=40),
        )  # fmt: skip

        def documents(start: date, end: date) -> set[str]:
            return {line.document for line in ledger.postings(start=start, end=end)}

        assert documents(date(2026, 5, 1), date(2026, 6, 1)) == set()
        assert documents(date(2026, 6, 1), date(2026, 7, 1)) == {"invoice"}
        (bank, owed) = ledger.postings(start=date(2026, 7, 1), end=date(2026, 8, 1))
        assert (bank.value_on, bank.debit, owed.credit) == (date(2026, 5, 20), 5, 5)

    def test_is_a_harmless_table_with_the_numbers_of_the_house(
        self, desk: Client, may: Invoice, settings: Any
    ) -> None:
        settings.SEGS_LEDGER_ACCOUNTS = {"receivables": "1200"}
        receiving.receive(
            account=may.account, invoice=may, amount=Decimal(5), currency="EUR", reference=EVIL,
            received_on=date(2026, 6, 2), by=CLERK, now=NOW,
        )  # fmt: skip

        answer = desk.get("/api/billing/ledger.csv?start=2026-06-01&end=2026-07-01")
        rows = list(csv.DictReader(page_of(answer).splitlines()))

        assert {row["ledger_account"] for row in rows} == {"1200", "revenue", "tax", "bank"}
        assert f"'{EVIL}" in {row["number"] for row in rows}
        assert sum(Decimal(row["debit"]) - Decimal(row["credit"]) for row in rows) == 0


def received(lines: list[ledger.Posting], name: str) -> Decimal:
    found = (line.debit - line.credit for line in lines if line.ledger_account == name)
    return sum(found, Decimal(0))


class TestTheApi:
    def post(self, desk: Client, path: str, said: dict[str, Any]) -> Any:
        return desk.post(f"/api/admin/{path}", said, content_type="application/json")

    def test_takes_in_and_works_off(self, desk: Client, ours: Home, may: Invoice) -> None:
        content = base64.b64encode(statement([payment("30", "x")])).decode()
        made = self.post(desk, "bank-files", {"name": "bank.xml", "content": content})
        assert (made.status_code, made.json()["added"]) == (201, 1)
        again = self.post(desk, "bank-files", {"name": "bank.xml", "content": content})
        assert (again.status_code, again.json()["code"]) == (409, "already_taken")
        tasks.match_entries()
        (entry,) = desk.get("/api/admin/bank-entries?state=waiting").json()["results"]
        at = f"bank-entries/{entry['id']}"

        assert entry["mismatch"] == "no_reference"
        assert self.post(desk, f"{at}/assign", {}).status_code == 400
        booked = self.post(desk, f"{at}/assign", {"invoice": may.number}).json()
        assert (booked["state"], booked["payments"][0]["invoice"]) == ("booked", may.number)
        assert self.post(desk, f"{at}/ignore", {"reason": "x"}).json()["code"] == "not_waiting"
        undone = self.post(desk, f"{at}/undo", {"reason": "x"}).json()
        assert (undone["state"], undone["payments"][0]["is_reversed"]) == ("waiting", True)
        back = self.post(desk, f"{at}/take-back", {"payment": undone["payments"][0]["reference"]})
        assert back.json()["code"] == "other_way"
        assert self.post(desk, f"{at}/ignore", {"reason": "x"}).json()["state"] == "ignored"
        assert len(desk.get("/api/admin/bank-files").json()["results"]) == 1

    @pytest.mark.parametrize(
        ("content", "status"), [("%%%", 400), (base64.b64encode(b"camt.053").decode(), 409)]
    )
    def test_refuses_what_is_no_file(self, desk: Client, content: str, status: int) -> None:
        made = self.post(desk, "bank-files", {"name": "x", "content": content})

        assert made.status_code == status


def test_days_are_those_of_the_site(may: Invoice, settings: Any) -> None:
    settings.SEGS_SITE_ZONE = "Pacific/Kiritimati"  # where it is ten at night on 3 June

    assert receivables.totals(on=date(2026, 6, 2)) == []
    assert receivables.totals(on=date(2026, 6, 3))[0].balance == Decimal(30)
