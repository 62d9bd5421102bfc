"""Where an invoice and an account stand: states, payments, balance."""

from decimal import Decimal

from django.db.models import QuerySet, Sum

from accounts.models import CustomerAccount
from billing.choices import InvoiceState
from billing.models import Invoice, Payment, Reminder

NOTHING = Decimal(0)


def state_of(invoice: Invoice) -> InvoiceState:
    """Return where an invoice stands: what its newest event says, a draft without one."""
    newest = invoice.events.order_by("-at", "-id").first()
    return InvoiceState.DRAFT if newest is None else InvoiceState(newest.state)


def paid(invoice: Invoice) -> Decimal:
    """Return what was received for an invoice and not taken back."""
    return _sum(Payment.objects.standing().filter(invoice=invoice))


def fees(invoice: Invoice) -> Decimal:
    """Return what the reminders of an invoice cost."""
    found: Decimal | None = invoice.reminders.aggregate(total=Sum("fee"))["total"]
    return found or NOTHING


def open_amount(invoice: Invoice) -> Decimal:
    """Return what of an invoice and its reminders is not paid; negative is paid too much."""
    return invoice.total + fees(invoice) - paid(invoice)


def by_payments(invoice: Invoice) -> InvoiceState:
    """Return where payments alone put a live invoice."""
    received = paid(invoice)
    if received >= invoice.total + fees(invoice):
        return InvoiceState.PAID
    return InvoiceState.PART_PAID if received else InvoiceState.ISSUED


def balance(*, account: CustomerAccount, currency: str) -> Decimal:
    """Return what an account owes in a currency; negative is owed to the customer.

    Live invoices and fees of their reminders, less everything received: a void one owes nothing,
    and what was paid for it is a credit.
    """
    owed = Invoice.objects.live().filter(account=account, currency=currency)
    total: Decimal = owed.aggregate(total=Sum("total"))["total"] or NOTHING
    charged = Reminder.objects.filter(invoice__in=owed).aggregate(total=Sum("fee"))["total"]
    received = _sum(Payment.objects.standing().filter(account=account, currency=currency))
    return total + (charged or NOTHING) - received


def _sum(payments: QuerySet[Payment]) -> Decimal:
    found: Decimal | None = payments.aggregate(total=Sum("amount"))["total"]
    return found or NOTHING
