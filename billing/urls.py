"""Pages of the customer, and of the billing clerk."""

from django.urls import path

from billing.portal import bills, compare, home, prices, usage
from billing.views import (
    bank,
    deciding,
    deliveries,
    invoices,
    late,
    receipts,
    receivables,
    reminders,
    runs,
)

urlpatterns = [
    path("home/", home.home, name="portal-home"),
    path("usage/", usage.usage, name="portal-usage"),
    path("usage/table.csv", usage.table, name="portal-usage-table"),
    path("prices/", prices.prices, name="portal-prices"),
    path("compare/", compare.compare, name="portal-compare"),
    path("bills/", bills.bills, name="portal-bills"),
    path("bills/<int:pk>/", bills.bill, name="portal-bill"),
    path("bills/<int:pk>/lines/<int:place>/", bills.line, name="portal-line"),
    path("bills/<int:pk>/dispute/", bills.dispute, name="portal-dispute"),
    path("billing/", runs.runs, name="bill-runs"),
    path("billing/runs/<int:pk>/", runs.run, name="bill-run"),
    path("billing/runs/<int:pk>/approve/", deciding.approve, name="bill-run-approve"),
    path("billing/runs/<int:pk>/retry/", deciding.retry, name="bill-run-retry"),
    path("billing/runs/<int:pk>/cancel/", deciding.cancel, name="bill-run-cancel"),
    path("billing/exceptions/<int:pk>/resolve/", deciding.resolve, name="bill-resolve"),
    path("billing/invoices/", invoices.invoices, name="invoices"),
    path("billing/invoices/<int:pk>/", invoices.invoice, name="invoice"),
    path("billing/invoices/<int:pk>/lines/<int:place>/", invoices.line, name="invoice-line"),
    path("billing/invoices/<int:pk>/pay/", receipts.pay, name="invoice-pay"),
    path("billing/invoices/<int:pk>/void/", receipts.void, name="invoice-void"),
    path("billing/invoices/<int:pk>/dispute/", receipts.dispute, name="invoice-dispute"),
    path("billing/corrections/", late.corrections, name="bill-corrections"),
    path("billing/corrections/<int:pk>/", late.correction, name="bill-correction"),
    path(
        "billing/corrections/<int:pk>/lines/<int:place>/",
        late.correction_line,
        name="bill-correction-line",
    ),
    path(
        "billing/corrections/<int:pk>/approve/",
        late.approve_correction,
        name="bill-correction-approve",
    ),
    path(
        "billing/corrections/<int:pk>/reject/",
        late.reject_correction,
        name="bill-correction-reject",
    ),
    path("billing/reminders/", reminders.reminders, name="bill-reminders"),
    path("billing/bank/", bank.bank, name="bank"),
    path("billing/bank/entries/<int:pk>/assign/", bank.assign, name="bank-assign"),
    path("billing/bank/entries/<int:pk>/take-back/", bank.take_back, name="bank-take-back"),
    path("billing/bank/entries/<int:pk>/ignore/", bank.ignore, name="bank-ignore"),
    path("billing/bank/entries/<int:pk>/undo/", bank.undo, name="bank-undo"),
    path("billing/deliveries/", deliveries.deliveries, name="deliveries"),
    path("billing/deliveries/<int:pk>/see/", deliveries.see, name="delivery-see"),
    path("billing/print-batches/", deliveries.batch, name="print-batch"),
    path("billing/receivables/", receivables.receivables, name="receivables"),
    path("billing/disputes/<int:pk>/review/", receipts.review, name="dispute-review"),
    path("billing/disputes/<int:pk>/close/", receipts.close, name="dispute-close"),
]
