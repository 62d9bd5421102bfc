"""Bills in Django's admin: terms are edited there; what was billed and paid is read alone."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from billing.models import (
    BankLayout,
    BillingTerms,
    BillRun,
    CreditNote,
    Dispute,
    Invoice,
    InvoiceLine,
    Payment,
    ReminderLevel,
    Turn,
)


@admin.register(BillingTerms)
class BillingTermsAdmin(admin.ModelAdmin):
    """When an account is billed, where that is not by calendar months."""

    list_display = ["account", "anchor", "months", "due_days"]
    list_select_related = ["account"]
    search_fields = ["account__number", "account__customer__name"]
    raw_id_fields = ["account"]


@admin.register(BankLayout)
class BankLayoutAdmin(admin.ModelAdmin):
    """CSV layouts of banks: files of a new one are read without a line of code."""

    list_display = ["name", "label", "account", "delimiter", "date_format"]
    search_fields = ["name", "label", "account"]


class ReadAlone:
    """Rows that services write: nobody adds, changes or deletes them by hand."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: a service writes them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: what was billed stays."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: what was billed stays."""
        return False


class LineInline(ReadAlone, admin.TabularInline):
    """The lines of an invoice."""

    model = InvoiceLine
    fields = ["label", "of", "exact", "rounding", "amount"]
    extra = 0


@admin.register(Invoice)
class InvoiceAdmin(ReadAlone, admin.ModelAdmin):
    """Invoices and drafts."""

    list_display = ["__str__", "account", "starts_on", "ends_on", "total", "currency", "due_on"]
    list_select_related = ["account"]
    search_fields = ["number", "account__number", "account__customer__name"]
    date_hierarchy = "starts_on"
    inlines = [LineInline]


@admin.register(CreditNote)
class CreditNoteAdmin(ReadAlone, admin.ModelAdmin):
    """What took invoices back."""

    list_display = ["number", "invoice", "total", "reason", "issued_at", "issued_by"]
    list_select_related = ["invoice"]
    search_fields = ["number", "invoice__number"]


@admin.register(Payment)
class PaymentAdmin(ReadAlone, admin.ModelAdmin):
    """Money that came in."""

    list_display = ["reference", "account", "invoice", "amount", "currency", "received_on"]
    list_select_related = ["account", "invoice"]
    search_fields = ["reference", "account__number"]
    date_hierarchy = "received_on"


@admin.register(Dispute)
class DisputeAdmin(ReadAlone, admin.ModelAdmin):
    """What customers objected to."""

    list_display = ["invoice", "state", "opened_at", "opened_by", "closed_at"]
    list_filter = ["state"]
    list_select_related = ["invoice"]
    search_fields = ["invoice__number", "reason"]


@admin.register(BillRun)
class BillRunAdmin(ReadAlone, admin.ModelAdmin):
    """Bill runs; their page is the clerk's."""

    list_display = ["__str__", "region", "account", "is_dry", "state", "requested_by"]
    list_filter = ["state", "is_dry"]
    list_select_related = ["region", "account"]

    def view_on_site(self, obj: Any) -> str:
        """Return the page where the run is worked on."""
        return reverse("bill-run", args=[obj.pk])


@admin.register(ReminderLevel)
class ReminderLevelAdmin(admin.ModelAdmin):
    """When who does not pay is reminded, and for what fee."""

    list_display = ["level", "days_after_due", "fee", "is_active"]


@admin.register(Turn)
class TurnAdmin(ReadAlone, admin.ModelAdmin):
    """One account's part in a run."""

    list_display = ["run", "account", "state", "total", "energy_mwh", "invoice"]
    list_filter = ["state"]
    list_select_related = ["run", "account", "invoice"]
    search_fields = ["account__number"]
