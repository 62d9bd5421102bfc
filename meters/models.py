"""Service points, meters, their readings and the windows summed from them."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from grid.models import Region, Transformer
from meters.choices import (
    Direction,
    Flow,
    QuarantineState,
    RequestAction,
    RequestState,
    Unit,
)
from meters.choices import Quarantine as QuarantineReason
from segs_site.lib.choices import Quality
from segs_site.lib.partitions import PartitionedTable


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
    limit_kw = models.FloatField(help_text="more than this cannot flow through it")
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

    class Meta:
        ordering = ["serial"]
        constraints = [
            models.CheckConstraint(condition=Q(limit_kw__gt=0), name="meter_limit_positive"),
            models.CheckConstraint(
                condition=Q(reading_interval_s__gte=1, reading_interval_s__lte=900),
                name="meter_interval_1_to_900_s",
            ),
        ]

    def __str__(self) -> str:
        return self.serial


class MeterInstallation(models.Model):
    """Which meter hung at which service point, and when."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="installations")
    service_point = models.ForeignKey(
        ServicePoint, on_delete=models.PROTECT, related_name="installations"
    )
    during = DateTimeRangeField(help_text="half-open; no end while it hangs there")

    class Meta:
        constraints = [
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
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.meter_id}: {self.state}"


class Reading(models.Model):
    """What a meter sent for one moment: identity is (meter, timestamp).

    Integers: milliwatts, milliwatt-hours, millivolts. `energy_mwh` is the energy of the interval
    that ends at `ts`. `extra` keeps the fields that have no column as the JSON text they came in:
    a head-end's metadata may hold what jsonb cannot (a NUL escape, a huge number).
    """

    pk = models.CompositePrimaryKey("meter_id", "ts")
    ts = models.DateTimeField()
    power_mw = models.BigIntegerField()
    energy_mwh = models.BigIntegerField(null=True)
    register_mwh = models.BigIntegerField(null=True)
    seq = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()
    meter = models.ForeignKey(Meter, on_delete=models.DO_NOTHING, db_constraint=False)
    voltage_mv = models.IntegerField(null=True)
    reading_id = models.UUIDField(null=True)
    extra = models.TextField(null=True)

    class Meta:
        # partitioned by UTC day of `ts`, by its migration
        db_table = "meters_reading"

    def __str__(self) -> str:
        return f"{self.meter_id} {self.ts}"


READINGS = PartitionedTable("meters_reading", "ts", "day")


class LatestReading(models.Model):
    """The newest stored reading of a meter; its `ts` is the meter's watermark."""

    meter = models.OneToOneField(
        Meter, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False
    )
    ts = models.DateTimeField()
    power_mw = models.BigIntegerField()
    voltage_mv = models.IntegerField(null=True)
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.meter_id} {self.ts}"


class WindowQuerySet(models.QuerySet["Window"]):
    """Windows by meter and time."""

    def of(self, meter: Meter) -> Self:
        """Keep the windows of one meter."""
        return self.filter(meter=meter)

    def within(self, start: datetime, end: datetime) -> Self:
        """Keep the windows that start in `[start, end)`."""
        return self.filter(start__gte=start, start__lt=end)


class Window(models.Model):
    """What one meter did in one window; there is no row where nothing is known.

    `energy_mwh` includes `estimated_mwh` for the parts no reading covered. `region` is the one
    the meter hung in at `start`.
    """

    pk = models.CompositePrimaryKey("meter_id", "start")
    start = models.DateTimeField()
    mean_mw = models.BigIntegerField()
    min_mw = models.BigIntegerField()
    max_mw = models.BigIntegerField()
    energy_mwh = models.BigIntegerField()
    estimated_mwh = models.BigIntegerField()
    revised_at = models.DateTimeField()
    meter = models.ForeignKey(Meter, on_delete=models.DO_NOTHING, db_constraint=False)
    region = models.ForeignKey(Region, null=True, on_delete=models.DO_NOTHING, db_constraint=False)
    mean_mv = models.IntegerField(null=True)
    count = models.IntegerField()
    expected = models.IntegerField()
    quality = models.SmallIntegerField(choices=Quality.choices)

    objects = WindowQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.meter_id} {self.start}"


