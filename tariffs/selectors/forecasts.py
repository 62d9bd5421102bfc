"""Questions about forecasts: what is expected, what was expected, and how right that was."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

import numpy as np
from django.db.models import Avg, Count
from django.db.models.functions import TruncHour

from grid.models import Region, RegionCapacity, RegionQuarter
from segs_site.lib import caching, periods
from segs_site.lib.quantities import MW_PER_KW, to_kw
from tariffs import pricing
from tariffs.bands import band_of
from tariffs.forecast import outlook, scores
from tariffs.forecast.hours import HOUR, WEEK, Floats, Hourly
from tariffs.models import LoadForecast
from tariffs.selectors import policies
from tariffs.selectors.policies import Policies

SETTLED = timedelta(minutes=5)  # after an hour, for its last quarter-hour to be closed
KEPT_S = 30  # what it stands on changes once in a quarter-hour, and judging takes 700 hours
LEAST_QUARTERS = 3  # of an hour's four; a mean of fewer is not the hour's
JUDGED = timedelta(days=28)
LONGEST = timedelta(days=1)  # that a forecast looks ahead


@dataclass(frozen=True, slots=True)
class Expected:
    """What one hour is, or was, expected to bring, and what it brought; unknown is None.

    Loads are the hour's mean in kW, prices are per kWh.
    """

    start: datetime
    p10_kw: float | None = None
    p50_kw: float | None = None
    p90_kw: float | None = None
    p10_price: Decimal | None = None
    p50_price: Decimal | None = None
    p90_price: Decimal | None = None
    load_kw: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """How right the forecasts of the last 28 days were, each hour as first forecast.

    Shares are 0 to 1, and None where there is nothing to judge by.
    """

    scores: scores.Scores
    price_right: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The coming hours of a region, the past ones beside what came, and the measured error.

    `missing` says why nothing is expected; it is empty where something is.
    """

    region: str
    made_at: datetime | None
    model_version: str
    missing: str
    hours: list[Expected]
    past: list[Expected]
    measured: Measured


class Pricer:
    """The price that a load would bring in a region: by its bands alone.

    What only time decides is left out: overrides, hysteresis, dwell and smallest change.
    """

    def __init__(self, region: Region, known: Policies) -> None:
        self._region, self._policies = region, known
        capacities = RegionCapacity.objects.filter(region=region).order_by("-effective_from")
        self._capacities = list(capacities.values_list("effective_from", "capacity_kw"))

    def price(self, load_mw: int | None, *, at: datetime) -> Decimal | None:
        """Return the price per kWh under the rules in force at a moment; None where unknown."""
        policy = self._policies.at(at, region_id=self._region.pk)
        pct = pricing.load_pct(load_mw, self._capacity_mw(at))
        if policy is None or pct is None:
            return None
        rules = policy.rules()
        return rules.price(band_of(rules.bands, pct).multiplier)

    def _capacity_mw(self, at: datetime) -> int | None:
        begun = (kw for since, kw in self._capacities if since <= at)
        kw = next(begun, None)
        return None if kw is None else int((kw * MW_PER_KW).to_integral_value(ROUND_FLOOR))


def origin(now: datetime) -> datetime:
    """Return the full hour up to which loads are settled."""
    return periods.floor(now - SETTLED, HOUR)


