"""Meters in Django's admin; what they measured can be read there, never written."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

from meters.models import (
    Gateway,
    GatewayRequest,
    ImportChannel,
    ImportProfile,
    LatestReading,
    Meter,
    MeterInstallation,
    QuarantinedReading,
    ReadFile,
    ServicePoint,
    ValidationRule,
)
from meters.vee import rules


class ReadOnly:
    """Measured facts: no form adds, changes or deletes them."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Refuse: readings come from meters and files."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: a correction is an edit beside the raw value."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: retention alone forgets."""
        return False


class InstallationInline(admin.TabularInline):
    """Where the meter hung, and when."""

    model = MeterInstallation
    extra = 0
    autocomplete_fields = ["service_point"]


@admin.register(Meter)
class MeterAdmin(admin.ModelAdmin):
    """Devices by serial; the shard follows from the serial and cannot be chosen."""

    list_display = ["serial", "flow", "limit_kw", "reading_interval_s", "auto_registered"]
    list_filter = ["flow", "auto_registered", "shard"]
    search_fields = ["serial"]
    autocomplete_fields = ["gateway"]
    readonly_fields = ["shard", "auto_registered", "registered_at"]
    inlines = [InstallationInline]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: registering chooses the shard, which a form would get wrong."""
        return False


@admin.register(Gateway)
class GatewayAdmin(admin.ModelAdmin):
    """Head-ends, and the key that each fetches its requests with."""

    list_display = ["code", "name", "key_prefix"]
    search_fields = ["code", "name"]


@admin.register(GatewayRequest)
class GatewayRequestAdmin(ReadOnly, admin.ModelAdmin):
    """What was asked of meters, and what came of it."""

    list_display = ["meter", "gateway", "action", "state", "succeeded", "requested_at", "reason"]
    list_filter = ["state", "action"]
    list_select_related = ["meter", "gateway"]
    search_fields = ["meter__serial"]
    show_full_result_count = False


@admin.register(ServicePoint)
class ServicePointAdmin(admin.ModelAdmin):
    """Places that are supplied."""

    list_display = ["code", "region", "transformer", "address"]
    list_filter = ["region"]
    list_select_related = ["region", "transformer"]
    search_fields = ["code", "address"]
    autocomplete_fields = ["region", "transformer"]
    show_full_result_count = False


@admin.register(LatestReading)
class LatestReadingAdmin(ReadOnly, admin.ModelAdmin):
    """What each meter said last."""

    list_display = ["meter", "ts", "power_mw", "voltage_mv", "received_at"]
    list_select_related = ["meter"]
    search_fields = ["meter__serial"]
    show_full_result_count = False


@admin.register(QuarantinedReading)
class QuarantinedReadingAdmin(ReadOnly, admin.ModelAdmin):
    """Readings that wait for a decision, which is taken in the console."""

    list_display = ["serial", "ts", "reason", "state", "received_at"]
    list_filter = ["state", "reason"]
    search_fields = ["serial"]
    show_full_result_count = False


@admin.register(ReadFile)
class ReadFileAdmin(ReadOnly, admin.ModelAdmin):
    """Meter files that were taken in."""

    list_display = ["name", "format", "intervals", "imported_at", "undone_at"]
    list_filter = ["format"]
    search_fields = ["name", "sha256"]


class ImportChannelFormSet(BaseInlineFormSet):
    """The channels of a profile, which is checked together with them."""

    def clean(self) -> None:
        """Refuse what no file can be read by."""
        super().clean()
        if any(self.errors) or not self.instance.name:
            return
        rows = [
            form.instance
            for form in self.forms
            if form.instance.column and not form.cleaned_data.get("DELETE")
        ]
        self.instance.check_with([row.rule() for row in rows])


class ImportChannelInline(admin.TabularInline):
    """Which values of a file are which channel."""

    model = ImportChannel
    formset = ImportChannelFormSet
    extra = 1


@admin.register(ImportProfile)
class ImportProfileAdmin(admin.ModelAdmin):
    """CSV layouts: files of a new one are read without a line of code."""

    list_display = ["name", "label", "layout", "delimiter", "zone"]
    list_filter = ["layout"]
    search_fields = ["name", "label"]
    inlines = [ImportChannelInline]


@admin.register(ValidationRule)
class ValidationRuleAdmin(admin.ModelAdmin):
    """What intervals are judged by, from the next step on; each kind has its one rule."""

    list_display = ["kind", "action", "is_on", "parameters"]
    readonly_fields = ["kind", "takes"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: every kind has its rule."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: a rule is switched off."""
        return False

    @admin.display(description="what it takes")
    def takes(self, rule: ValidationRule) -> str:
        """Say the parameters with bounds and defaults."""
        known = rules.PARAMETERS[rules.Kind(rule.kind)].items()
        return "; ".join(
            f"{name}: {each.means} ({each.least:g} to {each.most:g}, else {each.default:g})"
            for name, each in known
        )
