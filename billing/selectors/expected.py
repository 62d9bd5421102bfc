"""What a place is expected to use, and what a kWh is expected to cost there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from billing.rating import bill, expecting, market
from billing.rating.expecting import EXACT, Band, Days, Floats
from billing.rating.minutes import spread
from billing.rating.usage import ByInterval, Usage, Whole
from billing.selectors import prices, usage
from billing.selectors.supplies import Part
from billing.selectors.usage import Windows
from grid.models import Region
from meters.intervals import whole_quarters
from segs_site.lib.periods import MINUTE, QUARTER, Period, floor, microseconds
from tariffs import plans
from tariffs.forecast.hours import HOUR
from tariffs.selectors import forecasts

HOURS_AHEAD = 24  # that prices are forecast
EXPECTED = "expected"
AN_HOUR = 4  # quarter-hours
_HOUR_US = HOUR // timedelta(microseconds=1)
_QUARTER_US = QUARTER // timedelta(microseconds=1)


class Unknown(Exception):
    """Nothing says what a kWh will cost."""


class Outlook:
    """The prices of a region: decided ones, then those forecast, then what is usual."""

    def __init__(self, part: Part, read: Period, *, zone: ZoneInfo, now: datetime) -> None:
        self._region_id, self._period = part.region_id, part.period
        self._read, self._zone, self._now = read, zone, now

    @cached_property
    def decided(self) -> prices.Prices:
        """The decided slots of the part's period."""
        return prices.of_region(region_id=self._region_id, period=self._period)

    def market(self, plan: plans.Plan, used: Usage) -> bill.Market:
        """Return what the plan needs to know of prices. Raises Unknown."""
        known = rates = None
        if any(isinstance(each, plans.Dynamic) for each in (plan.energy, plan.export)):
            known = self._in_force(used)
        if isinstance(plan.energy, plans.TimeOfUse):
            rates = market.by_calendar(plan.energy, used.starts, self._zone)
        return bill.Market(known, rates)

    def _in_force(self, used: Usage) -> ByInterval:
        """Return decided prices, and from now on the expected one where none is decided."""
        found = market.in_force(used.starts, used.length, self.decided.slots)
        is_open = (found.label_of < 0) & (used.starts >= microseconds(floor(self._now, QUARTER)))
        if not is_open.any():
            return found
        micro = found.micro.copy()
        micro[is_open] = np.rint(self.expected(used.starts[is_open])).astype(np.int64)
        label_of = np.where(is_open, len(found.labels), found.label_of).astype(np.int16)
        return ByInterval(micro, label_of, (*found.labels, EXPECTED))

    def expected(self, starts: Whole) -> Floats:
        """Return the price expected at some moments, in millionths. Raises Unknown."""
        soon = self._soon
        ahead = [soon.get(int(start) // _HOUR_US * _HOUR_US, np.nan) for start in starts]
        return np.where(np.isnan(ahead), self._usual(starts), ahead)

    def past(self, starts: Whole) -> Floats:
        """Return what a kWh cost in the hour of some moments, in millionths, or cost usually.

        Raises Unknown.
        """
        found = [self._hours.get(int(start) // _HOUR_US * _HOUR_US, np.nan) for start in starts]
        return np.where(np.isnan(found), self._usual(starts), found)

    def _usual(self, starts: Whole) -> Floats:
        if not self._hours:
            raise Unknown
        hours = np.fromiter(self._hours, np.int64, len(self._hours))
        worth = np.fromiter(self._hours.values(), np.float64, len(self._hours))
        at, wanted = (
            expecting.local_quarters(each, self._zone) // AN_HOUR * AN_HOUR
            for each in (hours, starts)
        )
        return expecting.usual(worth, at, wanted)

    @cached_property
    def _hours(self) -> dict[int, float]:
        until = Period(self._read.start, self._now)
        found = prices.hourly(region_id=self._region_id, period=until)
        return {microseconds(hour): float(mean) * market.PER_UNIT for hour, mean in found.items()}

    @cached_property
    def _soon(self) -> dict[int, float]:
        region = Region.objects.get(pk=self._region_id)
        coming = forecasts.kept(region, hours=HOURS_AHEAD, past_hours=HOURS_AHEAD, now=self._now)
        return {
            microseconds(each.start): float(each.p50_price) * market.PER_UNIT
            for each in coming.hours
            if each.p50_price is not None
        }


@dataclass(frozen=True, slots=True)
class Rest:
    """What a part used so far, and what it is expected to use where nothing is known.

    `drawn` and `fed` say how far the expectation may be off; `peak` is the highest quarter-hour,
    low, middle and high, of a plan that charges for it.
    """

    so_far: Usage
    rest: Usage
    drawn: Band
    fed: Band
    peak: tuple[int, int, int] | None

    @classmethod
    def of(
        cls,
        part: Part,
        past: Windows,
        plan: plans.Plan,
        outlook: Outlook,
        *,
        zone: ZoneInfo,
        now: datetime,
    ) -> "Rest":
        """Return a part's use; `past` is what is known of its place. Raises TooLittle."""
        at = expecting.local_quarters(past.starts, zone)
        days = Days.of(at)
        known = past.usage(QUARTER)
        drawn, fed = known.drawn.astype(np.float64), known.fed.astype(np.float64)
        length = (part.period.end - min(now, part.period.end)) // timedelta(days=1) + 1
        highest = days.highest(drawn)
        worth = _worth(plan, past.starts, outlook, zone)
        is_fine = outlook.decided.is_fine
        found = _within(known, part.period)
        rest = _rest(part, found.starts, at, (drawn, fed), zone)
        return cls(
            so_far=_so_far(part, found) if is_fine else found,
            rest=market.refined(rest, MINUTE) if is_fine else rest,
            drawn=expecting.band(days.sums(drawn * worth), days.weekday, days=length),
            fed=expecting.band(days.sums(fed), days.weekday, days=length) if fed.any() else EXACT,
            peak=expecting.peaks(highest, days=length) if plan.demand_per_kw else None,
        )

    def ends(self) -> Iterator[Usage]:
        """Yield the whole use as it may end: low, expected, high."""
        factors = (
            (self.drawn.low, self.fed.high),
            (1.0, 1.0),
            (self.drawn.high, self.fed.low),
        )
        for place, (drawn, fed) in enumerate(factors):
            rest = self.rest
            more = np.rint(rest.drawn * drawn).astype(np.int64)
            if self.peak is not None and len(more):
                _raise_to(more, self.peak[place], QUARTER // rest.length)
            less = np.rint(rest.fed * fed).astype(np.int64)
            yield _together(self.so_far, Usage(rest.length, rest.starts, more, less))


def _raise_to(drawn: Whole, peak: int, parts: int) -> None:
    """Let the highest quarter-hour be as high as one usually is: means have no peaks."""
    sums = drawn.reshape(-1, parts).sum(axis=1)
    most = int(sums.argmax())
    if sums[most] < peak:
        drawn[most * parts : (most + 1) * parts] = -(-peak // parts)


def _worth(plan: plans.Plan, starts: Whole, outlook: Outlook, zone: ZoneInfo) -> Floats:
    """Return by what each past quarter-hour counts: its price where the plan has several."""
    match plan.energy:
        case plans.Dynamic(added=added):
            return outlook.past(starts) + float(added * market.PER_UNIT)
        case plans.TimeOfUse() as energy:
            return market.by_calendar(energy, starts, zone).micro.astype(np.float64)
        case _:
            return np.ones(len(starts))


def _within(known: Usage, period: Period) -> Usage:
    start, end = microseconds(period.start), microseconds(period.end)
    is_in = (known.starts >= start) & (known.starts < end)
    return Usage(known.length, known.starts[is_in], known.drawn[is_in], known.fed[is_in])


def _so_far(part: Part, found: Usage) -> Usage:
    (minutes,) = usage.minutes([part])
    return spread(found, minutes.usage(MINUTE))


def _rest(
    part: Part,
    found: Whole,
    at: Whole,
    known: Sequence[Floats],
    zone: ZoneInfo,
) -> Usage:
    """Return the quarter-hours of a part of which nothing is known, with what is usual then."""
    first = -(-microseconds(part.period.start) // _QUARTER_US) * _QUARTER_US
    count = whole_quarters(part.period.start, part.period.end)
    starts = first + np.arange(count, dtype=np.int64) * _QUARTER_US
    starts = starts[~np.isin(starts, found)]
    wanted = expecting.local_quarters(starts, zone)
    drawn, fed = (np.rint(expecting.usual(each, at, wanted)).astype(np.int64) for each in known)
    return Usage(QUARTER, starts, drawn, fed)


def _together(one: Usage, other: Usage) -> Usage:
    """Return two usages of the same length that share no interval, in order of time."""
    starts = np.concatenate([one.starts, other.starts])
    order = np.argsort(starts, kind="stable")
    return Usage(
        one.length,
        starts[order],
        np.concatenate([one.drawn, other.drawn])[order],
        np.concatenate([one.fed, other.fed])[order],
    )
