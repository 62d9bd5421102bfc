"""Bank files: each entry once, matched by its words, and a worklist for what is not."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from billing.choices import EntryState, InvoiceState, Mismatch
from billing.models import BankEntry, BankFile, BankLayout, Invoice, Payment, PaymentReversal
from billing.selectors import banking as questions
from billing.selectors import standing
from billing.services import banking, issuing, matching, receiving
from meters.formats.base import Refused
from tests.billing.bills import bill
from tests.billing.statements.files import payment, statement
from tests.billing.worlds import CLERK, NOW, Home, home

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
RETURNED = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
LINES = [("energy", "Energy", "25.00")]


@pytest.fixture
def ours() -> Home:
    return home()


@pytest.fixture
def may(ours: Home) -> Invoice:
    """Asks for 25.00."""
    return bill(ours, date(2026, 5, 1), kwh="100", lines=LINES)


@pytest.fixture
def june(ours: Home) -> Invoice:
    """Asks for 25.00 a month later."""
    return bill(ours, date(2026, 6, 1), kwh="100", lines=LINES)


def take_in(content: bytes, name: str = "bank.xml", format_name: str = "") -> BankFile:
    return banking.take_in(
        stream=BytesIO(content), name=name, format_name=format_name, by=CLERK, now=NOW
    )


def matched(*entries: str) -> list[BankEntry]:
    """Take in a file with these entries and match them."""
    file = take_in(statement(entries))
    while matching.match_due(now=NOW, limit=50):
        pass
    return list(BankEntry.objects.filter(file=file).order_by("pk"))


def only(*entries: str) -> BankEntry:
    (entry,) = matched(*entries)
    return entry


def balance(home: Home) -> Decimal:
    return standing.balance(account=home.account, currency="EUR")


def booked(entry: BankEntry) -> Sequence[tuple[str | None, Decimal]]:
    rows = Payment.objects.standing().filter(entry=entry).order_by("pk")
    return [(row.invoice and row.invoice.number, row.amount) for row in rows]


class TestTakingIn:
    def test_of_the_same_file_books_nothing_twice(self, may: Invoice) -> None:
        content = statement([payment("25.00", may.number)])
        take_in(content)

        with pytest.raises(banking.AlreadyTaken, match=r"taken in on 2026-06-03"):
            take_in(content, name="again.xml")

    def test_of_files_that_overlap_books_each_entry_once(self, ours: Home, may: Invoice) -> None:
        first, second = payment("10", may.number), payment("5", may.number, ref="B-2")
        matched(first)

        file = take_in(statement([first, second], version="08"))
        matching.match_due(now=NOW, limit=50)

        assert (file.entries, file.added) == (2, 1)
        assert balance(ours) == Decimal(10)

    def test_of_two_statements_that_overlap_in_a_file_does_too(self) -> None:
        one = statement([payment()]).decode()
        twice = one.replace(
            "</Stmt>", "</Stmt>" + one[one.index("<Stmt>") : one.index("</Stmt>")] + "</Stmt>"
        )

        assert (take_in(twice.encode()).entries, BankEntry.objects.count()) == (2, 1)

    def test_of_a_refused_file_keeps_nothing(self) -> None:
        with pytest.raises(Refused):
            take_in(statement([payment(), payment(ref="B-2", amount="x")]))

        assert not BankFile.objects.exists()
        assert not BankEntry.objects.exists()

    def test_of_an_empty_statement_is_refused(self) -> None:
        with pytest.raises(Refused, match="holds no booked entry"):
            take_in(statement([]))

    def test_of_an_unknown_format_names_those_that_are_known(self) -> None:
        for name in ("", "mt940"):
            with pytest.raises(questions.UnknownFormat, match="camt053"):
                take_in(b"date;amount\n", format_name=name)

    def test_by_a_layout_is_told_by_its_headings(self, ours: Home, may: Invoice) -> None:
        layout = BankLayout(
            name="savings", label="Savings bank", date_column="Date", amount_column="Amount",
            reference_columns="Text\nMore", currency="EUR", decimal_mark=",",
        )  # fmt: skip
        layout.full_clean()
        layout.save()

        file = take_in(f"Date;Amount;Text;More\n2026-06-02;25,00;{may.number};x\n".encode())
        matching.match_due(now=NOW, limit=50)

        assert file.format == "savings"
        assert balance(ours) == 0

    def test_by_a_layout_that_reads_no_file_is_not_entered(self) -> None:
        layout = BankLayout(name="camt053", label="x", date_column="1", amount_column="2",
                            reference_columns="3", currency="EUR")  # fmt: skip
        with pytest.raises(ValidationError, match="another format"):
            layout.full_clean()
        layout.name, layout.currency = "x", ""
        with pytest.raises(ValidationError, match="neither a currency"):
            layout.full_clean()

    def test_in_preview_judges_and_keeps_nothing(self, may: Invoice) -> None:
        content = statement([payment("25", may.number), payment("5", "?", ref="B-2")])

        found = banking.preview(stream=BytesIO(content), name="x", format_name="")

        (first, second) = found.judged
        assert (found.format, found.added, found.known) == ("camt053", 2, 0)
        assert [invoice.number for invoice in first[1].invoices] == [may.number]
        assert second[1].mismatch == Mismatch.NO_REFERENCE
        assert not BankEntry.objects.exists()


class TestMatching:
    def test_pays_the_invoice_that_is_named(self, ours: Home, may: Invoice) -> None:
        entry = only(payment("25.00", f"Strom {may.number.lower()} danke"))

        assert (entry.state, booked(entry)) == (EntryState.BOOKED, [(may.number, Decimal(25))])
        assert standing.state_of(may) == InvoiceState.PAID
        made = Payment.objects.get()
        assert (made.received_on, made.recorded_by) == (date(2026, 6, 2), "bank file")

    def test_pays_in_part_and_then_in_full(self, may: Invoice) -> None:
        matched(payment("10", may.number), payment("15", may.number, ref="B-2"))

        assert [event.state for event in may.events.all()] == ["issued", "part_paid", "paid"]

    def test_leaves_what_is_too_much_to_the_account(self, ours: Home, may: Invoice) -> None:
        entry = only(payment("30", may.number))

        assert booked(entry) == [(may.number, Decimal(25)), (None, Decimal(5))]
        assert (standing.open_amount(may), balance(ours)) == (Decimal(0), Decimal(-5))

    def test_leaves_what_is_paid_twice_to_the_account(self, ours: Home, may: Invoice) -> None:
        _first, second = matched(payment("25", may.number), payment("25", may.number, ref="B-2"))

        assert booked(second) == [(None, Decimal(25))]
        assert balance(ours) == Decimal(-25)

    def test_pays_several_invoices_the_oldest_first(self, may: Invoice, june: Invoice) -> None:
        entry = only(payment("40", f"{june.number} {may.number}"))

        assert booked(entry) == [(may.number, Decimal(25)), (june.number, Decimal(15))]

    def test_by_an_account_pays_what_it_owes(
        self, ours: Home, may: Invoice, june: Invoice
    ) -> None:
        ours.account.number = "ACC-0001"
        ours.account.save()

        entry = only(payment("60", "for (ACC-0001), thanks"))

        assert booked(entry) == [
            (may.number, Decimal(25)), (june.number, Decimal(25)), (None, Decimal(10)),
        ]  # fmt: skip

    def test_finds_the_number_where_the_payer_put_it_elsewhere(self, may: Invoice) -> None:
        assert only(payment("25", "power", end_to_end=may.number)).state == EntryState.BOOKED

    def test_of_what_went_out_books_nothing(self) -> None:
        entry = only(payment(way="DBIT", text="rent"))

        assert (entry.state, entry.note) == (EntryState.IGNORED, questions.WENT_OUT)

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"text": "thanks"}, Mismatch.NO_REFERENCE),
            ({"text": "INV-999999"}, Mismatch.NO_REFERENCE),
            ({"currency": "USD"}, Mismatch.CURRENCY),
            ({"amount": "1.005"}, Mismatch.BAD_AMOUNT),
            ({"head": "<RvslInd>true</RvslInd>"}, Mismatch.ODD_RETURN),
        ],
        ids=["no reference", "unknown number", "currency", "too fine", "odd return"],
    )
    def test_lets_the_clerk_look_at_what_is_not_plain(
        self, may: Invoice, said: dict[str, Any], why: Mismatch
    ) -> None:
        entry = only(payment(**{"amount": "25", "text": may.number, **said}))

        assert (entry.state, entry.mismatch) == (EntryState.WAITING, why)
        assert not Payment.objects.exists()

    def test_of_two_accounts_is_the_clerks(self, may: Invoice) -> None:
        other = bill(home("B"), date(2026, 5, 1), kwh="100", lines=LINES)

        assert only(payment("50", f"{may.number} {other.number}")).mismatch == Mismatch.SEVERAL

    def test_of_a_void_invoice_is_the_clerks(self, may: Invoice) -> None:
        issuing.void(invoice=may, reason="x", by=CLERK, now=NOW)

        assert only(payment("25", may.number)).mismatch == Mismatch.NOT_LIVE

    def test_of_what_was_typed_in_before_is_the_clerks(self, ours: Home, may: Invoice) -> None:
        receiving.receive(
            account=ours.account, invoice=may, amount=Decimal(25), currency="EUR",
            received_on=date(2026, 6, 2), reference="B-1", by=CLERK, now=NOW,
        )  # fmt: skip

        assert only(payment("25", may.number)).mismatch == Mismatch.BY_HAND


class TestAReturn:
    def test_takes_the_payment_back_with_all_its_parts(self, ours: Home, may: Invoice) -> None:
        matched(payment("30", may.number, end_to_end="E-1"))

        back = only(payment("30", "x", ref="B-9", way="DBIT", end_to_end="E-1", more=RETURNED))

        assert back.state == EntryState.BOOKED
        assert [r.reason for r in back.reversals.all()] == ["returned by the bank AC04"] * 2
        assert [event.state for event in may.events.all()] == ["issued", "paid", "issued"]
        assert balance(ours) == Decimal(25)

    def test_finds_it_by_the_invoice_too(self, ours: Home, may: Invoice) -> None:
        matched(payment("25", may.number))

        matched(payment("25", may.number, way="DBIT", ref="B-9", head="<RvslInd>1</RvslInd>"))

        assert balance(ours) == Decimal(25)

    def test_of_one_of_two_alike_is_the_clerks(self, ours: Home, may: Invoice) -> None:
        matched(payment("5", may.number), payment("5", may.number, ref="B-2"))

        back = only(payment("5", may.number, way="DBIT", ref="B-9", more=RETURNED))

        assert (back.mismatch, len(questions.offered(back))) == (Mismatch.NO_ORIGINAL, 2)
        chosen = questions.offered(back)[0]
        matching.take_back(entry=back, payment=chosen, by=CLERK, now=LATER)
        assert balance(ours) == Decimal(20)
        with pytest.raises(matching.NotWaiting):
            matching.take_back(entry=back, payment=chosen, by=CLERK, now=LATER)

    def test_undone_books_the_payment_anew_however_often(self, ours: Home, may: Invoice) -> None:
        matched(payment("25", may.number))
        back = only(payment("25", may.number, way="DBIT", ref="B-9", more=RETURNED))

        for turn in range(1, 4):
            moment = NOW + timedelta(hours=turn)
            matching.undo(entry=back, reason="another's", by=CLERK, now=moment)
            assert balance(ours) == 0
            (stands,) = Payment.objects.standing()
            matching.take_back(
                entry=back, payment=stands, by=CLERK, now=moment + timedelta(minutes=1)
            )
            assert balance(ours) == Decimal(25)
            back.refresh_from_db()


class TestTheWorklist:
    @pytest.fixture
    def waiting(self, may: Invoice) -> BankEntry:
        return only(payment("30", "thanks"))

    def test_assigns_to_an_invoice(self, ours: Home, may: Invoice, waiting: BankEntry) -> None:
        done = matching.assign(entry=waiting, invoice=may, by=CLERK, now=LATER)

        assert (done.state, done.decided_by) == (EntryState.BOOKED, CLERK)
        assert booked(done) == [(may.number, Decimal(25)), (None, Decimal(5))]

    def test_assigns_to_an_account(self, ours: Home, may: Invoice, waiting: BankEntry) -> None:
        matching.assign(entry=waiting, account=ours.account, by=CLERK, now=LATER)

        assert balance(ours) == Decimal(-5)
        assert standing.state_of(may) == InvoiceState.PAID

    def test_assigns_once(self, may: Invoice, waiting: BankEntry) -> None:
        matching.assign(entry=waiting, invoice=may, by=CLERK, now=LATER)

        with pytest.raises(matching.NotWaiting):
            matching.assign(entry=waiting, invoice=may, by=CLERK, now=LATER)

    def test_undoes_and_assigns_to_another(
        self, ours: Home, may: Invoice, waiting: BankEntry
    ) -> None:
        matching.assign(entry=waiting, invoice=may, by=CLERK, now=LATER)
        other = home("B")

        undone = matching.undo(entry=waiting, reason="is Bob's", by=CLERK, now=LATER)
        assert (undone.state, undone.mismatch, undone.note) == ("waiting", "undone", "is Bob's")
        matching.assign(entry=waiting, account=other.account, by=CLERK, now=LATER)

        assert (balance(ours), balance(other)) == (Decimal(25), Decimal(-30))
        assert standing.state_of(may) == InvoiceState.ISSUED

    def test_ignores_with_a_reason_and_takes_it_up_again(self, waiting: BankEntry) -> None:
        ignored = matching.ignore(entry=waiting, reason="rent of the hall", by=CLERK, now=LATER)
        assert (ignored.state, ignored.note) == (EntryState.IGNORED, "rent of the hall")

        assert matching.undo(entry=waiting, reason="no", by=CLERK, now=LATER).state == "waiting"
        with pytest.raises(matching.NotDecided):
            matching.undo(entry=waiting, reason="no", by=CLERK, now=LATER)

    def test_refuses_what_does_not_go_together(self, may: Invoice, waiting: BankEntry) -> None:
        dollars = only(payment("5", "?", ref="B-7", currency="USD"))
        out = only(payment("5", "?", ref="B-8", way="DBIT", more=RETURNED))

        with pytest.raises(matching.WrongCurrency):
            matching.assign(entry=dollars, invoice=may, by=CLERK, now=LATER)
        with pytest.raises(matching.OtherWay):
            matching.assign(entry=out, invoice=may, by=CLERK, now=LATER)
        issuing.void(invoice=may, reason="x", by=CLERK, now=NOW)
        with pytest.raises(receiving.NotTheirs):
            matching.assign(entry=waiting, invoice=may, by=CLERK, now=LATER)

    def test_does_not_undo_what_the_bank_has_taken_back(self, may: Invoice) -> None:
        entry = only(payment("25", may.number))
        matched(payment("25", may.number, way="DBIT", ref="B-9", more=RETURNED))

        with pytest.raises(matching.TakenBack):
            matching.undo(entry=entry, reason="x", by=CLERK, now=LATER)


class TestWhatIsKept:
    def test_is_never_changed(self, may: Invoice) -> None:
        matched(payment("25", may.number))
        matched(payment("25", may.number, way="DBIT", ref="B-9", more=RETURNED))

        changes: list[Callable[[], Any]] = [
            lambda: BankEntry.objects.update(amount=1),
            BankEntry.objects.all().delete,
            lambda: PaymentReversal.objects.get().delete(),
        ]
        for change in changes:
            with pytest.raises(IntegrityError), transaction.atomic():
                change()


class TestTheCommand:
    def test_takes_in_and_says_what_waits(
        self, may: Invoice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "bank.xml"
        path.write_bytes(statement([payment("25", may.number), payment("5", "?", ref="B-2")]))

        call_command("import_bank_file", path, "--preview")
        assert f"25.00 EUR, {may.number}" in capsys.readouterr().out.replace("25 EUR", "25.00 EUR")
        assert not BankEntry.objects.exists()
        call_command("import_bank_file", path)
        said = capsys.readouterr().out
        call_command("import_bank_file", path)

        assert "2 entries, 2 new: 1 waits for you, 1 booked" in said
        assert "nothing to do, already taken in on" in capsys.readouterr().out

    def test_refuses_with_the_line(self, tmp_path: Path) -> None:
        path = tmp_path / "bank.xml"
        path.write_bytes(b"<!DOCTYPE x><Document/>")

        with pytest.raises(CommandError, match="line 1: holds a document type"):
            call_command("import_bank_file", path, "--format", "camt053")
        with pytest.raises(CommandError, match="known are camt053"):
            call_command("import_bank_file", path, "--format", "mt940")
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("import_bank_file", tmp_path / "none.xml")