def hourly_loads(region_id: int, *, start: datetime, end: datetime) -> Hourly:
    """Return a region's hourly mean loads in milliwatts over `[start, end)`, full hours.

    An hour is known when the load of three of its quarter-hours is.
    """
    quarters = RegionQuarter.objects.within(start, end).filter(
        region=region_id, load_known=True, load_mw__isnull=False
    )
    means = (
        quarters.annotate(hour=TruncHour("start", tzinfo=UTC))
        .values("hour")
        .annotate(mean=Avg("load_mw"), known=Count("pk"))
        .filter(known__gte=LEAST_QUARTERS)
    )
    load = np.full((end - start) // HOUR, np.nan)
    for hour, mean in means.values_list("hour", "mean"):
        load[(hour - start) // HOUR] = float(mean)
    return Hourly(start, load)


def kept(region: Region, *, hours: int, past_hours: int, now: datetime) -> Forecast:
    """Return `forecast` by the policies in force, as it was made half a minute ago at most."""
    this_hour = periods.floor(now, HOUR).isoformat()
    return caching.kept(
        f"forecast:{region.pk}:{hours}:{past_hours}:{this_hour}",
        seconds=KEPT_S,
        make=lambda: forecast(
            region, policies.policies(), hours=hours, past_hours=past_hours, now=now
        ),
    )


def forecast(
    region: Region, known: Policies, *, hours: int, past_hours: int, now: datetime
) -> Forecast:
    """Return what the next `hours` are expected to bring, from the hour of `now` on."""
    this_hour = periods.floor(now, HOUR)
    rows = LoadForecast.objects.filter(region=region, made_at__lte=now)
    newest = rows.filter(start__gte=this_hour).order_by("-made_at").first()
    found = {}
    if newest is not None:
        coming = rows.filter(made_at=newest.made_at, start__gte=this_hour)
        found = {row.start: _expected(row.start, row) for row in coming}
    starts = [this_hour + ahead * HOUR for ahead in range(hours)]
    pricer = Pricer(region, known)
    return Forecast(
        region=region.code,
        made_at=newest.made_at if newest else None,
        model_version=newest.model_version if newest else "",
        missing="" if newest else _missing(region, now),
        hours=[found.get(start, Expected(start)) for start in starts],
        past=_past(region, this_hour - past_hours * HOUR, this_hour),
        measured=measured(region, pricer, now=now),
    )


def measured(region: Region, pricer: Pricer, *, now: datetime) -> Measured:
    """Judge the forecasts of the last 28 days against what came and "same slot last week"."""
    end = origin(now)
    start = end - JUDGED
    loads = hourly_loads(region.pk, start=start - WEEK * HOUR, end=end).load
    outcome, last_week = loads[WEEK:], loads[:-WEEK]
    rows = _first_made(region, start, end)
    band = np.full((3, len(outcome)), np.nan)
    for row in rows:
        band[:, (row.start - start) // HOUR] = (row.p10_mw, row.p50_mw, row.p90_mw)
    return Measured(
        scores=scores.judge(outcome=outcome, band=band, last_week=last_week),
        price_right=_price_right(rows, outcome, start, pricer),
    )


def _price_right(
    rows: list[LoadForecast], outcome: Floats, start: datetime, pricer: Pricer
) -> float | None:
    """Return the share of hours whose load brings the price that was forecast."""
    right = []
    for row in rows:
        came = outcome[(row.start - start) // HOUR]
        price = None if np.isnan(came) else pricer.price(round(came), at=row.start)
        if price is not None and row.p50_price is not None:
            right.append(price == row.p50_price)
    return float(np.mean(right)) if right else None


def _past(region: Region, start: datetime, end: datetime) -> list[Expected]:
    """Return the hours of `[start, end)`: as first forecast, and what came."""
    loads = hourly_loads(region.pk, start=start, end=end).load
    rows = {row.start: row for row in _first_made(region, start, end)}
    hours = (start + place * HOUR for place in range(len(loads)))
    return [
        _expected(hour, rows.get(hour), None if np.isnan(load) else float(load) / MW_PER_KW)
        for hour, load in zip(hours, loads, strict=True)
    ]


def _first_made(region: Region, start: datetime, end: datetime) -> list[LoadForecast]:
    """Return each hour's first forecast: made a day ahead unless the service was away."""
    # What was made of them was made at most a day before: `made_at` is what is indexed.
    made = LoadForecast.objects.filter(made_at__gte=start - LONGEST, made_at__lt=end)
    rows = made.filter(region=region, start__gte=start, start__lt=end)
    return list(rows.order_by("start", "made_at").distinct("start"))


def _expected(start: datetime, row: LoadForecast | None, load_kw: float | None = None) -> Expected:
    if row is None:
        return Expected(start, load_kw=load_kw)
    return Expected(
        start=start,
        p10_kw=to_kw(row.p10_mw),
        p50_kw=to_kw(row.p50_mw),
        p90_kw=to_kw(row.p90_mw),
        p10_price=row.p10_price,
        p50_price=row.p50_price,
        p90_price=row.p90_price,
        load_kw=load_kw,
    )


def _missing(region: Region, now: datetime) -> str:
    end = origin(now)
    try:
        outlook.check(hourly_loads(region.pk, start=end - 2 * WEEK * HOUR, end=end).load)
    except outlook.NotEnoughHistory as reason:
        return f"not enough history: {reason}"
    return "not made yet"
