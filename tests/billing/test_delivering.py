"""Bills by mail, what comes back, and those on paper: each once."""

import hashlib
import smtplib
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader, PdfWriter

from accounts.choices import UserRole
from accounts.models import Preferences, User
from billing.choices import DeliveryState, DeliveryWay
from billing.models import Delivery, Invoice, InvoiceDocument, PrintBatch
from billing.services import delivering, drawing, issuing, printing
from tests.billing.bills import bill
from tests.billing.test_bounces import ID, notification
from tests.billing.worlds import CLERK, NOW, home
from workers.tasks import billing as tasks

pytestmark = pytest.mark.django_db
LINES = [("energy", "Energy", "25.00")]
EVIL = '=HYPERLINK("x")\r\nBcc: all@home.example'


@pytest.fixture(autouse=True)
def _in_june() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def paper(pages: int) -> bytes:
    """A PDF of so many pages."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def billed(name: str, *, email: str = "", pages: int = 1, language: str = "en") -> Invoice:
    """An issued bill with its document, of somebody who can be mailed to, or not."""
    made = home(name)
    if email:
        user = User.objects.create_user(email, "secret", role=UserRole.CUSTOMER)
        made.account.customer.user = user
        made.account.customer.save()
    invoice = bill(made, date(2026, 5, 1), kwh="100", lines=LINES)
    pdf = paper(pages)
    InvoiceDocument.objects.create(
        invoice=invoice, wanted_at=NOW, try_at=NOW, drawn_at=NOW, pdf=pdf, language=language,
        sha256=hashlib.sha256(pdf).hexdigest(),
    )  # fmt: skip
    return invoice


def wanted(invoice: Invoice) -> Delivery:
    return delivering.want(invoice=invoice, now=NOW)


def send(after: timedelta = timedelta()) -> int:
    return delivering.send_due(now=NOW + after, limit=10)


def states() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("way", "state"))


@pytest.fixture
def carls() -> Invoice:
    return billed("A", email="carl@home.example")


class TestMailing:
    def test_brings_the_bill_as_it_was_drawn_once(self, carls: Invoice) -> None:
        assert wanted(carls) == wanted(carls)

        assert (send(), send(timedelta(days=1))) == (1, 0)

        (sent,) = mail.outbox
        assert (sent.to, sent.subject) == (["carl@home.example"], f"Your bill {carls.number}")
        assert "comes to 25.00 EUR. Please pay by" in str(sent.body).replace("\xa0", " ")
        ((name, content, kind),) = sent.attachments
        assert (name, kind) == (f"{carls.number}.pdf", "application/pdf")
        assert content == bytes(carls.document.pdf or b"")
        assert states() == [("mail", "sent")]

    def test_leads_to_the_bill_where_nothing_is_attached(
        self, carls: Invoice, settings: Any
    ) -> None:
        settings.SEGS_BILL_MAIL = "link"
        wanted(carls)
        send()

        assert mail.outbox[0].attachments == []
        assert f"{settings.SEGS_SITE_URL}/bills/{carls.pk}/" in mail.outbox[0].body

    @pytest.mark.parametrize(
        ("language", "subject"),
        [
            ("de", "Ihre Rechnung"), ("es", "Su factura"), ("fr", "Votre facture"),
            ("nl", "Uw rekening"),
        ],
    )  # fmt: skip
    def test_speaks_the_language_of_its_document(self, language: str, subject: str) -> None:
        invoice = billed("A", email="carl@home.example", language=language)
        wanted(invoice)
        send()

        assert mail.outbox[0].subject == f"{subject} {invoice.number}"

    def test_is_wanted_when_the_document_is_drawn(
        self, carls: Invoice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = bill(home("B"), date(2026, 5, 1), kwh="1", lines=LINES)
        InvoiceDocument.objects.create(invoice=other, wanted_at=NOW, try_at=NOW)
        monkeypatch.setattr(drawing, "draw", lambda invoice, language: paper(1))

        tasks.draw_documents()

        assert states() == [("print", "queued")]

    def test_of_a_name_that_is_an_attack_changes_no_header(self) -> None:
        made = billed("A", email="carl@home.example")
        made.parties = {"customer": {"name": EVIL}}
        row = wanted(made)
        row.invoice = made

        sent = delivering._mail(row, mail.get_connection())

        assert "all@home.example" not in str(sent.message()["Bcc"])
        assert 'Dear =HYPERLINK("x") Bcc: all@home.example,' in sent.body

    def test_of_a_void_bill_is_not_sent(self, carls: Invoice) -> None:
        wanted(carls)
        issuing.void(invoice=carls, reason="x", by=CLERK, now=NOW)

        assert send() == 0
        assert states() == [("mail", "failed")]
        assert not Delivery.objects.troubled().exists()


class Failing(EmailBackend):
    """A mail server that answers as `problem` says."""

    problem: Exception = OSError("no route")

    def send_messages(self, messages: Any) -> int:
        raise self.problem


class TestAFailingServer:
    @pytest.fixture(autouse=True)
    def _failing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(delivering, "get_connection", lambda **_options: Failing())

    def test_is_tried_again_ever_later_then_given_up_for_paper(self, carls: Invoice) -> None:
        row, waits, moment = wanted(carls), [], NOW
        while row.state == DeliveryState.QUEUED:
            delivering.send_due(now=moment, limit=10)
            row.refresh_from_db()
            waits.append((row.due_at - moment) // timedelta(minutes=1))
            assert delivering.send_due(now=moment, limit=10) == 0  # not before it is due
            moment = row.due_at

        assert waits == [2, 4, 8, 16, 32, 64, 128, 256]
        assert row.fault == "OSError: no route"
        assert states() == [("mail", "failed"), ("print", "queued")]
        assert Delivery.objects.troubled().get() == row

    def test_that_refuses_the_address_is_not_asked_again(
        self, carls: Invoice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = smtplib.SMTPRecipientsRefused({"carl@home.example": (550, b"no such user")})
        monkeypatch.setattr(Failing, "problem", refused)
        wanted(carls)

        send()

        assert states() == [("mail", "failed"), ("print", "queued")]


class TestWhoGetsPaper:
    def test_is_who_cannot_be_mailed_to_or_does_not_want_it(self, settings: Any) -> None:
        plain = billed("A")
        unwilling = billed("B", email="b@home.example")
        Preferences.objects.create(user=unwilling.account.customer.user, notify_bills=False)
        assert {wanted(plain).way, wanted(unwilling).way} == {DeliveryWay.PRINT}
        settings.SEGS_BILL_MAIL = "off"
        assert wanted(billed("C", email="c@home.example")).way == DeliveryWay.PRINT


class TestABounce:
    @pytest.fixture
    def row(self, carls: Invoice) -> Delivery:
        made = wanted(carls)
        Delivery.objects.filter(pk=made.pk).update(message_id=ID)
        send()
        return made

    def take(self, **said: str) -> delivering.Returned:
        return delivering.take_bounce(content=notification(**said), now=NOW)

    def test_that_is_hard_moves_the_bill_to_paper_once(self, row: Delivery) -> None:
        assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<{ID}@")

        assert self.take() == self.take() == delivering.Returned(bounced=1)

        row.refresh_from_db()
        assert row.fault == "5.1.1 smtp; 550 5.1.1 no such user"
        assert states() == [("mail", "bounced"), ("print", "queued")]

    def test_that_is_soft_is_only_noted(self, row: Delivery) -> None:
        assert self.take(action="delayed", status="4.4.1").delayed == 1
        assert states() == [("mail", "sent")]

    def test_of_nobody_s_bill_changes_nothing(self, db: None) -> None:
        assert self.take().unknown == 1
        assert delivering.take_bounce(content=b"hi", now=NOW).unknown == 1

    def test_keeps_the_address_until_the_clerk_has_seen_it(
        self, row: Delivery, carls: Invoice
    ) -> None:
        self.take()
        assert delivering.address_of(carls) == ""

        delivering.see(delivery=row, by=CLERK, now=NOW)

        assert delivering.address_of(carls) == "carl@home.example"
        with pytest.raises(delivering.NotTroubled):
            delivering.see(delivery=row, by=CLERK, now=NOW)

    def test_is_read_from_a_maildir(
        self, row: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for folder in ("new", "cur", "tmp"):
            (tmp_path / folder).mkdir()
        (tmp_path / "new" / "1").write_bytes(notification())
        (tmp_path / "cur" / "2").write_bytes(b"Subject: hello\n\nhi")
        (tmp_path / "tmp" / "3").write_bytes(notification())

        call_command("read_bounces", tmp_path)
        call_command("read_bounces", tmp_path / "new" / "1")

        said = capsys.readouterr().out
        assert said == "1 bounced, 0 delayed, 1 of no bill\n1 bounced, 0 delayed, 0 of no bill\n"
        assert states() == [("mail", "bounced"), ("print", "queued")]


class TestAPrintBatch:
    def make(self) -> PrintBatch:
        printing.want(by=CLERK, now=NOW)
        assert printing.make_due(now=NOW)
        return PrintBatch.objects.latest("pk")

    def test_has_each_bill_once_in_order(self) -> None:
        for name, pages in (("A", 1), ("B", 3)):
            wanted(billed(name, pages=pages))
        void = billed("C")
        wanted(void)
        issuing.void(invoice=void, reason="x", by=CLERK, now=NOW)

        batch = self.make()

        pdf = bytes(batch.pdf or b"")
        assert (batch.bills, batch.pages) == (2, 4)
        assert len(PdfReader(BytesIO(pdf)).pages) == 4
        assert batch.sha256 == hashlib.sha256(pdf).hexdigest()
        assert list(batch.deliveries.order_by("place").values_list("place", "state")) == [
            (1, "sent"), (2, "sent"),
        ]  # fmt: skip
        with pytest.raises(printing.NothingToPrint):
            printing.want(by=CLERK, now=NOW)
        assert not printing.make_due(now=NOW)

    def test_is_asked_for_once_and_never_changed(self) -> None:
        wanted(billed("A"))
        printing.want(by=CLERK, now=NOW)
        with pytest.raises(printing.WantedAlready):
            printing.want(by=CLERK, now=NOW)
        tasks.deliver_bills()

        with pytest.raises(IntegrityError), transaction.atomic():
            PrintBatch.objects.update(pages=9)


class TestTheDoors:
    @pytest.fixture
    def desk(self, client: Client) -> Client:
        """Clara's browser."""
        client.force_login(User.objects.create_user(CLERK, "secret", role=UserRole.CLERK))
        return client

    def test_of_the_clerk_show_trouble_and_make_batches(
        self, desk: Client, carls: Invoice
    ) -> None:
        row = wanted(carls)
        Delivery.objects.filter(pk=row.pk).update(message_id=ID)
        send()
        sent = {"message": notification().decode()}
        answer = desk.post("/api/admin/bounces", sent, content_type="application/json")
        assert answer.json() == {"bounced": 1, "delayed": 0, "unknown": 0}

        page = desk.get(reverse("deliveries")).content.decode()
        assert "carl@home.example" in page
        assert "1 bill waits for paper." in page
        for words in ("Asked for", "a batch is being made"):
            said = desk.post(reverse("print-batch"), follow=True).content.decode()
            assert words in said
        (asked,) = desk.get("/api/admin/print-batches").json()["results"]
        at = f"/api/admin/print-batches/{asked['id']}/batch.pdf"
        assert desk.get(at).status_code == 409
        tasks.deliver_bills()
        assert desk.get(at).content == bytes(PrintBatch.objects.get().pdf or b"")

        for words in ("mailed to carl@home.example again", "somebody has seen to it"):
            said = desk.post(reverse("delivery-see", args=[row.pk]), follow=True).content.decode()
            assert words in said
        assert desk.post(f"/api/admin/deliveries/{row.pk}/see").status_code == 409
        found = desk.get("/api/admin/deliveries?state=bounced").json()["results"]
        assert [each["invoice"] for each in found] == [carls.number]
        assert desk.post("/api/admin/print-batches").json()["code"] == "nothing_to_print"
