"""Readings that wait for a person, and what meter files said."""

from django.db import models
from django.db.models import Q

from meters.choices import (
    Direction,
    QuarantineState,
    Unit,
)
from meters.choices import Quarantine as QuarantineReason
from segs_site.lib.choices import Quality


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
    """A meter file that was taken in, once: its digest is its identity until it is undone."""

    name = models.CharField(max_length=200)
    format = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    intervals = models.IntegerField()
    made_at = models.DateTimeField(
        null=True, help_text="when its sender made it, as it says; ranks it among files"
    )
    imported_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, help_text="when its reads were taken back")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"], name="read_file_once", condition=Q(undone_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Channel(models.Model):
    """A register of a service point as files name it: `E1` import, `B1` export, `Q1` reactive."""

    id = models.AutoField(primary_key=True)
    point = models.CharField(max_length=64, help_text="the file's identifier, e.g. a NMI")
    suffix = models.CharField(max_length=64, help_text="the file's name of the channel")
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
    flag = models.CharField(max_length=30, help_text="the file's own quality, e.g. A, S14, F16")
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
