"""Bills, to their intervals, and objections."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from billing.choices import DisputeState
from billing.models import Dispute, Invoice, InvoiceDocument
from tests.billing import bills
from tests.billing.portal.pages import give, page, shown
from tests.billing.worlds import (
    FLAT,
    NOW,
    home,
)

pytestmark = pytest.mark.django_db


class TestBills:
    @pytest.fixture
    def may(self, carl: User) -> Invoice:
        ours = give(home("A"), carl)
        bills.bill(ours, date(2026, 4, 1), kwh="300", lines=[("energy", "Energy", "30")])
        lines = [("energy", "Energy", "74.40"), ("standing", "Standing charge", "10")]
        return bills.bill(ours, date(2026, 5, 1), kwh="620", lines=lines)

    def test_are_listed_with_what_is_owed(self, carls: Client, may: Invoice) -> None:
        said = shown(carls, "portal-bills")

        assert "<b>114.40 EUR</b> to pay" in said
        assert said.index("May 2026") < said.index("April 2026")
        assert "620.0 kWh" in said

    def test_link_their_pdf_once_it_is_drawn(self, carls: Client, may: Invoice) -> None:
        link = f'href="{reverse("api-invoice-pdf", args=[may.pk])}"'
        pages = [("portal-bills", []), ("portal-bill", [may.pk])]
        assert not any(link in shown(carls, name, *args) for name, args in pages)

        InvoiceDocument.objects.create(
            invoice=may, wanted_at=NOW, try_at=NOW, pdf=b"%PDF", sha256="a" * 64, drawn_at=NOW
        )

        assert all(link in shown(carls, name, *args) for name, args in pages)

    def test_say_in_one_sentence_why_they_differ(self, carls: Client, may: Invoice) -> None:
        said = shown(carls, "portal-bill", may.pk)

        assert (
            "54.40 EUR more than the bill before: +31.00 EUR because more was used a day:"
            " 20.0 kWh instead of 10.0; +22.40 EUR because a kWh was dearer: 0.1200 instead of"
            " 0.1000 on average; +1.00 EUR because it has 31 days instead of 30."
        ) in said

    def test_show_every_line_and_open_it_to_its_intervals(
        self, carls: Client, may: Invoice
    ) -> None:
        said = shown(carls, "portal-bill", may.pk)
        inside = shown(carls, "portal-line", may.pk, 0)

        assert "Standing charge" in said
        assert said.count("interval by interval") == 1
        assert '00:00</th><td class="is-figure">620</td><td class="is-figure">0.12</td>' in inside
        assert "actual" in inside
        assert carls.get(reverse("portal-line", args=[may.pk, 1])).status_code == 404
        assert (
            carls.get(reverse("portal-line", args=[may.pk, 0]) + "?day=2026-05-02").status_code
            == 404
        )

    def test_can_be_disputed_once(self, carls: Client, carl: User, may: Invoice) -> None:
        address = reverse("portal-dispute", args=[may.pk])

        first = page(carls.post(address, {"reason": "I was away"}, follow=True))
        again = page(carls.post(address, {"reason": "still"}, follow=True))

        assert "We have your objection" in first
        assert "Dispute this bill" not in first
        assert "Nothing was done" in again
        found = Dispute.objects.get()
        assert (found.reason, found.opened_by, found.state) == (
            "I was away", carl.email, DisputeState.OPEN,
        )  # fmt: skip

    def test_need_a_reason_to_be_disputed(self, carls: Client, may: Invoice) -> None:
        said = page(carls.post(reverse("portal-dispute", args=[may.pk]), {}), status=422)

        assert "This field is required." in said
        assert not Dispute.objects.exists()

    def test_have_a_first_one(self, carls: Client, carl: User) -> None:
        ours = give(home("A"), carl)
        first = bills.bill(ours, date(2026, 5, 1), kwh="1", lines=[("energy", "Energy", "1")])

        assert "This is the first bill" in shown(carls, "portal-bill", first.pk)

    def test_share_their_tax_among_what_it_is_on(self, carls: Client, carl: User) -> None:
        ours = give(home("A"), carl)
        definition = FLAT | {"taxes": [{"name": "VAT", "pct": "20", "on": ["energy"]}]}
        for month, energy, tax in ((4, "30", "6"), (5, "31", "6.20")):
            lines = [("energy", "Energy", energy), ("demand", "Demand", "5"), ("tax", "VAT", tax)]
            kwh = str(Decimal(energy) * 10)
            last = bills.bill(
                ours, date(2026, month, 1), kwh=kwh, lines=lines, definition=definition
            )

        said = shown(carls, "portal-bill", last.pk)

        assert "1.20 EUR more than the bill before: +1.20 EUR because it has 31 days" in said
