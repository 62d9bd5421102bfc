"""What the bill of the running period is expected to be, and within which range.

What is billed so far is rated as the bill will be; the rest is what the same hours of weeks before
say (`billing.rating.expecting`), at prices that are decided, else forecast, else usual. One
function rates all of it, for what is expected and for the ends of the range.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from billing.choices import Unprojected
from billing.invoicing import Cycle
from billing.models import BillingTerms
from billing.rating import bill, expecting, market
from billing.rating.energy import NoPrice
from billing.rating.usage import CoarseUsage
from billing.selectors import supplies, usage
from billing.selectors.expected import Outlook, Rest, Unknown
from billing.selectors.supplies import Part
from billing.selectors.usage import Windows
from segs_site.lib import money
from segs_site.lib.periods import QUARTER, Period, floor
from tariffs import plans
from tariffs.models import RatePlan

HISTORY: Final = timedelta(weeks=8)


@dataclass(frozen=True, slots=True)
class Projection:
    """The total of a billing period as it is expected; eight of ten end within the range."""

    currency: str
    expected: Decimal
    low: Decimal
    high: Decimal
    energy_mwh: int


@dataclass(frozen=True, slots=True)
class Projected:
    """An account's running period, and its projection or why there is none.

    `known_days` are the days of use that are known where they are too few.
    """

    account_id: int
    cycle: Cycle
    projection: Projection | None
    missing: Unprojected | None = None
    known_days: int = 0


def project(*, account_ids: Sequence[int], zone: ZoneInfo, now: datetime) -> list[Projected]:
    """Return the projection of each account's running billing period, in the order given."""
    terms = BillingTerms.objects.in_bulk(account_ids)
    today = now.astimezone(zone).date()
    cycles = {pk: (terms.get(pk) or BillingTerms()).cycle_of(today) for pk in account_ids}
    plans_ = RatePlan.objects.in_bulk()
    return [_of(pk, cycle, plans_, zone, now) for pk, cycle in cycles.items()]


def _of(
    account: int, cycle: Cycle, plans_: Mapping[int, RatePlan], zone: ZoneInfo, now: datetime
) -> Projected:
    try:
        return Projected(account, cycle, _Account(account, cycle, plans_, zone, now).project())
    except expecting.TooLittle as fault:
        return Projected(account, cycle, None, Unprojected.TOO_LITTLE, fault.days)
    except (NoPrice, Unknown):
        return Projected(account, cycle, None, Unprojected.NO_PRICE)
    except (plans.BadPlan, CoarseUsage, market.Straddling, _Unlike):
        return Projected(account, cycle, None, Unprojected.UNBILLABLE)
    except _NotServed:
        return Projected(account, cycle, None, Unprojected.NO_AGREEMENT)


class _NotServed(Exception):
    """No agreement runs in the period."""


class _Unlike(Exception):
    """The plans are in several currencies."""


class _Account:
    """One account's running period: read once, rated three times."""

    def __init__(
        self,
        account: int,
        cycle: Cycle,
        plans_: Mapping[int, RatePlan],
        zone: ZoneInfo,
        now: datetime,
    ) -> None:
        self._cycle, self._plans, self._zone, self._now = cycle, plans_, zone, now
        self._period = supplies.period_of(cycle, zone)
        since = min(self._period.start, floor(now, QUARTER) - HISTORY)
        self._read = Period(since, self._period.end)
        self._parts = supplies.parts(periods={account: self._period})[account]
        self._past = self._by_point(supplies.parts(periods={account: self._read})[account])

    @staticmethod
    def _by_point(parts: Sequence[Part]) -> dict[int, Windows]:
        """Return what is known of each place, whatever the agreements it was used under."""
        found: dict[int, list[Windows]] = {}
        for part, windows in zip(parts, usage.quarters(parts), strict=True):
            found.setdefault(part.point_id, []).append(windows)
        return {point: usage.together(rows) for point, rows in found.items()}

    def project(self) -> Projection:
        """Return what all parts are expected to come to."""
        if not self._parts:
            raise _NotServed
        currencies = {self._plans[part.plan_id].currency for part in self._parts}
        if len(currencies) > 1:
            raise _Unlike
        totals = [Decimal(0)] * 3
        energy_mwh = 0
        for part in self._parts:
            rated = list(self._rated(part))
            totals = [
                money.total(pair)
                for pair in zip(totals, (one.bill.total for one in rated), strict=True)
            ]
            energy_mwh += int(rated[1].drawn.energy.sum())
        low, expected, high = totals
        return Projection(
            currencies.pop(), expected, min(low, expected), max(high, expected), energy_mwh
        )

    def _rated(self, part: Part) -> Iterator[bill.Rated]:
        """Yield the part's bill as it may end: low, expected, high."""
        plan = self._plans[part.plan_id]
        terms = plan.plan()
        outlook = Outlook(part, self._read, zone=self._zone, now=self._now)
        rest = Rest.of(
            part, self._past[part.point_id], terms, outlook, zone=self._zone, now=self._now
        )
        stay = bill.Stay(
            supplies.days_between(part.period.start, part.period.end, self._zone),
            self._cycle.days,
        )
        ends = list(rest.ends())
        in_force = outlook.market(terms, ends[0])  # the same intervals in all of them
        for used in ends:
            yield bill.rate(
                plan=terms, currency=plan.currency, usage=used, market=in_force, stay=stay
            )
