"""Alerts, one open for each cause, and everything that happened to them."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from alerts import lifecycle
from alerts.choices import Kind, Severity, State, Step
from alerts.models.desk import PlannedWork
from grid.models import Feeder, Region, Transformer
from meters.models import Meter

OPEN_ONCE = "alert_open_once"


class AlertQuerySet(models.QuerySet["Alert"]):
    """Alerts by where they stand."""

    def open(self) -> Self:
        """Keep those that are not resolved."""
        return self.filter(state__in=lifecycle.OPEN)

    def unacknowledged(self) -> Self:
        """Keep the open ones that nobody has acknowledged, whether or not they still hold."""
        return self.filter(state__in=lifecycle.UNACKNOWLEDGED)

    def causes(self) -> Self:
        """Keep those that no other alert and no planned work explains."""
        return self.filter(parent=None, planned_work=None)

    def shelved(self, *, now: datetime) -> Self:
        """Keep those on the shelf at a moment."""
        return self.filter(shelved_until__gt=now)

    def not_shelved(self, *, now: datetime) -> Self:
        """Keep those not on the shelf at a moment."""
        return self.exclude(shelved_until__gt=now)

    def on_desk(self, *, now: datetime) -> Self:
        """Keep what a person has to look at: open causes that are not on the shelf."""
        return self.open().causes().not_shelved(now=now)


class Alert(models.Model):
    """Something that is wrong with one subject, from when it began until it is resolved.

    `subject` is `conditions.kinds.Subject.key`; the place columns say where that is, as it was
    when the alert was raised. `value`, `limit` and `baseline` are in the unit of the kind
    (`choices.UNITS`). An alert with a parent, or with planned work, is suppressed: it is
    evaluated like any other and told to nobody.
    """

    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.CharField(max_length=40)
    severity = models.SmallIntegerField(choices=Severity.choices)
    state = models.CharField(max_length=15, choices=State.choices, default=State.ACTIVE)
    message = models.CharField(max_length=300)
    region = models.ForeignKey(Region, null=True, on_delete=models.PROTECT, related_name="alerts")
    feeder = models.ForeignKey(Feeder, null=True, on_delete=models.PROTECT, related_name="alerts")
    transformer = models.ForeignKey(
        Transformer, null=True, on_delete=models.PROTECT, related_name="alerts"
    )
    meter = models.ForeignKey(Meter, null=True, on_delete=models.PROTECT, related_name="alerts")
    parent = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="children"
    )
    planned_work = models.ForeignKey(
        PlannedWork, null=True, on_delete=models.PROTECT, related_name="alerts"
    )
    value = models.FloatField(null=True)
    limit = models.FloatField(null=True)
    baseline = models.FloatField(null=True)
    customers = models.IntegerField(null=True, help_text="that are touched")
    price = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, help_text="per kWh, in force when raised"
    )
    facts = models.JSONField(default=dict)
    first_at = models.DateTimeField(help_text="when the condition began")
    raised_at = models.DateTimeField(help_text="when it became an alert")
    last_at = models.DateTimeField(help_text="when it was last found to hold")
    occurrences = models.IntegerField(default=1)
    cleared_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=254, blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=254, blank=True, help_text="empty: by itself")
    shelved_until = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True, help_text="the newest of the journal's")
    is_quiet = models.BooleanField(
        default=False, help_text="repeats one resolved just before: nobody is told again"
    )
    changed_at = models.DateTimeField()

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-severity", "-raised_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                name=OPEN_ONCE,
                condition=~Q(state=State.RESOLVED),
            ),
            models.CheckConstraint(
                condition=Q(state=State.RESOLVED, resolved_at__isnull=False)
                | (~Q(state=State.RESOLVED) & Q(resolved_at__isnull=True)),
                name="alert_resolved_at",
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="alert_not_its_own_parent"),
        ]
        indexes = [
            models.Index(
                fields=["-severity", "-raised_at", "-id"],
                name="alert_desk",
                condition=~Q(state=State.RESOLVED),
            ),
            models.Index(fields=["-raised_at", "-id"], name="alert_newest"),
            models.Index(fields=["subject", "-raised_at"], name="alert_of_subject"),
            models.Index(fields=["meter", "-raised_at"], name="alert_of_meter"),
            models.Index(fields=["-changed_at"], name="alert_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def is_suppressed(self) -> bool:
        """Whether another alert, or planned work, explains it."""
        return self.parent_id is not None or self.planned_work_id is not None

    @property
    def is_known(self) -> bool:
        """Whether somebody has acknowledged it, or what explains it; fetch `parent` with it."""
        cause = self.parent or self
        return (cause.acknowledged_at or self.acknowledged_at) is not None


class AlertEvent(models.Model):
    """One step in an alert's life: append-only, the database refuses a change."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(max_length=15, choices=Step.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=254, blank=True, help_text="empty: by itself")
    note = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["alert", "at", "id"], name="alert_event_of"),
            models.Index(fields=["-at", "-id"], name="alert_event_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.step}"


class Shelving(models.Model):
    """An alert put aside by a person, with a reason and an end."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="shelvings")
    shelved_at = models.DateTimeField()
    until = models.DateTimeField()
    by = models.CharField(max_length=254)
    reason = models.CharField(max_length=500)
    ended_at = models.DateTimeField(null=True, help_text="taken from the shelf, or time was up")
    ended_by = models.CharField(max_length=254, blank=True, help_text="empty: time was up")

    class Meta:
        ordering = ["-shelved_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert"], name="alert_shelved_once", condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(until__gt=F("shelved_at")), name="shelving_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} until {self.until:%Y-%m-%d %H:%M}"
