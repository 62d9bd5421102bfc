"""Shapes of prices. Prices and money are decimal strings, measured kWh and % numbers."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from grid.models import Region
from segs_site.lib.moments import MomentField, PeriodQuerySerializer
from tariffs import pricing
from tariffs.choices import Flag, Trigger
from tariffs.models import PriceOverride
from tariffs.selectors.prices import Tariff

UNKNOWN = "null where it is not known"


def price(**options: Any) -> serializers.DecimalField:
    """Return a price per kWh, with six places."""
    return serializers.DecimalField(max_digits=12, decimal_places=6, **options)


class RegionField(serializers.SlugRelatedField[Region]):
    """A region by the code that meters send."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="code", queryset=Region.objects.all(), **options)

    def to_internal_value(self, data: Any) -> Region:
        """Return the region; what PostgreSQL can keep in no text is refused as any text is."""
        return super().to_internal_value(serializers.CharField().run_validation(data))


class TariffSerializer(serializers.Serializer[Any]):
    """A decided price of one slot and how it arose: base × band, load, or override."""

    tariff_id = serializers.IntegerField()
    region = serializers.CharField()
    name = serializers.CharField()
    price_per_kwh = price()
    currency = serializers.CharField()
    effective_from = serializers.DateTimeField()
    effective_until = serializers.DateTimeField(help_text="the first instant it does not hold")
    base_price = price()
    multiplier = serializers.DecimalField(
        max_digits=9,
        decimal_places=4,
        allow_null=True,
        help_text="null where an override names a price",
    )
    band_from_pct = serializers.FloatField(
        allow_null=True, help_text="where the band begins, in % of the capacity; null without one"
    )
    load_pct = serializers.FloatField(
        allow_null=True, help_text="the load it was decided from; null where it was not known"
    )
    coverage_pct = serializers.FloatField(allow_null=True, help_text=UNKNOWN)
    reason = serializers.CharField()
    triggered_by = serializers.ChoiceField(Trigger.choices)
    flag = serializers.ChoiceField(Flag.choices)
    old_price = price(allow_null=True)
    decided_at = serializers.DateTimeField()
    policy_version = serializers.IntegerField()

    def to_representation(self, instance: Tariff) -> dict[str, Any]:
        """Return what the fields would, without asking each of 19 for each row of a page.

        Moments are in UTC as the database gives them, and left to `rendering.encode`.
        """
        return {
            "tariff_id": instance.tariff_id,
            "region": instance.region,
            "name": instance.name,
            "price_per_kwh": _in_places(6, instance.price_per_kwh),
            "currency": instance.currency,
            "effective_from": instance.effective_from,
            "effective_until": instance.effective_until,
            "base_price": _in_places(6, instance.base_price),
            "multiplier": _in_places(4, instance.multiplier),
            "band_from_pct": _number(instance.band_from_pct),
            "load_pct": _number(instance.load_pct),
            "coverage_pct": _number(instance.coverage_pct),
            "reason": instance.reason,
            "triggered_by": instance.triggered_by,
            "flag": instance.flag,
            "old_price": _in_places(6, instance.old_price),
            "decided_at": instance.decided_at,
            "policy_version": instance.policy_version,
        }


def _in_places(places: int, value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.{places}f}"


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True, slots=True)
class CurrentTariff:
    """The price in force in a region, and the next one where it is decided."""

    current: Tariff
    next: Tariff | None


class CurrentTariffSerializer(TariffSerializer):
    """The price in force, and the next one where it is decided."""

    next = TariffSerializer(allow_null=True)

    def to_representation(self, instance: CurrentTariff) -> dict[str, Any]:  # type: ignore[override]
        """Return both."""
        following = instance.next and super().to_representation(instance.next)
        return super().to_representation(instance.current) | {"next": following}


class CurrentSerializer(serializers.Serializer[Any]):
    """The price in force in each region that has one."""

    regions = CurrentTariffSerializer(many=True)


class CurrentQuerySerializer(serializers.Serializer[Any]):
    """Which regions."""

    region = RegionField(required=False, help_text="all without")


class BandSerializer(serializers.Serializer[Any]):
    """Loads from `from_pct` up to, not including, `to_pct`."""

    from_pct = serializers.FloatField()
    to_pct = serializers.FloatField(allow_null=True, help_text="null: open upward")
    multiplier = serializers.DecimalField(max_digits=9, decimal_places=4)
    price = price(help_text="within floor and cap")


class PolicySerializer(serializers.Serializer[Any]):
    """The rules in force."""

    version = serializers.IntegerField()
    effective_from = serializers.DateTimeField()
    currency = serializers.CharField()
    base_price = price()
    bands = BandSerializer(many=True)
    cap = price(allow_null=True)
    floor = price(allow_null=True)
    slot_minutes = serializers.IntegerField()
    lead_s = serializers.IntegerField()


class RegionTariffSerializer(serializers.Serializer[Any]):
    """One region: price now and next, and by what rules."""

    region = serializers.CharField()
    name = serializers.CharField()
    current = TariffSerializer(allow_null=True)
    next = TariffSerializer(allow_null=True)
    policy = PolicySerializer(allow_null=True)


