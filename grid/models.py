"""The network: regions, substations, feeders, transformers, and how loaded each region was."""

from datetime import datetime
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q


class Region(models.Model):
    """A part of the grid with a capacity and a price of its own."""

    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=64, unique=True, help_text="as meters send it")
    name = models.CharField(max_length=100)
    outline = models.JSONField(default=dict, blank=True, help_text="GeoJSON geometry, WGS 84")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class RegionCapacity(models.Model):
    """What a region can carry from a moment on, until the next row says otherwise."""

    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="capacities")
    capacity_kw = models.DecimalField(
        max_digits=12, decimal_places=3, validators=[MinValueValidator(0.001)]
    )
    effective_from = models.DateTimeField()

    class Meta:
        ordering = ["region", "effective_from"]
        verbose_name_plural = "region capacities"
        constraints = [
            models.UniqueConstraint(
                fields=["region", "effective_from"], name="region_capacity_once"
            ),
            models.CheckConstraint(
                condition=Q(capacity_kw__gt=0), name="region_capacity_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region}: {self.capacity_kw} kW from {self.effective_from:%Y-%m-%d %H:%M}"


class Substation(models.Model):
    """Where a region is fed."""

    id = models.AutoField(primary_key=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="substations")
    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    latitude = models.FloatField()
    longitude = models.FloatField()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Feeder(models.Model):
    """A medium-voltage line out of a substation."""

    id = models.AutoField(primary_key=True)
    substation = models.ForeignKey(Substation, on_delete=models.PROTECT, related_name="feeders")
    code = models.CharField(max_length=64, unique=True)
    rating_kw = models.FloatField()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(rating_kw__gt=0), name="feeder_rating_positive")
        ]

    def __str__(self) -> str:
        return self.code


class Transformer(models.Model):
    """The last step down before the service points it supplies."""

    id = models.AutoField(primary_key=True)
    feeder = models.ForeignKey(Feeder, on_delete=models.PROTECT, related_name="transformers")
    code = models.CharField(max_length=64, unique=True)
    rating_kva = models.FloatField()
    latitude = models.FloatField()
    longitude = models.FloatField()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating_kva__gt=0), name="transformer_rating_positive"
            )
        ]

    def __str__(self) -> str:
        return self.code


class RegionLoadQuerySet(models.QuerySet["RegionLoad"]):
    """Loads by region and time."""

    def within(self, start: datetime, end: datetime) -> Self:
        """Keep the windows that start in `[start, end)`."""
        return self.filter(start__gte=start, start__lt=end)


class RegionLoad(models.Model):
    """How loaded a region was in one window; written also when no reading came.

    Power in milliwatts. `load_mw` is what reporting meters drew plus `estimated_mw` for meters
    that were silent; below the coverage limit it is not known and `load_known` is false.
    """

    region = models.ForeignKey(Region, on_delete=models.PROTECT, db_constraint=False)
    start = models.DateTimeField()
    load_mw = models.BigIntegerField(null=True)
    estimated_mw = models.BigIntegerField(default=0)
    mean_mw = models.BigIntegerField(null=True, help_text="mean of the meters' means")
    min_mw = models.BigIntegerField(null=True)
    max_mw = models.BigIntegerField(null=True)
    energy_mwh = models.BigIntegerField(null=True)
    meters_reporting = models.IntegerField()
    meters_expected = models.IntegerField()
    capacity_mw = models.BigIntegerField(null=True, help_text="in force at the window's start")
    load_known = models.BooleanField()
    revised_at = models.DateTimeField()

    objects = RegionLoadQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.region_id} {self.start:%Y-%m-%d %H:%M}"


class RegionMinute(RegionLoad):
    """A region's load in one minute."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "start"], name="region_minute_once")
        ]
        indexes = [models.Index(F("start").desc(), name="region_minute_newest")]


class RegionQuarter(RegionLoad):
    """A region's load in one quarter-hour."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "start"], name="region_quarter_once")
        ]
        indexes = [models.Index(F("start").desc(), name="region_quarter_newest")]
