"""Books money that came in or went back, and says what it does to the invoice it was for."""

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import CustomerAccount
from billing.choices import InvoiceState
from billing.models import BankEntry, Invoice, InvoiceEvent, Payment, PaymentReversal
from billing.selectors import standing
from segs_site.lib import money


class BookedBefore(Exception):
    """A payment with this reference is booked, with another amount or for another account."""


class NotTheirs(Exception):
    """The invoice is another account's, a draft or void."""


class BadAmount(Exception):
    """The amount is not positive, in another currency, or finer than the currency allows."""


class Reversed(Exception):
    """The payment was taken back before."""


@transaction.atomic
def receive(  # noqa: PLR0913 a payment is told by all of them
    *,
    account: CustomerAccount,
    amount: Decimal,
    currency: str,
    received_on: date,
    reference: str,
    by: str,
    now: datetime,
    invoice: Invoice | None = None,
    entry: BankEntry | None = None,
) -> Payment:
    """Book a payment, of a bank's `entry` or typed in; the same again is the one that is booked.

    Raises BookedBefore, NotTheirs or BadAmount.
    """
    _check(account, amount, currency, invoice)
    row = Payment(
        account=account,
        invoice=invoice,
        amount=amount,
        currency=currency,
        received_on=received_on,
        reference=reference,
        recorded_at=now,
        recorded_by=by,
        entry=entry,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return _the_same(row)
    if invoice is not None:
        _settle(invoice, by=by, now=now)
    return row


def _check(
    account: CustomerAccount, amount: Decimal, currency: str, invoice: Invoice | None
) -> None:
    if amount <= 0 or amount != money.rounded(amount, currency):
        raise BadAmount
    if invoice is None:
        return
    # Two payments for one invoice wait for each other, so that both are counted.
    is_live = Invoice.objects.live().select_for_update(of=("self",)).filter(pk=invoice.pk)
    if not is_live.exists() or invoice.account_id != account.pk:
        raise NotTheirs
    if currency != invoice.currency:
        raise BadAmount


def _the_same(row: Payment) -> Payment:
    booked = Payment.objects.get(reference=row.reference)
    told = ("account_id", "invoice_id", "amount", "currency")
    if any(getattr(booked, name) != getattr(row, name) for name in told):
        raise BookedBefore
    return booked


@transaction.atomic
def reverse(
    *,
    payment: Payment,
    reversed_on: date,
    reason: str,
    by: str,
    now: datetime,
    entry: BankEntry | None = None,
) -> PaymentReversal:
    """Take a payment back as a whole; its invoice is open again. Raises Reversed."""
    invoice = payment.invoice
    if invoice is not None:  # whoever pays it waits, so that both are counted
        Invoice.objects.select_for_update().only("pk").get(pk=invoice.pk)
    try:
        with transaction.atomic():
            row = PaymentReversal.objects.create(
                payment=payment,
                entry=entry,
                reversed_on=reversed_on,
                reason=reason,
                recorded_at=now,
                recorded_by=by,
            )
    except IntegrityError:
        raise Reversed from None
    if invoice is not None and Invoice.objects.live().filter(pk=invoice.pk).exists():
        _settle(invoice, by=by, now=now)
    return row


def _settle(invoice: Invoice, *, by: str, now: datetime) -> None:
    """Say where payments put the invoice; a disputed one stays so until it is answered."""
    if invoice.disputes.filter(closed_at=None).exists():
        return
    state = standing.by_payments(invoice)
    if state != standing.state_of(invoice):
        InvoiceEvent.objects.create(invoice=invoice, state=state, at=now, by=by)


def mark_overdue(*, today: date, now: datetime) -> int:
    """Say of each live invoice past its day that it is overdue; return how many are new."""
    late = Invoice.objects.live().with_state().filter(due_on__lt=today)
    open_states = [InvoiceState.ISSUED, InvoiceState.PART_PAID]
    events = [
        InvoiceEvent(invoice=invoice, state=InvoiceState.OVERDUE, at=now)
        for invoice in late.filter(Q(("state__in", open_states)))
        if standing.open_amount(invoice) > 0
    ]
    InvoiceEvent.objects.bulk_create(events)
    return len(events)
