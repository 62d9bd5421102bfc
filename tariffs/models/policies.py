"""By what rules the prices of a region follow its load."""

from datetime import datetime, timedelta
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from grid.models import Region
from tariffs import bands, pricing
from tariffs.choices import SLOT_CHOICES
from tariffs.models.columns import price_field

NOT_NEGATIVE = MinValueValidator(0)


def default_bands() -> list[list[str | None]]:
    """Return the bands that a policy has until somebody writes others."""
    return [list(row) for row in bands.DEFAULT]


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
