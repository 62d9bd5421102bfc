"""Prices of regions as rating takes them: which slot cost how much, and why."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Avg
from django.db.models.functions import TruncHour

from billing.rating.market import Slot, Slots
from segs_site.lib.periods import QUARTER, Period
from tariffs import plans
from tariffs.choices import Trigger
from tariffs.models import RegionPrice
from tariffs.seasons import Calendar


@dataclass(frozen=True, slots=True)
class Prices:
    """The decided slots of one region in a period; the currency is empty where there is none."""

    currency: str
    slots: Slots

    @property
    def is_fine(self) -> bool:
        """Whether some price holds for less than a quarter-hour, so that minutes are needed."""
        return self.slots.shortest is not None and self.slots.shortest < QUARTER


def of_region(*, region_id: int, period: Period) -> Prices:
    """Return a region's prices in a period, in the currency of the newest of them."""
    rows = (
        RegionPrice.objects.of(region_id)
        .within(period.start, period.end)
        .order_by("starts_at")
        .values_list("starts_at", "ends_at", "price", "triggered_by", "multiplier", "currency")
    )
    found = list(rows)
    slots = [Slot(row[0], row[1], row[2], _label(row[3], row[4])) for row in found]
    return Prices(found[-1][5] if found else "", Slots(slots))


def per_kwh(
    plan: plans.Plan, in_force: Decimal | None, *, now: datetime, zone: ZoneInfo
) -> Decimal | None:
    """Return what a kWh costs on a plan whose price changes by the clock; None for others.

    `in_force` is the region's price, None while none is decided.
    """
    match plan.energy:
        case plans.Dynamic(added=added):
            return None if in_force is None else in_force + added
        case plans.TimeOfUse() as energy:
            return energy.rates[Calendar(energy, zone).rate_at(now)]
        case _:
            return None


def hourly(*, region_id: int, period: Period) -> dict[datetime, Decimal]:
    """Return the mean of a region's prices in each hour of a period that has one."""
    slots = RegionPrice.objects.of(region_id).within(period.start, period.end).order_by()
    hours = slots.values(hour=TruncHour("starts_at", tzinfo=UTC)).annotate(mean=Avg("price"))
    return dict(hours.values_list("hour", "mean"))


def _label(trigger: str, multiplier: Decimal | None) -> str:
    if trigger == Trigger.AUTO and multiplier is not None:
        return f"by load, × {multiplier.normalize():f}"
    return str(Trigger(trigger).label)
