"""Policies, minutes and overrides for tests of prices."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from grid.models import Region
from tariffs.models import PriceOverride, PricingPolicy, RegionPrice
from tariffs.services import deciding, overrides, policies
from tariffs.services.overrides import Person
from tests.grid.builders import closed_minute

MINUTE = timedelta(minutes=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
OLGA, ADA = Person(1, "olga@utility.example"), Person(2, "ada@utility.example")


def policy(region: Region | None = None, **columns: Any) -> PricingPolicy:
    """Slots of 15 minutes at 0.20 EUR, decided a minute ahead, without dwell."""
    values = {
        "effective_from": LONG_AGO,
        "currency": "EUR",
        "base_price": Decimal("0.2"),
        "min_dwell_minutes": 0,
    } | columns
    made = PricingPolicy(region=region, **values)
    return policies.adopt(policy=made, by="ada@utility.example", now=LONG_AGO)


def load(region: Region, pct: float, *, until: datetime, **columns: Any) -> None:
    """Close the minute that ends at `until`, with so much of 100 kW; all meters report."""
    values = {"load_mw": round(pct * 1_000_000), "meters_reporting": 4} | columns
    closed_minute(region, until - MINUTE, **values)


def decide(region: Region, *, now: datetime) -> list[RegionPrice]:
    """Decide what is due in one region."""
    return list(deciding.decide_region(region_id=region.pk, now=now))


def order(
    region: Region, start: datetime, end: datetime, *, price: str = "0.25", reason: str = "storm"
) -> overrides.Order:
    """A price that nobody has to approve by default."""
    return overrides.Order(
        region, start, end, overrides.pricing.Override(reason, price=Decimal(price))
    )


def override(
    region: Region, start: datetime, end: datetime, *, now: datetime, **more: Any
) -> PriceOverride:
    """An override by Olga."""
    return overrides.request(order=order(region, start, end, **more), by=OLGA, now=now)
