"""The paper of an invoice: drawn once, with the API's amounts, each name with its letters."""

import csv
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from pypdf import PdfReader

from accounts.choices import UserRole
from accounts.models import Preferences, User
from billing.documents import typesetting
from billing.invoicing import Cycle
from billing.models import Invoice, InvoiceDocument
from billing.services import drawing, issuing, running
from tariffs import plans
from tests.billing.worlds import CLERK, DYNAMIC, MAY, NOW, Home, home, prices, used, whole_month
from tests.tariffs.conftest import by_token
from workers.tasks import billing as tasks

pytestmark = pytest.mark.django_db(transaction=True)
EVIL = '=HYPERLINK("x")'
APRIL = Cycle(date(2026, 4, 1), date(2026, 5, 1))
TAXED = DYNAMIC | {"standing_per_day": "0.30", "taxes": [{"name": "VAT", "pct": "20"}]}
NAMES = {
    "Latin": "Zoë Müller-Søndergård",
    "Devanagari": "नरेन्द्र शर्मा",
    "Arabic": "محمد العربي",
    "Chinese": "王小明",
    "Thai": "สมชาย ใจดี",
    "Cyrillic": "Наталья Иванова",
}


@pytest.fixture(autouse=True)
def _sold_by(settings) -> None:
    settings.SEGS_SUPPLIER = "Mill Lane Power"
    settings.SEGS_IBAN, settings.SEGS_BIC = "BE68539007547034", "GKCCBEBB"


@pytest.fixture
def carls(carl: User) -> Home:
    """Carl's home on a dynamic plan with standing charge and tax; 3 kWh in May."""
    made = home(definition=TAXED)
    made.account.customer.user = carl
    made.account.customer.save()
    used(made.meter, [1, 2])
    prices(made.region, ["0.2", "0.4"])
    return made


@pytest.fixture
def invoice(carls: Home) -> Invoice:
    """Its bill of May."""
    return issue(carls)


def issue(home: Home, *, cycle: Cycle = MAY) -> Invoice:
    return issuing.issue(account=home.account, cycle=cycle, by=CLERK, now=NOW)


def drawn(invoice: Invoice) -> InvoiceDocument:
    drawing.draw_due(now=NOW, limit=9)
    return InvoiceDocument.objects.drawn().get(invoice=invoice)


def read(document: InvoiceDocument) -> PdfReader:
    return PdfReader(BytesIO(bytes(document.pdf)))


def words(document: InvoiceDocument) -> str:
    text = " ".join(page.extract_text() for page in read(document).pages)
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


class TestDrawing:
    def test_keeps_the_bytes_with_their_fingerprint(self, invoice):
        document = drawn(invoice)

        assert bytes(document.pdf).startswith(b"%PDF-")
        assert document.sha256 == hashlib.sha256(bytes(document.pdf)).hexdigest()
        assert (document.language, document.drawn_at) == ("en", NOW)

    def test_is_done_once_by_two_workers_at_the_same_moment(self, invoice, monkeypatch):
        made, barrier = [], threading.Barrier(2)

        def slow_pdf(content, *, now):
            made.append(content)
            return b"%PDF-made once"

        def work(_: int) -> int:
            try:
                barrier.wait(20)
                return drawing.draw_due(now=NOW, limit=9)
            finally:
                connection.close()

        monkeypatch.setattr(typesetting, "pdf", slow_pdf)
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(work, range(2)))

        assert (sum(done), len(made)) == (1, 1)

    def test_never_happens_again(self, invoice):
        before = drawn(invoice)

        assert drawing.draw_due(now=NOW + timedelta(days=9), limit=9) == 0
        assert drawn(invoice).sha256 == before.sha256
        for change in ({"pdf": b"%PDF-other"}, {"drawn_at": None, "pdf": None, "sha256": ""}):
            with pytest.raises(IntegrityError, match="as it was drawn"), transaction.atomic():
                InvoiceDocument.objects.filter(pk=before.pk).update(**change)
        with pytest.raises(IntegrityError, match="as it was drawn"), transaction.atomic():
            before.delete()

    def test_of_one_that_cannot_be_drawn_holds_up_no_other(self, carls):
        carls.account.customer.name = "Nobody \U0001f600"
        carls.account.customer.save()
        odd = issue(carls)
        other = home("B")
        whole_month(other.meter, "0.1")
        good = issue(other)

        assert drawing.draw_due(now=NOW, limit=9) == 2

        refused = InvoiceDocument.objects.get(invoice=odd)
        assert "could not be displayed" in refused.fault
        assert (refused.pdf, refused.try_at) == (None, NOW + drawing.AGAIN_AFTER)
        assert InvoiceDocument.objects.drawn().filter(invoice=good).exists()

    def test_is_the_worker_s_task(self, invoice):
        tasks.draw_documents()

        assert InvoiceDocument.objects.drawn().filter(invoice=invoice).exists()

    def test_waits_while_the_bills_of_a_run_are_due(self, invoice):
        running.request(day=date(2026, 6, 15), by=CLERK, now=NOW)

        tasks.draw_documents()

        assert not InvoiceDocument.objects.drawn().exists()

    def test_of_a_draft_is_not_wished(self, carls):
        assert not InvoiceDocument.objects.exists()


