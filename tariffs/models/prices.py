"""Decided prices, what people set instead, and loads that were expected or unknown."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q

from grid.models import Region
from tariffs import pricing
from tariffs.choices import Flag, OverrideState, Trigger
from tariffs.models.columns import HalfOpen, price_field
from tariffs.models.policies import PricingPolicy

ONE_AT_A_TIME = "override_one_at_a_time"  # the constraint that keeps overrides apart


class PriceOverrideQuerySet(models.QuerySet["PriceOverride"]):
    """Overrides by time and state."""

    def open(self, now: datetime) -> Self:
        """Keep those that still wait, or act, or will act."""
        return self.filter(ended_at=None, ends_at__gt=now)


class PriceOverride(models.Model):
    """A price (or multiplier of the base) that a person sets for the slots that begin in a window.

    It acts from the next slot that is not decided yet, and ends by itself. Two that are not ended
    never overlap in a region.
    """

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="price_overrides")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="the first moment that it does not act on any more")
    price = price_field(null=True, blank=True, help_text="per kWh; may be negative")
    multiplier = models.DecimalField(
        max_digits=9, decimal_places=4, null=True, blank=True, help_text="of the base price"
    )
    reason = models.CharField(max_length=500)
    requested_by = models.CharField(max_length=254)
    requester_id = models.BigIntegerField()
    requested_at = models.DateTimeField()
    needs_approval = models.BooleanField()
    approved_by = models.CharField(max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=254, blank=True)
    ended_at = models.DateTimeField(null=True)

    objects = PriceOverrideQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="override_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=True) ^ Q(multiplier__isnull=True),
                name="override_price_or_multiplier",
            ),
            ExclusionConstraint(
                name=ONE_AT_A_TIME,
                expressions=[
                    ("region", RangeOperators.EQUAL),
                    (HalfOpen("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        what = f"× {self.multiplier}" if self.price is None else f"{self.price}"
        return f"{self.region} {what} from {self.starts_at:%Y-%m-%d %H:%M}"

    def order(self) -> pricing.Override:
        """Return the override as calculations take it."""
        return pricing.Override(self.reason, self.price, self.multiplier)

    def acts_on(self, slot_start: datetime, *, known_at: datetime) -> bool:
        """Tell whether it prices the slot, as far as it was approved at `known_at`."""
        is_approved = self.approved_at is not None and self.approved_at <= known_at
        is_ended = self.ended_at is not None and self.ended_at <= slot_start
        return is_approved and not is_ended and self.starts_at <= slot_start < self.ends_at

    def state(self, now: datetime) -> OverrideState:
        """Return where the override stands at a moment."""
        if self.ended_at is not None:
            return OverrideState.ENDED
        if self.approved_at is None:
            return OverrideState.REQUESTED if now < self.ends_at else OverrideState.LAPSED
        if now < self.starts_at:
            return OverrideState.SCHEDULED
        return OverrideState.ACTIVE if now < self.ends_at else OverrideState.OVER


class RegionPriceQuerySet(models.QuerySet["RegionPrice"]):
    """Prices by region and time."""

    def of(self, region_id: int) -> Self:
        """Keep the prices of one region."""
        return self.filter(region=region_id)

    def within(self, start: datetime, end: datetime) -> Self:
        """Keep the slots that share an instant with `[start, end)`."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class RegionPrice(models.Model):
    """A slot's price and how it arose, decided once: the database refuses any change.

    `load_minute` is the start of the minute the load was taken from; loads in % of the capacity.
    """

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="prices")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    price = price_field()
    old_price = price_field(null=True)
    base_price = price_field()
    currency = models.CharField(max_length=3)
    multiplier = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    band_from_pct = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    band_since = models.DateTimeField(null=True)
    load_pct = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    coverage_pct = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    load_minute = models.DateTimeField(null=True)
    policy = models.ForeignKey(PricingPolicy, on_delete=models.PROTECT, related_name="prices")
    override = models.ForeignKey(
        PriceOverride, null=True, on_delete=models.PROTECT, related_name="prices"
    )
    reason = models.CharField(max_length=600)
    triggered_by = models.CharField(max_length=10, choices=Trigger.choices)
    flag = models.CharField(max_length=15, choices=Flag.choices, blank=True)
    decided_at = models.DateTimeField()

    objects = RegionPriceQuerySet.as_manager()

    class Meta:
        ordering = ["region", "-starts_at"]
        indexes = [models.Index(fields=["ends_at"], name="region_price_in_force")]
        constraints = [
            models.UniqueConstraint(fields=["region", "starts_at"], name="region_price_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="region_price_ends_after_start"
            ),
            ExclusionConstraint(
                name="region_price_no_overlap",
                expressions=[
                    ("region", RangeOperators.EQUAL),
                    (HalfOpen("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(triggered_by=Trigger.OVERRIDE, override__isnull=False)
                | (~Q(triggered_by=Trigger.OVERRIDE) & Q(override__isnull=True)),
                name="region_price_names_its_override",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_id} {self.starts_at:%Y-%m-%d %H:%M}: {self.price}"


class LoadUnknown(models.Model):
    """A stretch in which a region was priced at base because its load stayed unknown.

    Open until a load decides a price again; the alarm desk reads the open ones.
    """

    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="unknown_loads")
    since = models.DateTimeField(help_text="start of the first slot at base price")
    until = models.DateTimeField(null=True, help_text="start of the slot a load decided again")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region"], name="load_unknown_open_once", condition=Q(until__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_id} since {self.since:%Y-%m-%d %H:%M}"


class LoadForecast(models.Model):
    """What was expected, at `made_at`, of a region's load in the hour that begins at `start`.

    Milliwatts, the hour's mean. Of ten outcomes one is meant to lie below `p10_mw`, five below
    `p50_mw` and nine below `p90_mw`. The prices per kWh are those that these loads would bring
    under the rules of that moment; None where the region had no rules or no capacity then.
    A row is never changed: it stands beside what came.
    """

    region = models.ForeignKey(Region, on_delete=models.CASCADE)
    made_at = models.DateTimeField(help_text="the full hour up to which loads were known")
    start = models.DateTimeField()
    p10_mw = models.BigIntegerField()
    p50_mw = models.BigIntegerField()
    p90_mw = models.BigIntegerField()
    p10_price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    p50_price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    p90_price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    model_version = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region", "made_at", "start"], name="load_forecast_once"
            ),
            models.CheckConstraint(
                condition=Q(p10_mw__lte=F("p50_mw"), p50_mw__lte=F("p90_mw")),
                name="load_forecast_in_order",
            ),
            models.CheckConstraint(
                condition=Q(start__gte=F("made_at")), name="load_forecast_of_the_future"
            ),
        ]
        indexes = [models.Index(F("made_at").desc(), name="load_forecast_newest")]

    def __str__(self) -> str:
        return f"{self.region_id} {self.start:%Y-%m-%d %H:%M}, made {self.made_at:%d %H:%M}"
