"""SAIDI and its like from interruptions as they were written down."""

from datetime import datetime, timedelta

import pytest

from alerts.models import Interruption
from alerts.selectors.continuity import continuity_of
from meters.models import Meter, ServicePoint
from segs_site.lib.periods import Period
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def day(now: datetime) -> Period:
    """A day that is over."""
    return Period(now - timedelta(days=2), now - timedelta(days=1))


def interrupt(
    meter: Meter, start: datetime, minutes: float | None, *, is_planned: bool = False
) -> None:
    point = ServicePoint.objects.get(installations__meter=meter)
    Interruption.objects.create(
        meter=meter,
        service_point=point,
        region=point.region,
        started_at=start,
        ended_at=None if minutes is None else start + minutes * MINUTE,
        is_planned=is_planned,
    )


class TestContinuityOf:
    def test_counts_the_customers_of_a_region(
        self, small_grid: SmallGrid, day: Period, now: datetime
    ) -> None:
        interrupt(small_grid.north_meters[0], day.start, 60)
        interrupt(small_grid.north_meters[1], day.start, 3)

        north = continuity_of(period=day, now=now, region_id=small_grid.north.pk)
        everybody = continuity_of(period=day, now=now)

        assert (north.customers, north.sustained, north.momentary) == (3, 1, 1)
        assert north.saidi_min == pytest.approx(20)
        assert everybody.saidi_min == pytest.approx(10)

    def test_leaves_planned_work_out_unless_asked(
        self, small_grid: SmallGrid, day: Period, now: datetime
    ) -> None:
        interrupt(small_grid.north_meters[0], day.start, 60, is_planned=True)

        assert continuity_of(period=day, now=now).sustained == 0
        assert continuity_of(period=day, now=now, with_planned=True).sustained == 1

    def test_counts_the_minutes_that_lie_in_the_period(
        self, small_grid: SmallGrid, day: Period, now: datetime
    ) -> None:
        interrupt(small_grid.north_meters[0], day.end - 30 * MINUTE, 60)

        found = continuity_of(period=day, now=now)

        assert found.sustained == 1
        assert found.saidi_min == pytest.approx(5)

    def test_counts_what_still_lasts_up_to_now(self, small_grid: SmallGrid, now: datetime) -> None:
        interrupt(small_grid.north_meters[0], now - 60 * MINUTE, None)
        today = Period(now - timedelta(hours=12), now + timedelta(hours=12))

        assert continuity_of(period=today, now=now).saidi_min == pytest.approx(10)