class HistoryQuerySerializer(PeriodQuerySerializer):
    """Which prices; newest first."""

    region = RegionField()
    cursor = serializers.CharField(required=False, max_length=1000)
    limit = serializers.IntegerField(min_value=1, max_value=1500, default=100)

    def _end_without(self, attrs: dict[str, Any]) -> Any:
        """Let what is decided ahead be part of a history that names no end."""
        return self.context["now"] + timedelta(hours=2)


class PriceHistorySerializer(serializers.Serializer[Any]):
    """A page of prices."""

    next = serializers.CharField(allow_null=True, help_text="address of the next page")
    results = TariffSerializer(many=True)


class EstimateQuerySerializer(serializers.Serializer[Any]):
    """A use of electricity, spread evenly over a period."""

    region = RegionField()
    kwh = serializers.DecimalField(
        max_digits=15, decimal_places=6, min_value=Decimal(0), help_text="what is used"
    )
    start = MomentField(required=False, help_text="now without")
    end = MomentField(required=False, help_text="an hour after `start` without")


class EstimateSerializer(serializers.Serializer[Any]):
    """What the use costs."""

    region = serializers.CharField()
    kwh = serializers.DecimalField(max_digits=15, decimal_places=6)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    cost = serializers.DecimalField(max_digits=15, decimal_places=2)
    average_price = price()
    currency = serializers.CharField()
    decided_pct = serializers.FloatField(
        help_text="share of the time whose price is decided; the rest is taken at the newest"
    )


class PlanSerializer(serializers.Serializer[Any]):
    """A plan that an agreement can name."""

    code = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()


class PlansSerializer(serializers.Serializer[Any]):
    """Every plan."""

    plans = PlanSerializer(many=True)


class AnalyticsQuerySerializer(PeriodQuerySerializer):
    """Which region, when; the last week without."""

    usual = timedelta(days=7)
    region = RegionField()


class ShareSerializer(serializers.Serializer[Any]):
    """What one band had of the period."""

    band = serializers.CharField(help_text="where it begins in %; or override, or base")
    time_pct = serializers.FloatField()
    energy_kwh = serializers.FloatField()
    average_price = price()


class EarnedSerializer(serializers.Serializer[Any]):
    """What energy earned while a band was in force."""

    band = serializers.CharField(
        help_text="where it begins in %; or override, or base, or none where no price was decided"
    )
    amount = serializers.DecimalField(max_digits=48, decimal_places=15)
    energy_kwh = serializers.DecimalField(max_digits=24, decimal_places=6)


class RevenueSerializer(serializers.Serializer[Any]):
    """What live invoices charge for the energy of the period: exact, before charges and tax."""

    currency = serializers.CharField()
    amount = serializers.DecimalField(max_digits=48, decimal_places=15)
    energy_kwh = serializers.DecimalField(max_digits=24, decimal_places=6)
    bands = EarnedSerializer(many=True)


class AnalyticsSerializer(serializers.Serializer[Any]):
    """A region's prices in a period, weighted by time."""

    region = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    average = price(allow_null=True)
    highest = price(allow_null=True)
    lowest = price(allow_null=True)
    changes = serializers.IntegerField()
    flagged_pct = serializers.FloatField(allow_null=True)
    energy_kwh = serializers.FloatField()
    bands = ShareSerializer(many=True)
    revenue = RevenueSerializer(
        many=True, help_text="by currency; empty while nothing of the period is billed"
    )


class OverrideOrderSerializer(serializers.Serializer[Any]):
    """A price, or a multiplier of the base price, for the slots that begin in a window."""

    region = RegionField()
    start = MomentField()
    end = MomentField(help_text="the first instant it does not act on any more")
    price = price(required=False, help_text="per kWh; may be negative")
    multiplier = serializers.DecimalField(max_digits=9, decimal_places=4, required=False)
    reason = serializers.CharField(max_length=500)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a window that ends before it starts, and two prices or none."""
        if attrs["end"] <= attrs["start"]:
            raise serializers.ValidationError({"end": ["The end must come after the start."]})
        if ("price" in attrs) == ("multiplier" in attrs):
            words = "Give either a price or a multiplier."
            raise serializers.ValidationError({"price": [words]})
        return attrs

    def override(self) -> pricing.Override:
        """Return what the slots shall cost."""
        data = self.validated_data
        return pricing.Override(data["reason"], data.get("price"), data.get("multiplier"))


class OverrideSerializer(serializers.Serializer[Any]):
    """An override and where it stands; `now` comes with the context."""

    id = serializers.IntegerField()
    region = serializers.CharField(source="region.code")
    start = serializers.DateTimeField(source="starts_at")
    end = serializers.DateTimeField(source="ends_at")
    price = price(allow_null=True)
    multiplier = serializers.DecimalField(max_digits=9, decimal_places=4, allow_null=True)
    reason = serializers.CharField()
    state = serializers.SerializerMethodField()
    needs_approval = serializers.BooleanField()
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    approved_by = serializers.CharField()
    approved_at = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)

    def get_state(self, row: PriceOverride) -> str:
        """Return where the override stands now: a code of `OverrideState`."""
        return row.state(self.context["now"]).value


class OverridesSerializer(serializers.Serializer[Any]):
    """Overrides that wait, act or will act."""

    overrides = OverrideSerializer(many=True)
