"""What a kWh costs a customer now and in the coming hours, on the plan he is on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import ServiceAgreement
from billing.portal import own
from billing.portal.own import Own
from grid.models import Region
from segs_site.lib.periods import QUARTER, floor
from tariffs import plans
from tariffs.forecast.hours import HOUR
from tariffs.pricing import as_kept
from tariffs.seasons import Calendar
from tariffs.selectors import forecasts, prices
from tariffs.selectors.forecasts import Forecast

HOURS = 24
NIGHT_BEGINS, NIGHT_ENDS = 18, 6  # o'clock: what people mean by tonight


@dataclass(frozen=True, slots=True)
class Hour:
    """A coming hour; the price is None where nothing is expected.

    `low` and `high` are what a low and a high load would bring; None where the price is certain.
    """

    start: datetime
    end: datetime
    price: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hours that follow each other, and the price of the dearest of them."""

    start: datetime
    end: datetime
    price: Decimal
    is_one: bool


@dataclass(frozen=True, slots=True)
class Price:
    """The price of energy at one's places that share plan and region, before tax.

    `now` is None where none is decided; `until` where it does not change by the clock. `kind` is
    the plan's: dynamic, flat, time_of_use or blocks. `forecast` is there for dynamic ones alone.
    """

    places: Sequence[str]
    region: Region
    plan: str
    kind: str
    currency: str
    now: Decimal | None
    until: datetime | None
    hours: Sequence[Hour] = ()
    blocks: Sequence[plans.Block] = ()
    forecast: Forecast | None = None
    added: Decimal = Decimal(0)

    @property
    def is_by_hour(self) -> bool:
        """Whether some hour can be cheaper than another."""
        return self.kind in ("dynamic", "time_of_use")

    @property
    def is_certain(self) -> bool:
        """Whether the coming prices are known, not expected."""
        return self.forecast is None

    @property
    def known(self) -> list[Hour]:
        """The hours of which a price is known or expected."""
        return [hour for hour in self.hours if hour.price is not None]

    def coming(self, now: datetime) -> list[Hour]:
        """Return the known hours that begin now or later: for what has still to be switched on."""
        return [hour for hour in self.known if hour.start >= now]


def of(mine: Own) -> list[Price]:
    """Return the prices at the asker's places, one for each plan and region."""
    found: dict[tuple[int, int], list[ServiceAgreement]] = {}
    for each in own.agreements(mine):
        found.setdefault((each.plan_id, each.service_point.region_id), []).append(each)
    return [_price(group, mine) for group in found.values()]


def _price(group: Sequence[ServiceAgreement], mine: Own) -> Price:
    plan, region = group[0].plan, group[0].service_point.region
    about: dict[str, Any] = {
        "places": [each.service_point.address or each.service_point.code for each in group],
        "region": region,
        "plan": plan.name,
        "currency": plan.currency,
    }
    match plan.plan().energy:
        case plans.Flat(price=price):
            return Price(**about, kind="flat", now=price, until=None)
        case plans.Blocks(blocks=blocks):
            return Price(**about, kind="blocks", now=None, until=None, blocks=blocks)
        case plans.TimeOfUse() as energy:
            now, until, hours = _by_calendar(energy, mine.now, mine.zone)
            return Price(**about, kind="time_of_use", now=now, until=until, hours=hours)
        case plans.Dynamic(added=added):
            current = prices.current(now=mine.now).get(region.code)
            coming = forecasts.kept(region, hours=HOURS, past_hours=HOURS, now=mine.now)
            return Price(
                **about,
                kind="dynamic",
                now=None if current is None else current.price_per_kwh + added,
                until=None if current is None else current.effective_until,
                hours=[_hour(each, added) for each in coming.hours],
                forecast=coming,
                added=added,
            )


def _hour(each: forecasts.Expected, added: Decimal) -> Hour:
    if each.p50_price is None or each.p10_price is None or each.p90_price is None:
        return Hour(each.start, each.start + HOUR)
    low, price, high = (one + added for one in (each.p10_price, each.p50_price, each.p90_price))
    return Hour(each.start, each.start + HOUR, price, low, high)


def _by_calendar(
    energy: plans.TimeOfUse, now: datetime, zone: ZoneInfo
) -> tuple[Decimal, datetime, list[Hour]]:
    """Return the rate now, until when it holds (a day at most), and the mean of each hour."""
    calendar, first = Calendar(energy, zone), floor(now, HOUR)
    starts = [first + place * QUARTER for place in range(4 * (HOURS + 1))]
    rates = [energy.rates[calendar.rate_at(start)] for start in starts]
    at = (now - first) // QUARTER
    changes = (starts[place] for place in range(at, len(starts)) if rates[place] != rates[at])
    hours = [
        Hour(starts[4 * each], starts[4 * each] + HOUR, _mean(rates[4 * each : 4 * each + 4]))
        for each in range(HOURS)
    ]
    return rates[at], next(changes, starts[-1] + QUARTER), hours


def _mean(rates: Sequence[Decimal]) -> Decimal:
    return as_kept(sum(rates, Decimal(0)) / len(rates))


def next_cheaper(price: Price, now: datetime) -> Hour | None:
    """Return the first coming hour that is cheaper than now; None for none that is known."""
    if price.now is None:
        return None
    return next((hour for hour in price.coming(now) if hour.price < price.now), None)  # type: ignore[operator]


def cheapest(hours: Iterable[Hour], count: int) -> list[Hour]:
    """Return the cheapest hours in order of time; of equals the earlier, so that they join."""
    known = [hour for hour in hours if hour.price is not None]
    known.sort(key=lambda hour: (hour.price, hour.start))
    return sorted(known[:count], key=lambda hour: hour.start)


def stretches(hours: Sequence[Hour]) -> list[Stretch]:
    """Join hours that follow each other."""
    places = groupby(enumerate(hours), key=lambda pair: pair[1].start - pair[0] * HOUR)
    joined = [[hour for _, hour in run] for _, run in places]
    return [
        Stretch(
            run[0].start,
            run[-1].end,
            max(h.price for h in run if h.price is not None),
            len(run) == 1,
        )
        for run in joined
    ]


def tonight(hours: Sequence[Hour], now: datetime, zone: ZoneInfo) -> list[Hour]:
    """Return those of some hours that lie in this evening and night, or the one to come."""
    local = now.astimezone(zone)
    is_night = local.hour < NIGHT_ENDS - 1  # in its last hour it is the next one that is meant
    day = local.date() - timedelta(days=1) if is_night else local.date()
    begins = datetime(day.year, day.month, day.day, NIGHT_BEGINS, tzinfo=zone)
    after = day + timedelta(days=1)
    ends = datetime(after.year, after.month, after.day, NIGHT_ENDS, tzinfo=zone)
    return [hour for hour in hours if hour.end > begins and hour.start < ends]
