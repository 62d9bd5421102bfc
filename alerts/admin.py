"""Rules and endpoints in Django's admin, where they are set; what the desk did, to be read."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.choices import Severity
from alerts.models import (
    Alert,
    AlertEvent,
    AlertRule,
    Delivery,
    Lane,
    Notice,
    NoticeSettings,
    PlannedWork,
    Shelving,
    ShiftNote,
    WebhookEndpoint,
)
from alerts.services import delivering, endpoints, lanes


@admin.register(AlertRule)
class AlertRuleAdmin(admin.ModelAdmin):
    """When a condition is an alert; what is saved acts from the next sweep on."""

    list_display = [
        "kind", "region", "is_enabled", "severity", "threshold", "deadband", "on_delay_s",
        "off_delay_s", "share_pct", "count", "escalate_after_s",
    ]  # fmt: skip
    list_editable = ["is_enabled", "severity", "threshold"]
    list_filter = ["kind", "region", "is_enabled"]
    list_select_related = ["region"]
    search_fields = ["kind", "region__code"]


class ReadOnly:
    """Rows that the desk makes: read here, changed nowhere but at the desk."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: the desk makes them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: the desk changes them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: what happened stays."""
        return False


@admin.register(Alert)
class AlertAdmin(ReadOnly, admin.ModelAdmin):
    """Every alert that was ever raised."""

    list_display = ["id", "kind", "message", "severity", "state", "region", "raised_at"]
    list_filter = ["state", "severity", "kind", "region"]
    list_select_related = ["region"]
    search_fields = ["message", "meter__serial"]
    show_full_result_count = False


@admin.register(AlertEvent)
class AlertEventAdmin(ReadOnly, admin.ModelAdmin):
    """The journal."""

    list_display = ["at", "alert", "step", "by", "note"]
    list_filter = ["step"]
    list_select_related = ["alert"]
    search_fields = ["by", "note"]
    ordering = ["-at", "-id"]
    show_full_result_count = False


@admin.register(Shelving)
class ShelvingAdmin(ReadOnly, admin.ModelAdmin):
    """What was put aside, until when, why."""

    list_display = ["alert", "shelved_at", "until", "by", "reason", "ended_at", "ended_by"]
    list_select_related = ["alert"]
    search_fields = ["by", "reason"]


@admin.register(PlannedWork)
class PlannedWorkAdmin(ReadOnly, admin.ModelAdmin):
    """Work that was planned."""

    list_display = ["__str__", "during", "planned_by", "cancelled_at", "cancelled_by"]
    list_select_related = ["region", "feeder", "transformer"]
    search_fields = ["reason", "planned_by"]


@admin.register(ShiftNote)
class ShiftNoteAdmin(ReadOnly, admin.ModelAdmin):
    """What shifts told each other."""

    list_display = ["written_at", "written_by", "text"]
    search_fields = ["written_by", "text"]


