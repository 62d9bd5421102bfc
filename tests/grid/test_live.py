"""Loads as live events."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from grid import live as grid_live
from segs_site.lib import live
from segs_site.lib.models import OutboxEvent
from tests import worlds
from tests.grid.builders import closed_minute, last_minute

START = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.mark.django_db
class TestLoadData:
    def test_is_what_listeners_were_promised(self, small_grid: worlds.SmallGrid) -> None:
        minute = closed_minute(small_grid.north, START)

        assert grid_live.load_data(minute, region="North") == {
            "region": "North",
            "timestamp": "2026-03-29T01:00:00Z",
            "meter_count": 3,
            "total_consumption": 75.0,
            "avg_consumption": 25.0,
            "max_consumption": 40.0,
            "min_consumption": 5.0,
            "load_percentage": 75.0,
            "coverage_pct": 75.0,
        }

    def test_an_unknown_load_is_null_not_zero(self, small_grid: worlds.SmallGrid) -> None:
        minute = closed_minute(small_grid.north, START, load_known=False)

        data = grid_live.load_data(minute, region="North")

        assert (data["total_consumption"], data["load_percentage"]) == (None, None)
        assert data["coverage_pct"] == 75.0

    def test_a_blackout_is_told_with_what_is_known(self, small_grid: worlds.SmallGrid) -> None:
        minute = closed_minute(
            small_grid.north,
            START,
            load_mw=None,
            mean_mw=None,
            min_mw=None,
            max_mw=None,
            meters_reporting=0,
            load_known=False,
        )

        data = grid_live.load_data(minute, region="North")

        assert (data["meter_count"], data["coverage_pct"]) == (0, 0.0)
        assert data["avg_consumption"] is None


@pytest.mark.django_db
class TestAnnounceLoads:
    def test_writes_one_event_a_region(
        self, small_grid: worlds.SmallGrid, now: datetime, django_assert_num_queries
    ) -> None:
        start = last_minute(now)
        loads = [closed_minute(region, start) for region in (small_grid.north, small_grid.south)]

        with django_assert_num_queries(2):
            grid_live.announce_loads(loads=loads, now=now)

        events = OutboxEvent.objects.order_by("pk")
        assert [event.data["region"] for event in events] == ["North", "South"]
        assert {(event.group, event.type, event.stream) for event in events} == {
            ("grid", "load", "aggregates_1m_regional")
        }

    def test_is_undone_with_the_transaction_that_closed(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        with transaction.atomic():
            minute = closed_minute(small_grid.north, last_minute(now))
            grid_live.announce_loads(loads=[minute], now=now)
            transaction.set_rollback(True)

        assert live.number() == 0
