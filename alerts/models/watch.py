"""What detection remembers, packed by columns, and who was without supply, and when."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from grid.models import Region, Transformer
from meters.models import Meter, ServicePoint


class WatchState(models.Model):
    """What one part of detection remembers from one step to the next.

    `name` says which part (`sweep`, or `minutes:7` of region 7). The row is locked for a step,
    so that whichever worker takes the next one goes on where the last stopped. `columns` are
    numpy arrays by name, as `conditions.packing` packs them; `done_until` is how far it has come.
    """

    name = models.CharField(max_length=40, primary_key=True)
    columns = models.BinaryField(default=bytes)
    done_until = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class TimeOfDay(models.Model):
    """What the meters of a region usually draw in one quarter-hour of the day (0 to 95, UTC)."""

    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="+")
    slot = models.SmallIntegerField()
    columns = models.BinaryField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "slot"], name="time_of_day_once"),
            models.CheckConstraint(
                condition=Q(slot__gte=0, slot__lt=96), name="time_of_day_in_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_id}/{self.slot}"


class InterruptionQuerySet(models.QuerySet["Interruption"]):
    """Interruptions by time."""

    def running(self) -> Self:
        """Keep those that are not over."""
        return self.filter(ended_at=None)

    def touching(self, start: datetime, end: datetime) -> Self:
        """Keep those that have an instant in `[start, end)`."""
        begun = self.filter(started_at__lt=end)
        return begun.filter(Q(ended_at=None) | Q(ended_at__gt=start))


class Interruption(models.Model):
    """A time without supply at one service point.

    `last_at` is the last reading with supply, `next_at` the first with supply again: what is
    known. `started_at` and `ended_at` are where in between the supply failed and came back, as
    `conditions.spans` reckons; null while it lasts.
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="interruptions")
    service_point = models.ForeignKey(
        ServicePoint, on_delete=models.PROTECT, related_name="interruptions"
    )
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="interruptions")
    transformer = models.ForeignKey(
        Transformer, null=True, on_delete=models.PROTECT, related_name="interruptions"
    )
    last_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    is_planned = models.BooleanField(default=False)

    objects = InterruptionQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["meter"], name="interruption_running_once", condition=Q(ended_at=None)
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=F("started_at")),
                name="interruption_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["region", "started_at"], name="interruption_of_region"),
            models.Index(fields=["started_at"], name="interruption_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} from {self.started_at:%Y-%m-%d %H:%M:%S}"
