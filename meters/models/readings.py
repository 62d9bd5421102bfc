"""What meters said, and the windows summed from it."""

from datetime import datetime
from typing import Self

from django.db import models

from grid.models import Region
from meters.models.places import Meter
from segs_site.lib.choices import Quality
from segs_site.lib.partitions import PartitionedTable


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
    register_mwh = models.BigIntegerField(
        null=True, help_text="of its register's newest read that is not held"
    )
    register_at = models.DateTimeField(null=True, help_text="when the register stood there")

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

    `energy_mwh` is what was drawn less what was fed in, `export_mwh` what was fed in (None in
    windows summed before that was kept apart); `estimated_mwh` of it stands for the parts that no
    reading covered. All of it is what flowed: the meter's values times its ratio. Where the meter
    was hung or taken down within the window, it is of the time it hung. `region` is the one the
    meter hung in at `start`, or when it was hung.
    """

    pk = models.CompositePrimaryKey("meter_id", "start")
    start = models.DateTimeField()
    mean_mw = models.BigIntegerField()
    min_mw = models.BigIntegerField()
    max_mw = models.BigIntegerField()
    energy_mwh = models.BigIntegerField()
    estimated_mwh = models.BigIntegerField()
    export_mwh = models.BigIntegerField(null=True)
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
    """One meter's quarter-hour, summed from its minutes; what its columns hold is final.

    Where a rule or a person had a say, `edit` is what was done last, and `raw_` columns hold what
    the minutes gave: None where they gave nothing, and always where there is no edit. A quarter-
    hour that nobody measured has a `count` of 0 and its estimate as power.
    """

    raw_mwh = models.BigIntegerField(null=True)
    raw_estimated_mwh = models.BigIntegerField(null=True)
    raw_export_mwh = models.BigIntegerField(null=True)
    raw_quality = models.SmallIntegerField(null=True, choices=Quality.choices)
    edit = models.ForeignKey(
        "meters.IntervalEdit", null=True, on_delete=models.DO_NOTHING, db_constraint=False,
        db_index=False, related_name="+",
    )  # fmt: skip

    class Meta:
        # partitioned by UTC month of `start`, by its migration
        db_table = "meters_quarter"


class WindowRevision(models.Model):
    """What a quarter-hour was taken to be before it was revised; rows are only added."""

    meter = models.ForeignKey(Meter, on_delete=models.DO_NOTHING, db_constraint=False)
    start = models.DateTimeField()
    mean_mw = models.BigIntegerField()
    energy_mwh = models.BigIntegerField()
    estimated_mwh = models.BigIntegerField()
    export_mwh = models.BigIntegerField(null=True)
    count = models.IntegerField()
    expected = models.IntegerField()
    quality = models.SmallIntegerField(choices=Quality.choices)
    since = models.DateTimeField(help_text="it was taken to be so from then")
    until = models.DateTimeField(help_text="to then, when it was revised")

    class Meta:
        indexes = [models.Index(fields=["meter", "start"], name="window_revision_of")]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.start} until {self.until}"


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
