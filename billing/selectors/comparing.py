"""What the same use would cost on each plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from zoneinfo import ZoneInfo

from billing.invoicing import Cycle
from billing.models import BillingTerms
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
class Known:
    """How many quarter-hours of one account's period are known, of those that should be."""

    cycle: Cycle
    found: int
    expected: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A use under every plan, cheapest first, those that cannot price it last."""

    energy_mwh: int
    plans: Sequence[OnPlan]
    periods: Sequence[Known]


def compare(*, cycles: Mapping[int, Sequence[Cycle]], zone: ZoneInfo, now: datetime) -> Comparison:
    """Return what accounts would owe together on each plan in the currency of theirs.

    Each period is billed for itself, for blocks, demand and minimum go by the billing period. One
    of which nothing is known is left out, its standing charge too.
    """
    reckoner = Reckoner(zone=zone, now=now)
    today = [one for each in _rounds(cycles) for one in reckoner.reckon(each)]
    used = [one for one in today if any(section.found for section in one.sections)]
    served = used or [one for one in today if one.agreed] or today
    kept: dict[int, list[Cycle]] = {}
    for one in served:
        kept.setdefault(one.account_id, []).append(one.cycle)
    agreed = [plan for one in served for plan in one.agreed]
    current = {plan.pk for plan in agreed}
    plans = RatePlan.objects.filter(currency__in={plan.currency for plan in agreed})
    found = [_on(plan, kept, reckoner, is_current=plan.pk in current) for plan in plans]
    found.sort(key=lambda one: (one.total is None, one.total or 0, one.plan.code))
    energy = sum(one.energy_mwh for one in served)
    return Comparison(energy, found, [_known(one) for one in today])


def periods_of(*, account_ids: Sequence[int], asked: Cycle) -> dict[int, list[Cycle]]:
    """Return, by account, some days cut at the edges of its billing periods."""
    terms = BillingTerms.objects.in_bulk(account_ids)
    return {pk: list(_cut(terms.get(pk) or BillingTerms(), asked)) for pk in account_ids}


def _cut(terms: BillingTerms, asked: Cycle) -> Iterator[Cycle]:
    day = asked.start
    while day < asked.end:
        end = min(terms.cycle_of(day).end, asked.end)
        yield Cycle(day, end)
        day = end


def last_periods(
    *, account_ids: Sequence[int], today: date, months: int
) -> dict[int, list[Cycle]]:
    """Return, by account, the billing periods of the last months that are over, oldest first."""
    terms = BillingTerms.objects.in_bulk(account_ids)
    return {pk: _over(terms.get(pk) or BillingTerms(), today, months) for pk in account_ids}


def _over(terms: BillingTerms, today: date, months: int) -> list[Cycle]:
    found: list[Cycle] = []
    start = terms.cycle_of(today).start
    for _ in range(max(1, months // terms.months)):
        cycle = terms.cycle_of(start - timedelta(days=1))
        found.insert(0, cycle)
        start = cycle.start
    return found


def _rounds(cycles: Mapping[int, Sequence[Cycle]]) -> Iterator[dict[int, Cycle]]:
    """Yield the periods by their place: an account has one in each reckoning."""
    for row in zip_longest(*cycles.values()):
        pairs = zip(cycles, row, strict=True)
        yield {account: cycle for account, cycle in pairs if cycle is not None}


def _known(one: Reckoning) -> Known:
    found = sum(min(section.found, section.expected) for section in one.sections)
    return Known(one.cycle, found, sum(section.expected for section in one.sections))


def _on(
    plan: RatePlan, cycles: Mapping[int, Sequence[Cycle]], reckoner: Reckoner, *, is_current: bool
) -> OnPlan:
    on_it = reckoner.on(plan)
    reckonings = [one for each in _rounds(cycles) for one in on_it.reckon(each)]
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
