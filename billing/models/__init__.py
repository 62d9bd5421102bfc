"""Invoices and what they were made of, money that came in, and the runs that make bills."""

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
from billing.models.receipts import Dispute, Payment
from billing.models.reminders import Reminder, ReminderLevel
from billing.models.runs import BillException, BillRun, Turn
from billing.models.terms import BillingTerms

__all__ = [
    "AsBilled",
    "BillException",
    "BillRun",
    "BillingTerms",
    "Correction",
    "CorrectionDay",
    "CorrectionLine",
    "CreditNote",
    "Dispute",
    "Invoice",
    "InvoiceDocument",
    "InvoiceEvent",
    "InvoiceLine",
    "LateMark",
    "NumberSeries",
    "Payment",
    "PeriodClaim",
    "Reminder",
    "ReminderLevel",
    "Turn",
]
