"""Invoices and what they were made of, money that came in, and the runs that make bills."""

from billing.models.bank import BankEntry, BankFile, BankLayout
from billing.models.deliveries import Delivery
from billing.models.invoices import (
    AsBilled,
    CreditNote,
    Invoice,
    InvoiceEvent,
    InvoiceLine,
    NumberSeries,
    PeriodClaim,
)
from billing.models.late import Correction, CorrectionDay, CorrectionLine, LateMark
from billing.models.papers import InvoiceDocument
from billing.models.print_batches import PrintBatch
from billing.models.receipts import Dispute, Payment, PaymentReversal
from billing.models.reminders import Reminder, ReminderLevel
from billing.models.runs import BillException, BillRun, Turn
from billing.models.terms import BillingTerms

__all__ = [
    "AsBilled",
    "BankEntry",
    "BankFile",
    "BankLayout",
    "BillException",
    "BillRun",
    "BillingTerms",
    "Correction",
    "CorrectionDay",
    "CorrectionLine",
    "CreditNote",
    "Delivery",
    "Dispute",
    "Invoice",
    "InvoiceDocument",
    "InvoiceEvent",
    "InvoiceLine",
    "LateMark",
    "NumberSeries",
    "Payment",
    "PaymentReversal",
    "PeriodClaim",
    "PrintBatch",
    "Reminder",
    "ReminderLevel",
    "Turn",
]
