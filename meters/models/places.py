"""Where meters hang, which meter hangs there, and the head-ends that hear them."""

from datetime import datetime
from decimal import Decimal
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Func, Q

from grid.models import Region, Transformer
from meters.choices import (
    Flow,
    RequestAction,
    RequestState,
)


class ServicePoint(models.Model):
    """A place where a customer is supplied, whoever lives there, whichever meter hangs there."""

    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=80, unique=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="service_points")
    transformer = models.ForeignKey(
        Transformer,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="service_points",
        help_text="empty until somebody has said where an auto-registered meter hangs",
    )
    address = models.CharField(max_length=200, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Gateway(models.Model):
    """A head-end: meters are heard through it, and it fetches what is asked of them.

    It fetches with the API key that begins with `key_prefix`; empty, with any key for ingest.
    """

    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100, blank=True)
    key_prefix = models.CharField(max_length=12, blank=True, help_text="of the key it comes with")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Meter(models.Model):
    """A device that measures, known by the serial it sends as `meterId`."""

    id = models.AutoField(primary_key=True)
    serial = models.CharField(max_length=64, unique=True)
    shard = models.SmallIntegerField(help_text="crc32(serial) mod the number of shards")
    flow = models.CharField(max_length=10, choices=Flow.choices, default=Flow.IMPORT)
    limit_kw = models.FloatField(
        help_text="more than this cannot flow where it hangs, its transformers' ratio included"
    )
    reading_interval_s = models.SmallIntegerField(default=10)
    auto_registered = models.BooleanField(default=False)
    registered_at = models.DateTimeField()
    gateway = models.ForeignKey(
        Gateway,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="meters",
        help_text="empty: it has a line of its own",
    )
    register_digits = models.SmallIntegerField(
        null=True,
        blank=True,
        help_text="whole digits its register shows: 5 of 99999.9 kWh; empty: not known",
    )
    register_decimals = models.SmallIntegerField(
        default=0, db_default=0, help_text="digits it shows behind the point: 1 of 99999.9 kWh"
    )

    class Meta:
        ordering = ["serial"]
        constraints = [
            models.CheckConstraint(condition=Q(limit_kw__gt=0), name="meter_limit_positive"),
            models.CheckConstraint(
                condition=Q(register_digits__gte=1, register_digits__lte=9),
                name="meter_register_1_to_9_digits",
            ),
            models.CheckConstraint(
                condition=Q(register_decimals__gte=0, register_decimals__lte=6),
                name="meter_register_0_to_6_decimals",
            ),
            models.CheckConstraint(
                condition=Q(reading_interval_s__gte=1, reading_interval_s__lte=900),
                name="meter_interval_1_to_900_s",
            ),
        ]

    def __str__(self) -> str:
        return self.serial


class MeterInstallation(models.Model):
    """Which meter hung at which service point, and when.

    What the meter says times `multiplier` is what flowed: windows are summed so, once; readings
    are kept as they came.
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="installations")
    service_point = models.ForeignKey(
        ServicePoint, on_delete=models.PROTECT, related_name="installations"
    )
    during = DateTimeRangeField(help_text="half-open; no end while it hangs there")
    multiplier = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        default=Decimal(1),
        db_default=Decimal(1),
        help_text="ratio of its current and voltage transformers: 80 of 400/5 A; 1 without",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(multiplier__gt=0), name="installation_multiplier_positive"
            ),
            ExclusionConstraint(
                name="meter_in_one_place",
                expressions=[
                    ("meter", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="service_point_one_meter",
                expressions=[
                    ("service_point", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]
        # A window in whose middle a meter was hung or taken down is found by that moment.
        indexes = [
            models.Index(
                Func("during", function="lower", output_field=models.DateTimeField()),
                name="installation_since",
            ),
            models.Index(
                Func("during", function="upper", output_field=models.DateTimeField()),
                name="installation_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter} at {self.service_point}"


class GatewayRequestQuerySet(models.QuerySet["GatewayRequest"]):
    """Requests by where they stand."""

    def waiting(self, *, now: datetime) -> Self:
        """Keep those that a head-end may still answer."""
        return self.filter(state__in=RequestState.waiting(), expires_at__gt=now)


class GatewayRequest(models.Model):
    """Something asked of a meter, fetched and answered by the head-end that hears it.

    `gateway` is empty for a meter that has none: any head-end may answer.
    """

    gateway = models.ForeignKey(
        Gateway, null=True, on_delete=models.PROTECT, related_name="requests"
    )
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="requests")
    action = models.CharField(max_length=10, choices=RequestAction.choices)
    reason = models.CharField(max_length=200, blank=True)
    state = models.CharField(
        max_length=10, choices=RequestState.choices, default=RequestState.REQUESTED
    )
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=254, blank=True, help_text="empty: by itself")
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, help_text="when a head-end fetched it")
    answered_at = models.DateTimeField(null=True)
    succeeded = models.BooleanField(null=True, help_text="the meter answered, or did it")
    answer = models.CharField(max_length=500, blank=True, help_text="as the head-end says it")

    objects = GatewayRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("requested_at")),
                name="gateway_request_expires_later",
            ),
            models.CheckConstraint(
                condition=Q(state=RequestState.ANSWERED, answered_at__isnull=False)
                | (~Q(state=RequestState.ANSWERED) & Q(answered_at__isnull=True)),
                name="gateway_request_answered_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["gateway", "id"],
                name="gateway_request_waiting",
                condition=Q(state__in=["requested", "sent"]),
            ),
            models.Index(fields=["meter", "-requested_at"], name="gateway_request_of_meter"),
            models.Index(fields=["-requested_at", "-id"], name="gateway_request_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.meter_id}: {self.state}"