class EndpointForm(forms.ModelForm):
    """Asks where to, and of what."""

    url = forms.URLField(max_length=500, assume_scheme="https")

    class Meta:
        model = WebhookEndpoint
        fields = ["name", "url", "severity_from", "regions", "is_enabled"]

    def clean_url(self) -> str:
        """Refuse what would never be posted to; where the name leads is looked at when posting."""
        parts = urlsplit(self.cleaned_data["url"])
        if parts.scheme != "https" and not settings.SEGS_WEBHOOK_HTTP:
            raise ValidationError(_("Webhooks go by https alone."))
        if parts.username or parts.password:
            raise ValidationError(_("The address must hold no password: requests are signed."))
        return str(self.cleaned_data["url"])


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(admin.ModelAdmin):
    """Systems that are told of alerts; a secret is shown once, and never again."""

    form = EndpointForm
    list_display = ["name", "url", "severity_from", "is_enabled", "circuit"]
    list_filter = ["is_enabled"]
    search_fields = ["name", "url"]
    actions = ["send_test", "renew_secret"]

    @admin.display(description="circuit")
    def circuit(self, endpoint: WebhookEndpoint) -> str:
        """Say whether it works."""
        lane = Lane.objects.filter(name=endpoint.lane).first()
        if lane is None or not lane.failures:
            return gettext("works") if lane and lane.last_sent_at else gettext("not used yet")
        return f"{lane.failures} × {lane.last_failure}"

    def save_model(
        self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool
    ) -> None:
        """Make an endpoint with its secret, or keep a changed one."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made, secret = endpoints.add(
            name=obj.name,
            url=obj.url,
            severity_from=Severity(obj.severity_from),
            is_enabled=obj.is_enabled,
            now=timezone.now(),
        )
        obj.pk, obj._state = made.pk, made._state
        obj.__dict__["shown"] = secret

    def response_add(
        self, request: HttpRequest, obj: WebhookEndpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, this once."""
        return self._show(request, obj, obj.__dict__.pop("shown"))

    def _show(self, request: HttpRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": "New secret", "endpoint": endpoint, "secret": secret,
        }  # fmt: skip
        answer = TemplateResponse(request, "alerts/endpoint_secret.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @admin.action(description="Send a test to the selected endpoints", permissions=["change"])
    def send_test(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """Send each a test."""
        for endpoint in queryset:
            endpoints.ask_for_test(endpoint=endpoint, now=timezone.now())
        self.message_user(request, gettext("Sent within seconds: see the notices."))

    @admin.action(description="Give the selected endpoint a new secret", permissions=["change"])
    def renew_secret(
        self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]
    ) -> HttpResponse | None:
        """Replace one endpoint's secret and show the new one."""
        if queryset.count() != 1:
            self.message_user(request, gettext("Choose one endpoint."), messages.ERROR)
            return None
        endpoint = queryset.get()
        return self._show(request, endpoint, endpoints.renew_secret(endpoint=endpoint))


class DeliveryInline(ReadOnly, admin.TabularInline):
    """Each attempt, and its answer."""

    model = Delivery
    fields = ["at", "took_ms", "is_sent", "status", "detail"]
    extra = 0


@admin.register(Notice)
class NoticeAdmin(ReadOnly, admin.ModelAdmin):
    """Everything that was told or should have been; the dead can be sent again."""

    list_display = [
        "created_at", "occasion", "channel", "user", "endpoint", "state", "attempts", "reason",
    ]  # fmt: skip
    list_filter = ["state", "channel", "occasion"]
    list_select_related = ["user", "endpoint"]
    search_fields = ["user__email", "endpoint__name", "reason"]
    show_full_result_count = False
    inlines = [DeliveryInline]
    actions = ["replay"]

    @admin.action(description="Send the selected dead notices again", permissions=["view"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        """Send the dead among them again."""
        now = timezone.now()
        count = sum(delivering.replay(notice=notice, now=now) for notice in queryset)
        self.message_user(request, gettext("%(count)s are sent again.") % {"count": count})


@admin.register(Lane)
class LaneAdmin(ReadOnly, admin.ModelAdmin):
    """Ways out, and whether they work."""

    list_display = ["name", "failures", "rests_until", "last_sent_at", "last_failure"]
    actions = ["wake"]

    @admin.action(description="Let the selected ways out be tried now", permissions=["view"])
    def wake(self, request: HttpRequest, queryset: QuerySet[Lane]) -> None:
        """End their rest."""
        lanes.wake(names=list(queryset.values_list("name", flat=True)))


@admin.register(NoticeSettings)
class NoticeSettingsAdmin(ReadOnly, admin.ModelAdmin):
    """Who is told of what; each sets his own."""

    list_display = ["user", "is_on_duty", "in_app_from", "mail_from", "sms_from"]
    list_select_related = ["user"]
    list_filter = ["is_on_duty"]
    search_fields = ["user__email"]
