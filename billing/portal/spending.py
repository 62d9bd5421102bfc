"""What was spent: of a stretch of days as a bill would print it, and interval by interval."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from billing.invoicing import Cycle
from billing.models import BillingTerms
from billing.portal.own import Own
from billing.rating.lines import Of
from billing.selectors.reckoned import Reckoning, Section
from billing.selectors.reckoning import Reckoner
from segs_site.lib import money
from segs_site.lib.periods import Period, microseconds
from segs_site.lib.quantities import exact_kwh
from tariffs import plans


@dataclass(frozen=True, slots=True)
class Spent:
    """Money of some days, all accounts together; None while some part has no price."""

    total: Decimal | None
    currency: str


UNKNOWN = Spent(None, "")
INSTANT = timedelta(microseconds=1)


def so_far(own: Own) -> tuple[Spent, Spent]:
    """Return what today and this month cost so far, as `billing/calculate` answers it.

    Where a plan's price hangs on what the month used before, today is what it adds to the month.
    """
    today = own.today
    first, tomorrow = today.replace(day=1), today + timedelta(days=1)
    month = _reckoned(own, Cycle(first, tomorrow))
    if _adds_up_by_day(month):
        return _together(_reckoned(own, Cycle(today, tomorrow))), _together(month)
    if first == today:
        return _together(month), _together(month)
    return _less(_together(month), _together(_reckoned(own, Cycle(first, today)))), _together(
        month
    )


def _reckoned(own: Own, cycle: Cycle) -> list[Reckoning]:
    reckoner = Reckoner(zone=own.zone, now=own.now)
    return reckoner.reckon({account.pk: cycle for account in own.accounts})


def _together(found: Sequence[Reckoning]) -> Spent:
    """Return the sum of accounts that have something known; None where one has no price."""
    known = [each for each in found if any(section.found for section in each.sections)]
    running = [each for each in found if each.agreed]
    currencies = {each.currency for each in known}
    if not known or len(currencies) > 1 or any(not each.is_whole for each in running):
        return UNKNOWN
    return Spent(money.total(each.total for each in known), currencies.pop())


def _less(all_of_it: Spent, before: Spent) -> Spent:
    if all_of_it.total is None or before.total is None:
        return UNKNOWN
    return Spent(all_of_it.total - before.total, all_of_it.currency)


def _adds_up_by_day(found: Iterable[Reckoning]) -> bool:
    """Tell whether a month is the sum of its days on every plan."""
    terms = [section.plan.plan() for each in found for section in each.sections]
    return not any(
        isinstance(plan.energy, plans.Blocks) or plan.demand_per_kw or plan.minimum
        for plan in terms
    )


@dataclass(frozen=True, slots=True)
class Costs:
    """What energy cost in each bucket, before standing charge and tax; None where unknown."""

    amounts: Sequence[Decimal | None]
    currency: str


def by_bucket(own: Own, buckets: Sequence[Period]) -> Costs:
    """Return what the energy drawn in each bucket cost, exactly, by what is known now.

    Whole billing periods are reckoned, for the price of a block hangs on what came before.
    """
    sums: list[Decimal | None] = [None] * len(buckets)
    currencies: set[str] = set()
    for account, cycle in _cycles(own, buckets):
        reckoner = Reckoner(zone=own.zone, now=own.now)
        (found,) = reckoner.reckon({account: cycle})
        if not found.is_whole:
            continue
        for section in found.sections:
            currencies.add(found.currency)
            _add(sums, section, buckets)
    is_one = len(currencies) == 1
    return Costs(sums if is_one else [None] * len(buckets), currencies.pop() if is_one else "")


def _cycles(own: Own, buckets: Sequence[Period]) -> Iterable[tuple[int, Cycle]]:
    """Yield each account's billing periods that touch the buckets and have begun."""
    keys = [account.pk for account in own.accounts]
    known = BillingTerms.objects.in_bulk(keys)
    first = buckets[0].start.astimezone(own.zone).date()
    last = min((buckets[-1].end - INSTANT).astimezone(own.zone).date(), own.today)
    for key in keys:
        yield from ((key, cycle) for cycle in _between(known.get(key), first, last))


def _between(terms: BillingTerms | None, first: date, last: date) -> Iterable[Cycle]:
    terms, day = terms or BillingTerms(), first
    while day <= last:
        cycle = terms.cycle_of(day)
        yield cycle
        day = cycle.end


def _add(sums: list[Decimal | None], section: Section, buckets: Sequence[Period]) -> None:
    lines = [line for line in section.rated.bill.lines if line.of == Of.ENERGY]
    prices = [component.price for line in lines for component in line.components]
    place_of = _places(section, buckets)
    for place in np.unique(place_of[place_of >= 0]).tolist():
        sums[place] = sums[place] or Decimal(0)
    drawn = section.rated.drawn
    places = place_of[drawn.interval]
    for place in np.unique(places[places >= 0]).tolist():
        is_here = places == place
        for component in np.unique(drawn.component[is_here]).tolist():
            energy = int(drawn.energy[is_here & (drawn.component == component)].sum())
            cost = money.product(exact_kwh(energy), prices[component])
            sums[place] = money.total((sums[place] or Decimal(0), cost))


def _places(
    section: Section, buckets: Sequence[Period]
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return in which bucket each interval of a section begins; -1 for none."""
    edges = np.array([microseconds(bucket.start) for bucket in buckets], np.int64)
    starts = section.usage.starts
    places = np.searchsorted(edges, starts, side="right") - 1
    return np.where(starts < microseconds(buckets[-1].end), places, -1).astype(np.int64)