class TestThePaper:
    def test_says_the_amounts_that_the_api_says(self, invoice, carl):
        text = words(drawn(invoice))
        answer = by_token(carl).get(f"/api/billing/invoices/{invoice.pk}").json()
        lines = by_token(carl).get(f"/api/billing/invoices/{invoice.pk}/lines").json()["lines"]

        # 1 × 0.2 + 2 × 0.4, 31 days at 0.30, and a fifth of both
        assert [line["amount"] for line in lines] == ["1.000", "9.300", "2.060"]
        assert (answer["total"], "12.36 EUR" in text) == ("12.360", True)
        for line in lines:
            assert f"{line['label']} {Decimal(line['amount']):.2f}" in text
        for said in ("INV-000001", "17 June 2026", "1 May 2026 – 31 May 2026", "ACC-A", "VAT",
                     "Mill Lane Power", "Customer A", "BE68 5390 0754 7034", "3.000 kWh",
                     "This is the first bill of this account.", "none of it was estimated",
                     "dispute"):  # fmt: skip
            assert said in text

    def test_is_tagged_and_embeds_every_font(self, invoice):
        reader = read(drawn(invoice))

        root = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in root
        assert root["/Lang"] == "en"
        found = {
            name: font.get_object()
            for page in reader.pages
            for name, font in page["/Resources"]["/Font"].items()
        }
        assert len(found) >= 2
        for font in found.values():
            (descendant,) = font["/DescendantFonts"]
            described = descendant.get_object()["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & described.keys()

    @pytest.mark.parametrize("script", NAMES)
    def test_has_the_letters_of_a_name(self, carls, script):
        carls.account.customer.name = NAMES[script]
        carls.account.customer.save()

        text = words(drawn(issue(carls)))

        # What is read back has its letters in the order they are drawn: compare them as a heap.
        assert set(NAMES[script]) - {" "} <= set(text)

    @pytest.mark.parametrize(
        "name", ['=HYPERLINK("x")', "#panic()", "$x$ *b* _i_ @ref <l>", "]\\ }"]
    )
    def test_takes_a_name_as_letters_alone(self, carls, name):
        carls.account.customer.name = name
        carls.account.customer.save()

        assert name in words(drawn(issue(carls)))

    def test_says_why_it_differs_as_the_sum_of_its_reasons(self, carls):
        used(carls.meter, [5], start=NOW.replace(month=4, day=2, hour=0))
        prices(carls.region, ["0.2"] * 96, start=NOW.replace(month=4, day=2, hour=0))
        before = issue(carls, cycle=APRIL)
        after = issue(carls)

        text = words(drawn(after))

        more = after.total - before.total
        assert f"{abs(more):.2f} EUR {'more' if more > 0 else 'less'} than the bill before" in text
        assert "kWh instead of" in text
        assert "it has 31 days instead of 30" in text

    def test_speaks_the_customer_s_language(self, carls, carl):
        Preferences.objects.create(user=carl, language="de")

        text = words(drawn(issue(carls)))

        assert "Rechnung INV-000001" in text
        assert "12,36 EUR" in text
        assert "17. Juni 2026" in text

    def test_asks_for_nothing_where_nothing_is_owed(self, carls):
        definition = {"energy": {"kind": "flat", "price": "0.25"}}
        other = home("B", definition=definition)
        text = words(drawn(issue(other)))

        assert "Nothing is to be paid." in text
        assert "IBAN" not in text


class TestServing:
    def test_hands_out_the_bytes_as_kept(self, invoice, carl):
        document = drawn(invoice)

        answer = by_token(carl).get(f"/api/billing/invoices/{invoice.pk}/invoice.pdf")

        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer.content == bytes(document.pdf)
        assert answer["ETag"] == f'"{document.sha256}"'
        assert answer["Content-Disposition"] == 'inline; filename="INV-000001.pdf"'

    def test_says_to_come_again_before_it_is_drawn(self, invoice, carl):
        answer = by_token(carl).get(f"/api/billing/invoices/{invoice.pk}/invoice.pdf")

        assert (answer.status_code, answer.json()["code"]) == (409, "not_drawn")

    def test_hides_it_from_another_customer(self, invoice):
        drawn(invoice)
        otto = User.objects.create_user("otto@home.example", "secret", role=UserRole.CUSTOMER)

        for name in ("invoice.pdf", "intervals.csv"):
            answer = by_token(otto).get(f"/api/billing/invoices/{invoice.pk}/{name}")
            assert answer.status_code == 404

    def test_gives_every_interval_as_it_was_billed(self, invoice, carl):
        rows = self.cells(invoice, carl)

        assert [(row["start"], row["energy_kwh"], row["quality"]) for row in rows] == [
            ("2026-05-01T00:00:00Z", "1", "actual"),
            ("2026-05-01T00:15:00Z", "2", "actual"),
        ]
        assert sum(Decimal(row["amount"]) for row in rows) == Decimal(1)

    def test_gives_intervals_that_a_spreadsheet_runs_nothing_of(self, carl):
        week = [{"on": list(plans.WEEK), "from": {"00:00": EVIL}}]
        rates = {"kind": "time_of_use", "rates": {EVIL: "-0.3"}, "seasons": {"01-01": week}}
        odd = home("B", definition={"energy": rates})
        odd.account.customer.user = carl
        odd.account.customer.save()
        used(odd.meter, [1])

        (row,) = self.cells(issue(odd), carl)

        assert (row["component"], row["amount"]) == (f"'{EVIL}", "-0.3")

    @staticmethod
    def cells(invoice: Invoice, reader: User) -> list[dict[str, str]]:
        answer = by_token(reader).get(f"/api/billing/invoices/{invoice.pk}/intervals.csv")
        text = b"".join(answer.streaming_content).decode()
        return list(csv.DictReader(text.splitlines()))

    def test_is_linked_from_the_clerk_s_page(self, invoice, client):
        client.force_login(User.objects.create_user(CLERK, "secret", role=UserRole.CLERK))
        page = reverse("invoice", args=[invoice.pk])
        address = reverse("api-invoice-pdf", args=[invoice.pk])

        assert address not in client.get(page).content.decode()
        drawn(invoice)
        assert address in client.get(page).content.decode()


class TestTheCommand:
    def test_writes_the_document(self, invoice, tmp_path: Path, capsys):
        call_command("invoice_pdf", "INV-000001", out=tmp_path / "bill.pdf")

        document = InvoiceDocument.objects.get(invoice=invoice)
        assert (tmp_path / "bill.pdf").read_bytes() == bytes(document.pdf)
        assert document.sha256 in capsys.readouterr().out

    def test_knows_no_other_number(self, invoice):
        with pytest.raises(CommandError, match="no invoice has the number"):
            call_command("invoice_pdf", "INV-7")

    def test_that_has_nowhere_to_go_is_said(self, invoice, tmp_path):
        with pytest.raises(CommandError, match=r"bill\.pdf cannot be written"):
            call_command("invoice_pdf", "INV-000001", out=tmp_path / "none" / "bill.pdf")