class MinuteWindow(Window):
    """One meter's minute, summed from its readings."""

    class Meta:
        # partitioned by UTC day of `start`, by its migration
        db_table = "meters_minute"


class QuarterWindow(Window):
    """One meter's quarter-hour, summed from its minutes."""

    class Meta:
        # partitioned by UTC month of `start`, by its migration
        db_table = "meters_quarter"


MINUTES = PartitionedTable("meters_minute", "start", "day")
QUARTERS = PartitionedTable("meters_quarter", "start", "month")


class WindowMark(models.Model):
    """A minute that has readings its windows do not know yet: append-only.

    `meter` is empty for "every meter of the shard" (readings that came in time). A close deletes
    only the ids it has read.
    """

    shard = models.SmallIntegerField()
    meter_id = models.IntegerField(null=True)
    minute = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["minute"], name="window_mark_minute")]

    def __str__(self) -> str:
        return f"{self.shard}/{self.meter_id} {self.minute}"


class WindowClock(models.Model):
    """One row: every minute before `closed_until` has a row for each region."""

    closed_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"closed until {self.closed_until}"


class QuarantinedReading(models.Model):
    """A well-formed reading that waits for a person: adopted or discarded, never lost."""

    serial = models.CharField(max_length=64)
    ts = models.DateTimeField(null=True)
    reading_id = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=30, choices=QuarantineReason.choices)
    raw = models.TextField(help_text="the item as it came, JSON")
    received_at = models.DateTimeField()
    origin = models.CharField(
        max_length=60, help_text="digest of what it says, so that it is kept once"
    )
    state = models.CharField(
        max_length=10, choices=QuarantineState.choices, default=QuarantineState.OPEN
    )
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True, help_text="why it was decided so")
    appended_at = models.DateTimeField(
        null=True, help_text="when an adopted reading was put into the stream again"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin"], name="quarantine_once")]
        indexes = [
            models.Index(fields=["state", "-received_at", "-id"], name="quarantine_by_state"),
            models.Index(fields=["-received_at", "-id"], name="quarantine_newest"),
            models.Index(
                fields=["id"],
                name="quarantine_to_append",
                condition=Q(state=QuarantineState.ADOPTED, appended_at__isnull=True),
            ),
            models.Index(fields=["serial", "ts"], name="quarantine_serial"),
        ]

    def __str__(self) -> str:
        return f"{self.serial} {self.ts}: {self.reason}"


class ReadFile(models.Model):
    """A meter file that was taken in, once: its digest is its identity."""

    name = models.CharField(max_length=200)
    format = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64, unique=True)
    intervals = models.IntegerField()
    made_at = models.DateTimeField(
        null=True, help_text="when its sender made it, as it says; ranks it among files"
    )
    imported_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Channel(models.Model):
    """A register of a service point as files name it: `E1` import, `B1` export, `Q1` reactive."""

    id = models.AutoField(primary_key=True)
    point = models.CharField(max_length=64, help_text="the file's identifier, e.g. a NMI")
    suffix = models.CharField(max_length=20, help_text="the file's name of the channel")
    serial = models.CharField(max_length=64, blank=True)
    unit = models.CharField(max_length=10, choices=Unit.choices)
    direction = models.CharField(max_length=10, choices=Direction.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["point", "suffix"], name="channel_once"),
        ]

    def __str__(self) -> str:
        return f"{self.point} {self.suffix}"


class IntervalRead(models.Model):
    """A value that a file gives for `[start, end)`, at its own length, as the file gives it."""

    pk = models.CompositePrimaryKey("channel_id", "start")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="reads")
    start = models.DateTimeField()
    end = models.DateTimeField()
    value = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, help_text="in the channel's unit; null missing"
    )
    quality = models.SmallIntegerField(choices=Quality.choices)
    flag = models.CharField(max_length=10, help_text="the file's own quality, e.g. A, S14, F16")
    reason = models.CharField(max_length=250, blank=True)
    file = models.ForeignKey(ReadFile, on_delete=models.PROTECT, related_name="reads")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gt=models.F("start")), name="interval_read_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.start}"
