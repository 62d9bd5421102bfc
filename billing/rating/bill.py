"""A bill: everything that a plan charges for what was used in one billing period."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.rating import energy
from billing.rating.energy import Priced, Slices
from billing.rating.lines import Bill, Component, Line, Of
from billing.rating.usage import ByInterval, Usage, Whole, highest_quarter
from segs_site.lib import money
from segs_site.lib.quantities import exact_kwh
from tariffs import plans

SHARE_PLACES = 6  # of the printed part of a minimum charge
PERCENT = Decimal("0.01")
QUARTERS_AN_HOUR = 4
NET = (Of.ENERGY, Of.STANDING, Of.DEMAND)  # what the minimum is held against


@dataclass(frozen=True, slots=True)
class Stay:
    """How many local days of a billing period the account was served, of how many it has.

    The whole period counts as nominal, also for who moved in on the 20th.
    """

    days: int
    nominal_days: int

    def __post_init__(self) -> None:
        if not 0 <= self.days <= self.nominal_days:
            message = f"{self.days} days of {self.nominal_days} are no stay"
            raise ValueError(message)

    @property
    def share(self) -> Fraction:
        """The served part of the billing period."""
        return Fraction(self.days, self.nominal_days)


@dataclass(frozen=True, slots=True)
class Market:
    """What is known of prices, by interval of the usage.

    `in_force` is the region's price in each interval, needed by what is dynamic. `rates` are the
    rates of a time-of-use plan by interval, by their place in `plan.energy.rates`.
    """

    in_force: ByInterval | None = None
    rates: ByInterval | None = None


@dataclass(frozen=True, slots=True)
class Rated:
    """A bill with what its energy lines are made of."""

    bill: Bill
    drawn: Slices
    fed: Slices


class NotGiven(Exception):
    """The plan needs prices or rates by interval that were not handed in."""


def rate(*, plan: plans.Plan, currency: str, usage: Usage, market: Market, stay: Stay) -> Rated:
    """Return the bill of a usage: lines in the order they are printed.

    Raises NoPrice, CoarseUsage or NotGiven when something cannot be priced: never a guess.
    """
    drawn = _drawn(plan, usage, market, stay)
    fed = _fed(plan, usage, market)
    lines = [Line(Of.ENERGY, "Energy", currency, drawn.components)]
    lines += _standing(plan, currency, stay)
    lines += _demand(plan, currency, usage)
    lines += _minimum(plan, currency, stay, lines)
    if plan.export is not None:
        lines.append(Line(Of.EXPORT, "Energy fed in", currency, fed.components))
    lines += _taxes(plan, currency, lines)
    return Rated(Bill(currency, tuple(lines)), drawn.slices, fed.slices)


def _drawn(plan: plans.Plan, usage: Usage, market: Market, stay: Stay) -> Priced:
    match plan.energy:
        case plans.Flat(price=price):
            return energy.at_one_price(usage.drawn, price=price, label="flat")
        case plans.Dynamic(added=added):
            return _at(market.in_force, usage.drawn, usage, added)
        case plans.TimeOfUse():
            return _at(market.rates, usage.drawn, usage, Decimal(0))
        case plans.Blocks(blocks=blocks):
            return energy.by_block(usage.drawn, blocks, share=stay.share)


def _at(prices: ByInterval | None, amounts: Whole, usage: Usage, added: Decimal) -> Priced:
    if prices is None:
        raise NotGiven
    return energy.by_interval(amounts, prices, starts=usage.starts, added=added)


def _fed(plan: plans.Plan, usage: Usage, market: Market) -> Priced:
    """Price what was fed in; a credit is a negative price, so that amounts stay products."""
    match plan.export:
        case None:
            return energy.NOTHING
        case plans.Flat(price=price):
            return energy.at_one_price(usage.fed, price=-price, label="fed in")
        case plans.Dynamic(added=added):
            priced = _at(market.in_force, usage.fed, usage, added)
            return Priced([_credit(each) for each in priced.components], priced.slices)


def _credit(component: Component) -> Component:
    return Component(component.label, component.quantity, component.unit, -component.price)


def _standing(plan: plans.Plan, currency: str, stay: Stay) -> list[Line]:
    if not plan.standing_per_day:
        return []
    days = Component("per day", Decimal(stay.days), "days", plan.standing_per_day)
    return [Line(Of.STANDING, "Standing charge", currency, (days,))]


def _demand(plan: plans.Plan, currency: str, usage: Usage) -> list[Line]:
    if not plan.demand_per_kw:
        return []
    most = highest_quarter(usage)
    if most is None:
        return []
    amount, when = most
    kw = exact_kwh(amount * QUARTERS_AN_HOUR)  # the mean of a quarter-hour
    label = f"highest quarter-hour, {when:%Y-%m-%d %H:%M} UTC"
    highest = Component(label, kw, "kW", plan.demand_per_kw)
    return [Line(Of.DEMAND, "Demand charge", currency, (highest,))]


def _minimum(plan: plans.Plan, currency: str, stay: Stay, lines: Sequence[Line]) -> list[Line]:
    """Charge what is missing to the minimum, which shrinks with the part served."""
    if not plan.minimum:
        return []
    share = round(Decimal(stay.days) / Decimal(stay.nominal_days), SHARE_PLACES)
    due = Component(f"{stay.days} of {stay.nominal_days} days", share, "", plan.minimum)
    charged = money.total(line.amount for line in lines if line.of in NET)
    if charged >= money.rounded(due.amount, currency):
        return []
    paid = Component("charged above", Decimal(-1), "", charged)
    return [Line(Of.MINIMUM, "Up to the minimum charge", currency, (due, paid))]


def _taxes(plan: plans.Plan, currency: str, lines: Sequence[Line]) -> list[Line]:
    """Charge each tax on the lines as they are printed, so that a reader can check it."""
    found = []
    for tax in plan.taxes:
        base = money.total(line.amount for line in lines if line.of.value in tax.on)
        component = Component(f"{tax.pct} % of", base, currency, money.product(tax.pct, PERCENT))
        found.append(Line(Of.TAX, tax.name, currency, (component,)))
    return found
