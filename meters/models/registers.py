"""Registers: where they began anew, and where one meter took another's place."""

from django.db import models
from django.db.models import F, Q

from meters.choices import Turn
from meters.models.places import Meter, ServicePoint


class RegisterTurn(models.Model):
    """A register stood lower than before and goes on from there.

    Between `before_at` and `at` a `rollover` counts on from the highest that the register can
    show; a `reset` counts nothing. Milliwatt-hours, as the register shows them.
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="turns")
    kind = models.CharField(max_length=10, choices=Turn.choices)
    before_at = models.DateTimeField()
    before_mwh = models.BigIntegerField()
    at = models.DateTimeField()
    after_mwh = models.BigIntegerField()
    used_mwh = models.BigIntegerField(help_text="counted between the two, before any ratio")
    decided_by = models.CharField(
        max_length=200, blank=True, help_text="empty: the next reads bore it out"
    )
    decided_at = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["meter", "at"]
        constraints = [
            models.UniqueConstraint(fields=["meter", "at"], name="register_turn_once"),
            models.CheckConstraint(
                condition=Q(at__gt=F("before_at")) & Q(after_mwh__lt=F("before_mwh")),
                name="register_turn_goes_back",
            ),
            models.CheckConstraint(condition=Q(used_mwh__gte=0), name="register_turn_uses"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.at}: {self.kind}"


class MeterExchange(models.Model):
    """At one moment a meter was taken down at a service point and another one hung there.

    `final` is where the old meter's registers stood, `first` where the new one's did, which need
    not be 0; None where nobody could read it. Milliwatt-hours, as the registers show them.
    """

    service_point = models.ForeignKey(
        ServicePoint, on_delete=models.PROTECT, related_name="exchanges"
    )
    removed = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="removals")
    hung = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="hangings")
    at = models.DateTimeField()
    final_mwh = models.BigIntegerField(null=True)
    final_export_mwh = models.BigIntegerField(null=True)
    first_mwh = models.BigIntegerField(null=True)
    first_export_mwh = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    entered_by = models.CharField(max_length=200, blank=True)
    entered_at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["service_point", "at"], name="exchange_once"),
            models.CheckConstraint(condition=~Q(removed=F("hung")), name="exchange_of_two_meters"),
            models.CheckConstraint(
                condition=Q(final_mwh__gte=0, first_mwh__gte=0)
                & Q(final_export_mwh__gte=0, first_export_mwh__gte=0),
                name="exchange_reads_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_point_id} {self.at}: {self.removed_id} to {self.hung_id}"
