"""Reckons what accounts owe for a period, from what is known now; writes nothing.

`billing/calculate`, projections, drafts and issues all ask this: there is no other way to a bill.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from billing.choices import Trouble
from billing.invoicing import Cycle
from billing.rating import bill, market
from billing.rating.energy import NoPrice
from billing.rating.minutes import spread
from billing.rating.usage import ByInterval, CoarseUsage, Usage, Whole
from billing.selectors import prices, supplies, usage
from billing.selectors.prices import Prices
from billing.selectors.reckoned import Reckoning, Section, doubts
from billing.selectors.supplies import Part
from billing.selectors.usage import Windows
from meters.intervals import whole_quarters
from segs_site.lib.periods import MINUTE, QUARTER, Period, floor
from tariffs import plans
from tariffs.models import RatePlan


class Reckoner:
    """Reckons many accounts; prices and plans are read once for all of them.

    With `plan` it reckons what they would owe if all were on that one; with `frozen`, by the
    plans that agreements had, by their ids.
    """

    def __init__(
        self,
        *,
        zone: ZoneInfo,
        now: datetime,
        plan: RatePlan | None = None,
        frozen: Mapping[int, RatePlan] | None = None,
    ) -> None:
        self._zone, self._now, self._plan = zone, now, plan
        self._frozen = frozen or {}
        self._prices: dict[tuple[int, Period], Prices] = {}
        self._by_interval: dict[tuple[int, bytes], ByInterval] = {}

    def on(self, plan: RatePlan) -> "Reckoner":
        """Return one that reckons as if all were on a plan, by the prices that this one read."""
        other = Reckoner(zone=self._zone, now=self._now, plan=plan)
        other._prices, other._by_interval = self._prices, self._by_interval
        return other

    @cached_property
    def _plans(self) -> dict[int, RatePlan]:
        return RatePlan.objects.in_bulk()

    def reckon(self, cycles: Mapping[int, Cycle]) -> list[Reckoning]:
        """Return what each account owes for its cycle, in the order given."""
        periods = {
            account: supplies.period_of(cycle, self._zone) for account, cycle in cycles.items()
        }
        found = supplies.parts(periods=periods)
        supplied = [
            _Supplied(part, self._prices_of(part, period))
            for account, period in periods.items()
            for part in found[account]
        ]
        self._read(supplied)
        rest = iter(supplied)
        return [
            self._of_account(
                account, cycle, periods[account], [next(rest) for _ in found[account]]
            )
            for account, cycle in cycles.items()
        ]

    def _plan_of(self, part: Part) -> RatePlan:
        return self._plan or self._frozen.get(part.agreement_id) or self._plans[part.plan_id]

    def _prices_of(self, part: Part, period: Period) -> Prices:
        key = (part.region_id, period)
        if key not in self._prices:
            self._prices[key] = prices.of_region(region_id=part.region_id, period=period)
        return self._prices[key]

    @staticmethod
    def _read(supplied: Sequence["_Supplied"]) -> None:
        """Read the quarter-hours of all parts at once, and the minutes where prices need them."""
        windows = usage.quarters([each.part for each in supplied])
        for each, quarters in zip(supplied, windows, strict=True):
            each.quarters = quarters
        fine = [each for each in supplied if each.prices.is_fine]
        for each, minutes in zip(fine, usage.minutes([e.part for e in fine]), strict=True):
            each.minutes = minutes

    def _of_account(
        self, account: int, cycle: Cycle, period: Period, supplied: Sequence["_Supplied"]
    ) -> Reckoning:
        sections: list[Section] = []
        troubles: dict[Trouble, str] = {}
        for each in supplied:
            try:
                sections.append(self._section(each, cycle))
            except Unbillable as fault:
                troubles[fault.trouble] = f"{each.part.point}: {fault}"
        if not supplied:
            troubles[Trouble.NO_AGREEMENT] = "no agreement runs in this period"
        agreed = [self._plan_of(each.part) for each in supplied]
        currencies = sorted({plan.currency for plan in agreed})
        if len(currencies) > 1:
            troubles[Trouble.UNBILLABLE] = f"plans in {' and '.join(currencies)}"
        troubles |= doubts(sections)
        currency = currencies[0] if currencies else ""
        return Reckoning(account, cycle, period, currency, agreed, sections, troubles)

    def _section(self, supplied: "_Supplied", cycle: Cycle) -> Section:
        """Return one section. Raises Unbillable."""
        part, plan = supplied.part, self._plan_of(supplied.part)
        days = supplies.days_between(part.period.start, part.period.end, self._zone)
        stay = bill.Stay(days, cycle.days)
        used, quality = supplied.usage()
        return Section(
            part=part,
            plan=plan,
            stay=stay,
            usage=used,
            quality=quality,
            rated=self._rate(plan, supplied.prices, used, stay),
            estimated_mwh=int(supplied.quarters.estimated.sum()),
            expected=_quarters_begun(part, self._now),
            found=len(supplied.quarters),
        )

    def _rate(self, plan: RatePlan, in_force: Prices, used: Usage, stay: bill.Stay) -> bill.Rated:
        try:
            terms = plan.plan()
            return bill.rate(
                plan=terms,
                currency=plan.currency,
                usage=used,
                market=self._market(plan, terms, in_force, used),
                stay=stay,
            )
        except NoPrice as fault:
            raise Unbillable(Trouble.NO_PRICE, str(fault)) from fault
        except plans.BadPlan as fault:
            raise Unbillable(Trouble.UNBILLABLE, str(fault)) from fault
        except (CoarseUsage, market.Straddling) as fault:
            message = "the intervals are too long for its prices"
            raise Unbillable(Trouble.UNBILLABLE, message) from fault

    def _market(
        self, plan: RatePlan, terms: plans.Plan, in_force: Prices, used: Usage
    ) -> bill.Market:
        """Return what the plan needs to know of prices. Raises Unbillable."""
        known = None
        if any(isinstance(each, plans.Dynamic) for each in (terms.energy, terms.export)):
            if in_force.currency not in ("", plan.currency):
                message = f"prices are in {in_force.currency}, the plan in {plan.currency}"
                raise Unbillable(Trouble.UNBILLABLE, message)
            known = self._in_force(in_force, used)
        if not isinstance(terms.energy, plans.TimeOfUse):
            return bill.Market(known)
        return bill.Market(known, self._rates(plan, terms.energy, used))

    def _in_force(self, prices_: Prices, used: Usage) -> ByInterval:
        key = (id(prices_), used.starts.tobytes())
        if key not in self._by_interval:
            self._by_interval[key] = market.in_force(used.starts, used.length, prices_.slots)
        return self._by_interval[key]

    def _rates(self, plan: RatePlan, energy: plans.TimeOfUse, used: Usage) -> ByInterval:
        key = (id(plan), used.starts.tobytes())
        if key not in self._by_interval:
            self._by_interval[key] = market.by_calendar(energy, used.starts, self._zone)
        return self._by_interval[key]


@dataclass(slots=True)
class _Supplied:
    """A part with its prices and, once read, what was used."""

    part: Part
    prices: Prices
    quarters: Windows = usage.NONE
    minutes: Windows | None = None

    def usage(self) -> tuple[Usage, Whole]:
        """Return the intervals that are priced, and their qualities."""
        found, quality = self.quarters.usage(QUARTER), self.quarters.quality
        if self.minutes is None:
            return found, quality
        return spread(found, self.minutes.usage(MINUTE)), np.repeat(quality, QUARTER // MINUTE)


class Unbillable(Exception):
    """A part has no price that could be printed; the text says what is missing."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(detail)
        self.trouble = trouble


def _quarters_begun(part: Part, now: datetime) -> int:
    """Return how many quarter-hours of a part are over, and should be known."""
    until = min(part.period.end, floor(now, QUARTER))
    return whole_quarters(part.period.start, until)
