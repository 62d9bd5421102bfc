"""Addresses of bills below /api, with and without a slash at the end."""

from django.urls import re_path

from billing.api import (
    bank,
    calculating,
    deliveries,
    documents,
    invoices,
    late,
    ledger,
    receipts,
    receivables,
    reminders,
    runs,
)

INVOICE = r"^billing/invoices/(?P<pk>\d{1,18})"
CORRECTION = r"^admin/corrections/(?P<pk>\d{1,18})"
ENTRY = r"^admin/bank-entries/(?P<pk>\d{1,18})"
RUN = r"^admin/bill-runs/(?P<pk>\d{1,18})"

urlpatterns = [
    re_path(r"^billing/calculate/?$", calculating.CalculateView.as_view(), name="api-calculate"),
    re_path(r"^tariffs/compare/?$", calculating.CompareView.as_view(), name="api-compare"),
    re_path(r"^billing/invoices/?$", invoices.InvoicesView.as_view(), name="api-invoices"),
    re_path(rf"{INVOICE}/?$", invoices.InvoiceView.as_view(), name="api-invoice"),
    re_path(rf"{INVOICE}/lines/?$", invoices.LinesView.as_view(), name="api-invoice-lines"),
    re_path(
        rf"{INVOICE}/lines/(?P<place>\d{{1,4}})/intervals/?$",
        invoices.IntervalsView.as_view(),
        name="api-invoice-intervals",
    ),
    re_path(
        rf"{INVOICE}/invoice\.pdf/?$", documents.DocumentView.as_view(), name="api-invoice-pdf"
    ),
    re_path(
        rf"{INVOICE}/intervals\.csv/?$",
        documents.IntervalFileView.as_view(),
        name="api-invoice-csv",
    ),
    re_path(rf"{INVOICE}/void/?$", invoices.VoidView.as_view(), name="api-invoice-void"),
    re_path(r"^billing/payments/?$", receipts.PaymentsView.as_view(), name="api-payments"),
    re_path(r"^billing/disputes/?$", receipts.DisputesView.as_view(), name="api-disputes"),
    re_path(
        r"^billing/disputes/(?P<pk>\d{1,18})/review/?$",
        receipts.ReviewView.as_view(),
        name="api-dispute-review",
    ),
    re_path(
        r"^billing/disputes/(?P<pk>\d{1,18})/close/?$",
        receipts.CloseView.as_view(),
        name="api-dispute-close",
    ),
    re_path(r"^billing/reminders/?$", reminders.RemindersView.as_view(), name="api-reminders"),
    re_path(r"^admin/corrections/?$", late.CorrectionsView.as_view(), name="api-bill-corrections"),
    re_path(rf"{CORRECTION}/?$", late.CorrectionView.as_view(), name="api-correction"),
    re_path(
        rf"{CORRECTION}/lines/(?P<place>\d{{1,4}})/intervals/?$",
        late.CorrectionIntervalsView.as_view(),
        name="api-correction-intervals",
    ),
    re_path(
        rf"{CORRECTION}/approve/?$",
        late.ApproveCorrectionView.as_view(),
        name="api-correction-approve",
    ),
    re_path(
        rf"{CORRECTION}/reject/?$",
        late.RejectCorrectionView.as_view(),
        name="api-correction-reject",
    ),
    re_path(
        r"^billing/receivables/?$", receivables.ReceivablesView.as_view(), name="api-receivables"
    ),
    re_path(
        r"^billing/receivables\.csv/?$",
        receivables.ReceivablesFileView.as_view(),
        name="api-receivables-csv",
    ),
    re_path(r"^billing/ledger\.csv/?$", ledger.LedgerFileView.as_view(), name="api-ledger-csv"),
    re_path(r"^admin/deliveries/?$", deliveries.DeliveriesView.as_view(), name="api-deliveries"),
    re_path(
        r"^admin/deliveries/(?P<pk>\d{1,18})/see/?$",
        deliveries.SeeView.as_view(),
        name="api-delivery-see",
    ),
    re_path(r"^admin/bounces/?$", deliveries.BouncesView.as_view(), name="api-bounces"),
    re_path(
        r"^admin/print-batches/?$",
        deliveries.PrintBatchesView.as_view(),
        name="api-print-batches",
    ),
    re_path(
        r"^admin/print-batches/(?P<pk>\d{1,18})/batch\.pdf/?$",
        deliveries.PrintBatchFileView.as_view(),
        name="api-print-batch-pdf",
    ),
    re_path(r"^admin/bank-files/?$", bank.FilesView.as_view(), name="api-bank-files"),
    re_path(r"^admin/bank-entries/?$", bank.EntriesView.as_view(), name="api-bank-entries"),
    re_path(rf"{ENTRY}/assign/?$", bank.AssignView.as_view(), name="api-bank-assign"),
    re_path(rf"{ENTRY}/take-back/?$", bank.TakeBackView.as_view(), name="api-bank-take-back"),
    re_path(rf"{ENTRY}/ignore/?$", bank.IgnoreView.as_view(), name="api-bank-ignore"),
    re_path(rf"{ENTRY}/undo/?$", bank.UndoView.as_view(), name="api-bank-undo"),
    re_path(r"^admin/bill-runs/?$", runs.RunsView.as_view(), name="api-bill-runs"),
    re_path(rf"{RUN}/?$", runs.RunView.as_view(), name="api-bill-run"),
    re_path(rf"{RUN}/approve/?$", runs.ApproveView.as_view(), name="api-bill-run-approve"),
    re_path(rf"{RUN}/retry/?$", runs.RetryView.as_view(), name="api-bill-run-retry"),
    re_path(rf"{RUN}/cancel/?$", runs.CancelView.as_view(), name="api-bill-run-cancel"),
    re_path(
        rf"{RUN}/exceptions/?$", runs.ExceptionsView.as_view(), name="api-bill-run-exceptions"
    ),
    re_path(
        r"^admin/bill-exceptions/(?P<pk>\d{1,18})/resolve/?$",
        runs.ResolveView.as_view(),
        name="api-bill-exception-resolve",
    ),
]
