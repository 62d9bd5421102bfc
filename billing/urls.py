"""Pages of the billing clerk."""

from django.urls import path

from billing.views import deciding, invoices, receipts, runs

urlpatterns = [
    path("billing/", runs.runs, name="bill-runs"),
    path("billing/runs/<int:pk>/", runs.run, name="bill-run"),
    path("billing/runs/<int:pk>/approve/", deciding.approve, name="bill-run-approve"),
    path("billing/runs/<int:pk>/retry/", deciding.retry, name="bill-run-retry"),
    path("billing/exceptions/<int:pk>/resolve/", deciding.resolve, name="bill-resolve"),
    path("billing/invoices/", invoices.invoices, name="invoices"),
    path("billing/invoices/<int:pk>/", invoices.invoice, name="invoice"),
    path("billing/invoices/<int:pk>/lines/<int:place>/", invoices.line, name="invoice-line"),
    path("billing/invoices/<int:pk>/pay/", receipts.pay, name="invoice-pay"),
    path("billing/invoices/<int:pk>/void/", receipts.void, name="invoice-void"),
    path("billing/invoices/<int:pk>/dispute/", receipts.dispute, name="invoice-dispute"),
    path("billing/disputes/<int:pk>/review/", receipts.review, name="dispute-review"),
    path("billing/disputes/<int:pk>/close/", receipts.close, name="dispute-close"),
]
