"""Loads and forecasts for the browser to look at: weeks of them, and what was expected of them."""

import math
import random
from datetime import datetime, timedelta

from grid.models import Region, RegionCapacity, RegionQuarter
from segs_site.lib.periods import QUARTER, floor
from tariffs.forecast.hours import DAY, HOUR
from tariffs.models import LoadForecast
from tariffs.selectors import forecasts, policies
from tests.browser.scene import MW_PER_KW

USUAL_ERROR_PCT = 3.0
REACH_PCT = 1.28 * USUAL_ERROR_PCT  # of eight in ten, were errors normally spread
WEEKS_LOADED = 5  # four that are judged, and last week's loads of the first


def lay(region: Region, *, hours: int, now: datetime) -> None:
    """Lay five weeks of loads up to `now`, forecasts of the last `hours` and the coming day.

    An hour that ended just now is not settled yet: the `hours` end with the last that is.
    """
    this_hour, settled = floor(now, HOUR), forecasts.origin(now)
    start = settled - timedelta(weeks=WEEKS_LOADED)
    chance = random.Random(region.code)
    drift = [chance.gauss(0, 6) for _ in range(7 * WEEKS_LOADED + 3)]
    capacity = float(RegionCapacity.objects.get(region=region).capacity_kw)
    loads = {
        start + place * HOUR: capacity * _load_pct(place, drift) / 100
        for place in range(7 * DAY * WEEKS_LOADED + DAY + 2)
    }
    _close(region, {hour: load for hour, load in loads.items() if hour < this_hour})
    first = settled - hours * HOUR
    rows = [
        _expect(
            region,
            hour,
            made_at=settled if hour >= this_hour else hour - DAY * HOUR,
            load_kw=load + capacity * chance.gauss(0, USUAL_ERROR_PCT) / 100,
            reach_kw=capacity * REACH_PCT / 100,
        )
        for hour, load in loads.items()
        if hour >= first
    ]
    LoadForecast.objects.bulk_create(_priced(region, rows))


def _load_pct(place: int, drift: list[float]) -> float:
    """A day with a low night, and an evening above the bands' edges; no day like another."""
    day, hour = divmod(place, DAY)
    level = drift[day] + (drift[day + 1] - drift[day]) * hour / DAY
    return 51 + 24 * math.sin((hour - 9) / DAY * 2 * math.pi) + level


def _close(region: Region, loads: dict[datetime, float]) -> None:
    RegionQuarter.objects.bulk_create(
        RegionQuarter(
            region=region,
            start=hour + quarter * QUARTER,
            load_mw=round(load * MW_PER_KW),
            meters_reporting=98,
            meters_expected=100,
            load_known=True,
            revised_at=hour + HOUR,
        )
        for hour, load in loads.items()
        for quarter in range(4)
    )


def _expect(
    region: Region, hour: datetime, *, made_at: datetime, load_kw: float, reach_kw: float
) -> LoadForecast:
    p10, p50, p90 = (round((load_kw + by) * MW_PER_KW) for by in (-reach_kw, 0, reach_kw))
    return LoadForecast(
        region=region,
        made_at=made_at,
        start=hour,
        p10_mw=p10,
        p50_mw=p50,
        p90_mw=p90,
        model_version="ridge-2",
    )


def _priced(region: Region, rows: list[LoadForecast]) -> list[LoadForecast]:
    pricer = forecasts.Pricer(region, policies.policies())
    for row in rows:
        row.p10_price, row.p50_price, row.p90_price = (
            pricer.price(load, at=row.start) for load in (row.p10_mw, row.p50_mw, row.p90_mw)
        )
    return rows
