"""What billing books, as double entries for whoever keeps the ledger.

A line is posted on the day on which it was written down, not on the day of its value: the export
of a day that is over never changes. Each document balances, so every export does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Prefetch, Q

from billing.choices import Of
from billing.models import (
    CreditNote,
    Invoice,
    InvoiceLine,
    Payment,
    PaymentReversal,
    Reminder,
)
from segs_site.lib import money
from segs_site.lib.periods import local_day

RECEIVABLES, REVENUE, TAX, BANK, FEES = "receivables", "revenue", "tax", "bank", "fees"
NOTHING: Final = Decimal(0)
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Posting:
    """One line: a debit or a credit of one account of the ledger, never below zero."""

    posted_on: date
    value_on: date
    document: str
    number: str
    customer_account: str
    ledger_account: str
    text: str
    debit: Decimal
    credit: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class _Paper:
    """What the lines of one document have in common."""

    at: datetime
    value_on: date
    document: str
    number: str
    account: str
    currency: str

    def line(self, ledger: str, amount: Decimal, text: str = "") -> Posting:
        """Return a line that debits an amount; one below zero is a credit."""
        zone = ZoneInfo(settings.SEGS_SITE_ZONE)
        code = settings.SEGS_LEDGER_ACCOUNTS.get(ledger, ledger)
        debit, credit = max(amount, NOTHING), max(-amount, NOTHING)
        return Posting(
            self.at.astimezone(zone).date(), self.value_on, self.document, self.number,
            self.account, code, text, debit, credit, self.currency,
        )  # fmt: skip


def postings(*, start: date, end: date) -> Iterator[Posting]:
    """Yield the lines of the documents written down in local days, half-open, kind by kind."""
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    within = (local_day(start, zone).start, local_day(end, zone).start)
    yield from _of_invoices(within)
    yield from _of_fees(within)
    yield from _of_notes(within)
    yield from _of_payments(within)
    yield from _of_reversals(within)


Within = tuple[datetime, datetime]


def _during(name: str, within: Within) -> Q:
    return Q((f"{name}__gte", within[0]), (f"{name}__lt", within[1]))


def _lines() -> "Prefetch[str]":
    return Prefetch("lines", InvoiceLine.objects.only("invoice_id", "of", "label", "amount"))


def _charged(lines: Iterable[InvoiceLine]) -> dict[tuple[str, str], Decimal]:
    """Return what lines charge: revenue as one sum, and each tax by its name."""
    sums: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        key = (TAX, line.label) if line.of == Of.TAX else (REVENUE, "")
        sums[key] = money.total([sums.get(key, NOTHING), line.amount])
    return sums


def _of_invoices(within: Within) -> Iterator[Posting]:
    found = Invoice.objects.filter(_during("issued_at", within)).order_by("issued_at", "pk")
    found = found.select_related("account").prefetch_related(_lines())
    for invoice in found.iterator(chunk_size=_CHUNK):
        if invoice.issued_at is None or invoice.due_on is None:
            continue
        paper = _Paper(
            invoice.issued_at, invoice.due_on, "invoice", invoice.number or "",
            invoice.account.number, invoice.currency,
        )  # fmt: skip
        yield paper.line(RECEIVABLES, invoice.total)
        for (ledger, text), amount in _charged(invoice.lines.all()).items():
            yield paper.line(ledger, -amount, text)


def _of_fees(within: Within) -> Iterator[Posting]:
    found = Reminder.objects.filter(_during("made_at", within), fee__isnull=False)
    for reminder in found.select_related("invoice__account").order_by("made_at", "pk").iterator():
        paper = _Paper(
            reminder.made_at, reminder.made_on, "reminder", str(reminder.invoice.number),
            reminder.invoice.account.number, reminder.currency,
        )  # fmt: skip
        fee = reminder.fee or NOTHING
        yield paper.line(RECEIVABLES, fee, f"reminder {reminder.level}")
        yield paper.line(FEES, -fee, f"reminder {reminder.level}")


def _of_notes(within: Within) -> Iterator[Posting]:
    found = CreditNote.objects.filter(_during("issued_at", within)).order_by("issued_at", "pk")
    found = found.select_related("invoice__account").prefetch_related(
        Prefetch("invoice__lines", _lines().queryset), "invoice__reminders"
    )
    for note in found.iterator(chunk_size=_CHUNK):
        invoice = note.invoice
        zone = ZoneInfo(settings.SEGS_SITE_ZONE)
        paper = _Paper(
            note.issued_at, note.issued_at.astimezone(zone).date(), "credit note", note.number,
            invoice.account.number, invoice.currency,
        )  # fmt: skip
        fees = money.total(each.fee or NOTHING for each in invoice.reminders.all())
        yield paper.line(RECEIVABLES, -money.total([note.total, fees]), str(invoice.number))
        for (ledger, text), amount in _charged(invoice.lines.all()).items():
            yield paper.line(ledger, amount, text)
        if fees:
            yield paper.line(FEES, fees, str(invoice.number))


def _of_payments(within: Within) -> Iterator[Posting]:
    found = Payment.objects.filter(_during("recorded_at", within))
    found = found.select_related("account", "invoice").order_by("recorded_at", "pk")
    for payment in found.iterator():
        yield from _moved(payment, payment.recorded_at, payment.received_on, "payment")


def _of_reversals(within: Within) -> Iterator[Posting]:
    found = PaymentReversal.objects.filter(_during("recorded_at", within))
    ordered = found.select_related("payment__account", "payment__invoice")
    for reversal in ordered.order_by("recorded_at", "pk").iterator():
        yield from _moved(reversal.payment, reversal.recorded_at, reversal.reversed_on, "reversal")


def _moved(payment: Payment, at: datetime, value_on: date, document: str) -> Iterator[Posting]:
    paper = _Paper(
        at, value_on, document, payment.reference, payment.account.number, payment.currency
    )
    text = str(payment.invoice.number) if payment.invoice is not None else ""
    amount = payment.amount if document == "payment" else -payment.amount
    yield paper.line(BANK, amount, text)
    yield paper.line(RECEIVABLES, -amount, text)
