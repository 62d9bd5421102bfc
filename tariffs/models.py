"""Rate plans, the rules and prices of regions, and what people set instead."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q

from grid.models import Region
from tariffs import bands, plans, pricing
from tariffs.choices import SLOT_CHOICES, Flag, OverrideState, Trigger

ONE_AT_A_TIME = "override_one_at_a_time"  # the constraint that keeps overrides apart
NOT_NEGATIVE = MinValueValidator(0)


class HalfOpen(Func):
    """The period from one column up to another, as the database compares periods."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def price_field(**options: Any) -> "models.DecimalField[Any, Any]":
    """Return a column for a price per kWh, which may be negative."""
    return models.DecimalField(max_digits=12, decimal_places=6, **options)


def default_bands() -> list[list[str | None]]:
    """Return the bands that a policy has until somebody writes others."""
    return [list(row) for row in bands.DEFAULT]


def default_plan() -> dict[str, Any]:
    """Return the definition of a plan that charges energy at the price in force and no more."""
    return {"energy": {"kind": "dynamic"}}


class RatePlan(models.Model):
    """A plan that an agreement can name; `definition` is what `tariffs.plans.read` reads."""

    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3)
    definition = models.JSONField(
        default=default_plan, help_text="how it prices: docs/plans.md shows each form"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what could not be priced."""
        try:
            plans.read(self.definition)
        except plans.BadPlan as fault:
            raise ValidationError({"definition": str(fault)}) from fault

    def plan(self) -> plans.Plan:
        """Return the plan as calculations take it. Raises plans.BadPlan."""
        return plans.read(self.definition)


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


class PricingPolicyQuerySet(models.QuerySet["PricingPolicy"]):
    """Policies by region and time."""

    def of(self, region_id: int) -> Self:
        """Keep those that can rule a region: its own, and the default."""
        return self.filter(Q(region=region_id) | Q(region=None))

    def begun(self, moment: datetime) -> Self:
        """Keep those that have come into force."""
        return self.filter(effective_from__lte=moment)

    def strongest_first(self) -> Self:
        """Order so that the first of a region's policies is the one in force."""
        return self.order_by(F("region").asc(nulls_last=True), "-effective_from")


class PricingPolicy(models.Model):
    """By what rules a region's slots are priced, from a moment on; without a region the default.

    A change is a new version. The database refuses to change or delete one that has decided a
    price.
    """

    region = models.ForeignKey(
        Region,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pricing_policies",
        help_text="empty: every region that has no policy of its own",
    )
    version = models.PositiveIntegerField(editable=False)
    effective_from = models.DateTimeField()
    currency = models.CharField(max_length=3)
    base_price = price_field(help_text="per kWh; may be negative")
    bands = models.JSONField(default=default_bands)
    hysteresis_pct = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=2,
        validators=[NOT_NEGATIVE],
        help_text="the load must fall so far below a band to leave it",
    )
    min_dwell_minutes = models.PositiveIntegerField(
        default=15, help_text="how long a band stands at least"
    )
    min_change = price_field(
        default=0, validators=[NOT_NEGATIVE], help_text="smaller steps are not taken"
    )
    cap = price_field(null=True, blank=True, help_text="no price is above it")
    floor = price_field(null=True, blank=True, help_text="no price is below it")
    hold_minutes = models.PositiveIntegerField(
        default=60, help_text="how long a price is held while the load is unknown; then base"
    )
    slot_minutes = models.PositiveSmallIntegerField(choices=SLOT_CHOICES, default=15)
    lead_s = models.PositiveSmallIntegerField(
        "decision lead (s)",
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(3600)],
        help_text="how long before its slot starts a price is decided",
    )
    approval_above_pct = models.DecimalField(
        max_digits=7,
        decimal_places=2,
        default=50,
        validators=[NOT_NEGATIVE],
        help_text="an override further from base than this needs a second person",
    )
    created_by = models.CharField(max_length=200, editable=False)
    created_at = models.DateTimeField(editable=False)

    objects = PricingPolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "pricing policies"
        constraints = [
            models.UniqueConstraint(
                fields=["region", "version"], name="policy_version_once", nulls_distinct=False
            ),
            models.UniqueConstraint(
                fields=["region", "effective_from"],
                name="policy_moment_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(slot_minutes__in=pricing.SLOT_MINUTES), name="policy_slot_length"
            ),
            models.CheckConstraint(
                condition=Q(lead_s__gte=1, lead_s__lte=3600), name="policy_lead_1_s_to_1_h"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region or 'default'} v{self.version}"

    @property
    def slot(self) -> timedelta:
        """The length of a slot."""
        return timedelta(minutes=self.slot_minutes)

    @property
    def lead(self) -> timedelta:
        """How long before its start a slot is decided."""
        return timedelta(seconds=self.lead_s)

    def rules(self) -> pricing.Rules:
        """Return the policy as calculations take it."""
        return pricing.Rules(
            base_price=self.base_price,
            bands=bands.read(self.bands),
            hysteresis_pct=self.hysteresis_pct,
            min_dwell=timedelta(minutes=self.min_dwell_minutes),
            min_change=self.min_change,
            cap=self.cap,
            floor=self.floor,
            hold_for=timedelta(minutes=self.hold_minutes),
        )

    def clean(self) -> None:
        """Refuse, by the field's name, what could not price every load."""
        faults: dict[str, str] = {}
        try:
            bands.read(self.bands)
        except bands.BadBands as fault:
            faults["bands"] = str(fault)
        if self.cap is not None and self.floor is not None and self.cap < self.floor:
            faults["cap"] = "The cap is below the floor."
        if self.lead_s and self.slot_minutes and self.lead > self.slot:
            faults["lead_s"] = "A price cannot be decided earlier than one slot before its start."
        if faults:
            raise ValidationError(faults)


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
