"""Rate plans, the rules and prices of regions, and what people set instead."""

from tariffs.models.columns import HalfOpen
from tariffs.models.plans import RatePlan, default_plan
from tariffs.models.policies import PricingPolicy, default_bands
from tariffs.models.prices import (
    ONE_AT_A_TIME,
    LoadForecast,
    LoadUnknown,
    PriceOverride,
    RegionPrice,
)

__all__ = [
    "ONE_AT_A_TIME",
    "HalfOpen",
    "LoadForecast",
    "LoadUnknown",
    "PriceOverride",
    "PricingPolicy",
    "RatePlan",
    "RegionPrice",
    "default_bands",
    "default_plan",
]
