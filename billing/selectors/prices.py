"""Prices of regions as rating takes them: which slot cost how much, and why."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Avg, BigIntegerField, Count, Max
from django.db.models.expressions import RawSQL
from django.db.models.functions import TruncHour
from django.utils.translation import get_language

from billing.rating.market import Slot, Slots
from segs_site.lib.periods import QUARTER, Period
from tariffs import plans
from tariffs.choices import Trigger
from tariffs.models import RegionPrice
from tariffs.seasons import Calendar

# The transaction that wrote a row: none is the same, even where keys begin anew.
_WRITTEN_BY = RawSQL("tariffs_regionprice.xmin::text::bigint", [], BigIntegerField())


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
    slots = RegionPrice.objects.of(region_id).within(period.start, period.end).order_by()
    seen = slots.aggregate(count=Count("pk"), newest=Max("pk"), written=Max(_WRITTEN_BY))
    return _read(region_id, period, tuple(seen.values()), get_language())


@lru_cache(maxsize=64)  # a month of one has 80 kB
def _read(
    region_id: int, period: Period, _seen: tuple[int | None, ...], _language: str | None
) -> Prices:
    """Read the slots, once in a process: what is decided is never changed, only added to."""
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
