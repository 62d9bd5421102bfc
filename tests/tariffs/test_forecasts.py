"""Forecasts made from what the database knows, kept, and judged by what came."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
import time_machine
from django.conf import LazySettings
from django.db import IntegrityError, transaction

from grid.models import Region, RegionCapacity, RegionQuarter
from segs_site.lib.periods import QUARTER
from tariffs.forecast import outlook
from tariffs.forecast.hours import DAY, HOUR, WEEK
from tariffs.models import LoadForecast
from tariffs.selectors import forecasts, policies
from tariffs.selectors.forecasts import Forecast, Pricer
from tariffs.services import forecasts as services
from tariffs.services.forecasts import KEPT, forget, make_forecasts
from tests import worlds
from tests.tariffs import builders
from tests.tariffs.forecast.weeks import BRUSSELS, town
from workers import celery
from workers.tasks import prices

pytestmark = pytest.mark.django_db

ORIGIN = datetime(2026, 3, 30, 10, tzinfo=UTC)
NOW = ORIGIN + timedelta(minutes=7)


def quarters(region: Region, start: datetime, kw: list[float], **columns: object) -> None:
    """Close four quarter-hours for each hour's load."""
    RegionQuarter.objects.bulk_create(
        RegionQuarter(
            region=region,
            start=start + hour * HOUR + quarter * QUARTER,
            load_mw=None if np.isnan(load) else round(load * 1_000_000),
            meters_reporting=4,
            meters_expected=4,
            load_known=not np.isnan(load),
            revised_at=start,
            **columns,
        )
        for hour, load in enumerate(kw)
        for quarter in range(4)
    )


def live(
    region: Region, *, weeks: int = 2, until: datetime = ORIGIN, seed: int = 7
) -> list[float]:
    """Close the quarter-hours of some weeks; return the hourly loads in kW."""
    start = until - weeks * WEEK * HOUR
    load = (town(weeks, start=start, seed=seed).load / 20).tolist()  # of 100 kW
    quarters(region, start, load)
    return load


def ask(region: Region, *, now: datetime = NOW, hours: int = DAY, past_hours: int = 0) -> Forecast:
    known = policies.policies()
    return forecasts.forecast(region, known, hours=hours, past_hours=past_hours, now=now)


@pytest.fixture
def north(small_grid: worlds.SmallGrid) -> Region:
    RegionCapacity.objects.update(effective_from=builders.LONG_AGO)
    return small_grid.north


