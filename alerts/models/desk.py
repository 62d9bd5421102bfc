"""What people at the desk write down: planned work and the notes of a shift."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q

from grid.models import Feeder, Region, Transformer


class PlannedWorkQuerySet(models.QuerySet["PlannedWork"]):
    """Planned work by time."""

    def at(self, moment: datetime) -> Self:
        """Keep what goes on at a moment."""
        return self.filter(during__contains=moment, cancelled_at=None)


class PlannedWork(models.Model):
    """Work that will make meters dark in one place and time: what it explains is no alarm."""

    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.PROTECT)
    feeder = models.ForeignKey(Feeder, null=True, blank=True, on_delete=models.PROTECT)
    transformer = models.ForeignKey(Transformer, null=True, blank=True, on_delete=models.PROTECT)
    during = DateTimeRangeField(help_text="half-open")
    reason = models.CharField(max_length=500)
    planned_by = models.CharField(max_length=254)
    planned_at = models.DateTimeField()
    cancelled_by = models.CharField(max_length=254, blank=True)
    cancelled_at = models.DateTimeField(null=True)

    objects = PlannedWorkQuerySet.as_manager()

    class Meta:
        ordering = ["-during"]
        verbose_name_plural = "planned work"
        constraints = [
            models.CheckConstraint(
                condition=Q(region__isnull=False, feeder__isnull=True, transformer__isnull=True)
                | Q(region__isnull=True, feeder__isnull=False, transformer__isnull=True)
                | Q(region__isnull=True, feeder__isnull=True, transformer__isnull=False),
                name="planned_work_in_one_place",
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__upper_inf=False),
                name="planned_work_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region or self.feeder or self.transformer}: {self.reason}"


class ShiftNote(models.Model):
    """What one shift tells the next: kept, never changed."""

    text = models.TextField(max_length=4000)
    written_by = models.CharField(max_length=254)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["-written_at", "-id"]

    def __str__(self) -> str:
        return f"{self.written_by} {self.written_at:%Y-%m-%d %H:%M}"
