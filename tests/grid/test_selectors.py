"""How loaded the regions are, now and lately."""

from datetime import datetime, timedelta

import pytest

from grid import selectors
from grid.models import RegionCapacity
from tests import worlds
from tests.grid.builders import MINUTE, closed_minute, last_minute

pytestmark = pytest.mark.django_db


class TestRegionStatuses:
    def test_take_the_newest_closed_minute(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        start = last_minute(now)
        closed_minute(small_grid.north, start - MINUTE, load_mw=1)
        closed_minute(small_grid.north, start)

        north = selectors.region_statuses(now=now)[0]

        assert (north.code, north.load_kw, north.load_pct) == ("North", 75.0, 75.0)
        assert north.as_of == start + MINUTE

    def test_keep_an_old_minute_with_its_age(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        start = last_minute(now) - timedelta(hours=3)
        closed_minute(small_grid.north, start)

        assert selectors.region_statuses(now=now)[0].as_of == start + MINUTE

    def test_know_the_capacity_before_any_minute_closed(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        north, south = selectors.region_statuses(now=now)

        assert (north.capacity_kw, south.capacity_kw) == (100.0, 50.0)
        assert (north.load_kw, north.coverage_pct, north.as_of) == (None, None, None)

    def test_take_the_capacity_in_force(self, small_grid: worlds.SmallGrid, now: datetime) -> None:
        for kw, moment in ((120, now), (500, now + MINUTE)):
            RegionCapacity.objects.create(
                region=small_grid.north, capacity_kw=kw, effective_from=moment
            )

        assert selectors.region_statuses(now=now)[0].capacity_kw == 120.0
        assert selectors.region_statuses(now=now - MINUTE)[0].capacity_kw == 100.0

    def test_an_unknown_load_is_none(self, small_grid: worlds.SmallGrid, now: datetime) -> None:
        closed_minute(small_grid.north, last_minute(now), load_known=False)

        north = selectors.region_statuses(now=now)[0]

        assert (north.load_kw, north.load_pct, north.coverage_pct) == (None, None, 75.0)

    def test_cost_one_query_however_many_regions(
        self, small_grid: worlds.SmallGrid, now: datetime, django_assert_num_queries
    ) -> None:
        for region in (small_grid.north, small_grid.south):
            closed_minute(region, last_minute(now))

        with django_assert_num_queries(1):
            selectors.region_statuses(now=now)


class TestLoadHistory:
    def test_has_a_column_for_every_minute(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        newest = last_minute(now)
        closed_minute(small_grid.north, newest - 2 * MINUTE)
        closed_minute(small_grid.north, newest - MINUTE, load_known=False)
        closed_minute(small_grid.north, newest, load_mw=0)

        history = selectors.load_history(minutes=4, now=now)

        assert history.regions == ["North", "South"]
        assert history.minutes == [newest - place * MINUTE for place in (3, 2, 1, 0)]
        assert history.load_kw == [[None, 75.0, None, 0.0], [None] * 4]
        assert history.capacity_kw == [[None, 100.0, 100.0, 100.0], [None] * 4]

    def test_does_not_wait_for_a_minute_that_is_closing(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        newest = last_minute(now) - MINUTE
        closed_minute(small_grid.north, newest)

        assert selectors.load_history(minutes=2, now=now).minutes[-1] == newest

    def test_shows_that_closing_has_halted(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        closed_minute(small_grid.north, last_minute(now) - timedelta(minutes=10))

        history = selectors.load_history(minutes=5, now=now)

        assert history.minutes[-1] == last_minute(now)
        assert history.load_kw[0] == [None] * 5

    def test_costs_three_queries_however_long(
        self, small_grid: worlds.SmallGrid, now: datetime, django_assert_num_queries
    ) -> None:
        closed_minute(small_grid.north, last_minute(now))

        with django_assert_num_queries(3):
            selectors.load_history(minutes=1440, now=now)