class TestMakeForecasts:
    def test_keeps_an_hour_a_row(self, north: Region) -> None:
        live(north)

        made = make_forecasts(now=NOW)

        rows = LoadForecast.objects.order_by("start")
        assert made == 1
        assert [row.start for row in rows] == [ORIGIN + ahead * HOUR for ahead in range(DAY)]
        assert {row.made_at for row in rows} == {ORIGIN}
        assert {row.model_version for row in rows} == {outlook.VERSION}
        assert {row.region for row in rows} == {north}

    def test_goes_by_the_loads_of_the_region_in_the_zone_of_the_site(
        self, north: Region, settings: LazySettings
    ) -> None:
        settings.SEGS_SITE_ZONE = "Europe/Brussels"
        live(north)

        make_forecasts(now=NOW)

        start = ORIGIN - 2 * WEEK * HOUR
        history = forecasts.hourly_loads(north.pk, start=start, end=ORIGIN)
        found = outlook.look_ahead(history, origin=ORIGIN, zone=BRUSSELS)
        rows = LoadForecast.objects.order_by("start").values_list("p50_mw", flat=True)
        assert list(rows) == pytest.approx(found.p50, abs=1)

    def test_makes_nothing_twice(self, north: Region) -> None:
        live(north)

        first, second = make_forecasts(now=NOW), make_forecasts(now=NOW + timedelta(minutes=50))

        assert (first, second) == (1, 0)
        assert LoadForecast.objects.count() == DAY

    def test_makes_the_next_one_when_the_next_hour_is_settled(self, north: Region) -> None:
        live(north, until=ORIGIN + HOUR, weeks=3)
        make_forecasts(now=NOW)

        early = make_forecasts(now=ORIGIN + HOUR + timedelta(minutes=4))
        due = make_forecasts(now=ORIGIN + HOUR + timedelta(minutes=5))

        assert (early, due) == (0, 1)
        assert set(LoadForecast.objects.values_list("made_at", flat=True)) == {
            ORIGIN,
            ORIGIN + HOUR,
        }

    def test_does_not_look_at_what_came_later(self, north: Region) -> None:
        live(north)
        quarters(north, ORIGIN, [9_999.0] * 3)

        make_forecasts(now=NOW)

        assert max(LoadForecast.objects.values_list("p90_mw", flat=True)) < 200_000_000

    def test_invents_nothing_for_a_young_region(self, north: Region) -> None:
        live(north, weeks=1)

        assert make_forecasts(now=NOW) == 0
        assert not LoadForecast.objects.exists()

    def test_takes_a_few_regions_at_a_time(
        self, small_grid: worlds.SmallGrid, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        live(small_grid.north)
        live(small_grid.south)
        monkeypatch.setattr(services, "REGIONS_A_STEP", 1)

        steps = [make_forecasts(now=NOW) for _ in range(3)]

        assert steps == [1, 1, 0]

    def test_is_what_beat_asks_for(self, north: Region) -> None:
        live(north)

        with time_machine.travel(NOW, tick=False):
            prices.make_forecasts()

        assert LoadForecast.objects.count() == DAY
        look = celery.app.conf.beat_schedule["make-forecasts"]
        assert (look["task"], look["options"]["queue"]) == (prices.make_forecasts.name, "prices")

    def test_lets_no_region_starve_another(
        self, small_grid: worlds.SmallGrid, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        live(small_grid.north)
        live(small_grid.south)
        price, fault = Pricer.price, ZeroDivisionError("a fault in the north")

        def faulty(self: Pricer, load_mw: int | None, *, at: datetime) -> Decimal | None:
            if self._region == small_grid.north:
                raise fault
            return price(self, load_mw, at=at)

        monkeypatch.setattr(Pricer, "price", faulty)

        assert make_forecasts(now=NOW) == 1
        assert set(LoadForecast.objects.values_list("region", flat=True)) == {small_grid.south.pk}


class TestARow:
    @pytest.mark.parametrize(
        "columns",
        [{"p10_mw": 3}, {"p90_mw": 1}, {"start": ORIGIN - HOUR}],
        ids=["P10 above P50", "P90 below P50", "of the past"],
    )
    def test_is_refused_out_of_order(self, north: Region, columns: dict[str, object]) -> None:
        values = {"start": ORIGIN, "p10_mw": 1, "p50_mw": 2, "p90_mw": 3} | columns

        with pytest.raises(IntegrityError), transaction.atomic():
            LoadForecast.objects.create(region=north, made_at=ORIGIN, **values)


class TestPrices:
    def test_are_those_of_the_bands_of_the_load(self, north: Region) -> None:
        builders.policy()
        live(north)

        make_forecasts(now=NOW)

        bands = [(25, "0.16"), (50, "0.2"), (75, "0.24"), (90, "0.3"), (999, "0.4")]
        for row in LoadForecast.objects.all():
            pct = row.p50_mw / 1_000_000
            assert row.p50_price == next(Decimal(price) for edge, price in bands if pct < edge)

    def test_are_unknown_without_rules(self, north: Region) -> None:
        live(north)

        make_forecasts(now=NOW)

        assert set(LoadForecast.objects.values_list("p50_price", flat=True)) == {None}

    def test_are_unknown_without_a_capacity(self, north: Region) -> None:
        builders.policy()
        live(north)
        RegionCapacity.objects.filter(region=north).delete()

        make_forecasts(now=NOW)

        assert set(LoadForecast.objects.values_list("p90_price", flat=True)) == {None}

    def test_go_by_the_capacity_of_the_hour(self, north: Region) -> None:
        builders.policy()
        RegionCapacity.objects.create(
            region=north, capacity_kw=1_000, effective_from=ORIGIN + 3 * HOUR
        )
        pricer = Pricer(north, policies.policies())

        found = [pricer.price(60_000_000, at=ORIGIN + ahead * HOUR) for ahead in (2, 3)]

        assert found == [Decimal("0.24"), Decimal("0.16")]


class TestHourlyLoads:
    def test_are_unknown_with_two_quarters_missing(self, north: Region) -> None:
        quarters(north, ORIGIN, [10.0, 20.0, 30.0])
        gone = [ORIGIN + HOUR, ORIGIN + HOUR + QUARTER, ORIGIN + 2 * HOUR]
        RegionQuarter.objects.filter(start__in=gone).update(load_known=False)

        found = forecasts.hourly_loads(north.pk, start=ORIGIN - HOUR, end=ORIGIN + 3 * HOUR)

        assert found.load == pytest.approx([np.nan, 10e6, np.nan, 30e6], nan_ok=True)


class TestForecast:
    def test_gives_the_newest_from_this_hour_on(self, north: Region) -> None:
        live(north, until=ORIGIN + HOUR, weeks=3)
        make_forecasts(now=NOW)
        make_forecasts(now=NOW + HOUR)

        found = ask(north, now=NOW + 3 * HOUR, hours=DAY)

        assert found.made_at == ORIGIN + HOUR
        assert found.missing == ""
        assert [each.start for each in found.hours] == [
            ORIGIN + ahead * HOUR for ahead in range(3, 27)
        ]
        known = [each.p50_kw is not None for each in found.hours]
        assert known == [True] * 22 + [False] * 2

    def test_says_why_there_is_none(self, north: Region) -> None:
        live(north, weeks=1)

        found = ask(north, hours=2)

        assert found.made_at is None
        assert found.missing.startswith("not enough history: of the last week 100 % is known")
        assert [each.p50_kw for each in found.hours] == [None, None]
        assert found.measured.scores.hours == 0
        assert found.measured.price_right is None

    def test_says_when_it_is_only_late(self, north: Region) -> None:
        live(north)

        assert ask(north).missing == "not made yet"

    def test_shows_each_past_hour_as_first_forecast_beside_what_came(self, north: Region) -> None:
        load = live(north, weeks=4)
        for back in (30, 26, 3):
            make_forecasts(now=NOW - back * HOUR)

        past = ask(north, past_hours=10).past

        assert [each.load_kw for each in past] == pytest.approx(load[-10:])
        for place, back in ((0, 30), (6, 26), (9, 3)):
            row = LoadForecast.objects.get(
                made_at=ORIGIN - back * HOUR, start=ORIGIN - (10 - place) * HOUR
            )
            assert past[place].p50_kw == row.p50_mw / 1_000_000

    def test_shows_gaps_of_both_sides(self, north: Region) -> None:
        quarters(north, ORIGIN - 2 * HOUR, [50.0])

        past = ask(north, past_hours=2).past

        assert [(each.load_kw, each.p50_kw) for each in past] == [(50.0, None), (None, None)]


class TestMeasured:
    def test_judges_by_what_came_and_by_last_week(self, north: Region) -> None:
        builders.policy()
        quarters(north, ORIGIN - (WEEK + 2) * HOUR, [40.0] * WEEK + [50.0, 80.0])
        for start, kw in ((ORIGIN - 2 * HOUR, 48), (ORIGIN - HOUR, 70)):
            LoadForecast.objects.create(
                region=north,
                made_at=ORIGIN - 2 * HOUR,
                start=start,
                p10_mw=(kw - 5) * 1_000_000,
                p50_mw=kw * 1_000_000,
                p90_mw=(kw + 5) * 1_000_000,
                p50_price=Decimal("0.24"),
            )

        found = ask(north).measured

        assert found.scores.hours == 2
        assert found.scores.wape == pytest.approx(12 / 130)
        assert found.scores.wape_before == pytest.approx(50 / 130)
        assert found.scores.inside == 0.5
        assert found.price_right == 0.5  # 50 kW brings 0.24, 80 kW brings 0.30


class TestForget:
    def test_keeps_three_months(self, north: Region) -> None:
        live(north)
        make_forecasts(now=NOW)

        assert forget(now=ORIGIN + KEPT) == 0
        assert forget(now=ORIGIN + KEPT + HOUR) == DAY
