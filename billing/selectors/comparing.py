"""What the same use would cost on each plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.invoicing import Cycle
from billing.selectors.reckoned import BLOCKING, Reckoning
from billing.selectors.reckoning import Reckoner
from segs_site.lib import money
from tariffs.models import RatePlan


@dataclass(frozen=True, slots=True)
class OnPlan:
    """The total on one plan; None where it cannot price the use, and why."""

    plan: RatePlan
    total: Decimal | None
    is_current: bool
    trouble: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A use under every plan, cheapest first, those that cannot price it last."""

    energy_mwh: int
    plans: Sequence[OnPlan]


def compare(*, cycles: Mapping[int, Cycle], zone: ZoneInfo, now: datetime) -> Comparison:
    """Return what accounts would owe together on each plan in the currency of theirs."""
    today = Reckoner(zone=zone, now=now).reckon(cycles)
    agreed = [plan for reckoning in today for plan in reckoning.agreed]
    current = {plan.pk for plan in agreed}
    currencies = {plan.currency for plan in agreed}
    plans = RatePlan.objects.filter(currency__in=currencies)
    found = [_on(plan, cycles, zone, now, is_current=plan.pk in current) for plan in plans]
    found.sort(key=lambda one: (one.total is None, one.total or 0, one.plan.code))
    return Comparison(sum(reckoning.energy_mwh for reckoning in today), found)


def _on(
    plan: RatePlan, cycles: Mapping[int, Cycle], zone: ZoneInfo, now: datetime, *, is_current: bool
) -> OnPlan:
    reckonings = Reckoner(zone=zone, now=now, plan=plan).reckon(cycles)
    trouble = _trouble(reckonings)
    total = money.total(reckoning.total for reckoning in reckonings)
    return OnPlan(plan, None if trouble else total, is_current, trouble)


def _trouble(reckonings: Sequence[Reckoning]) -> str:
    blocking = [
        detail
        for reckoning in reckonings
        for kind, detail in reckoning.troubles.items()
        if kind in BLOCKING
    ]
    return "; ".join(blocking)
