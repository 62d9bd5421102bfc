"""What is usual is learnt from stored quarter-hours, so that nobody waits for weeks."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from alerts.conditions import packing, windows
from alerts.conditions.limits import Limits
from alerts.models import Alert, TimeOfDay
from alerts.selectors import closed
from alerts.services import learning
from meters.models import QuarterWindow
from meters.models.readings import QUARTERS
from segs_site.lib import partitions
from segs_site.lib.periods import QUARTER
from segs_site.lib.quantities import Quality
from tests.alerts import street

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
KW = 1_000_000


@pytest.fixture
def here(db) -> street.Street:
    partitions.ensure(QUARTERS, [(NOW - timedelta(days=day)).date() for day in range(15)])
    return street.lay("R-1", since=NOW - timedelta(days=40), feeders=1, transformers=1, meters=2)


def store(here: street.Street, load, *, highest: float = 1.0) -> None:
    """Store two weeks of quarter-hours; `load` gives kW by meter (0, 1) and start."""
    starts = [NOW - step * QUARTER for step in range(1, 14 * 96 + 1)]
    QuarterWindow.objects.bulk_create(
        QuarterWindow(
            meter=meter,
            start=start,
            mean_mw=round(load(place, start) * KW),
            min_mw=0,
            max_mw=round(load(place, start) * highest * KW),
            energy_mwh=0,
            estimated_mwh=0,
            revised_at=start,
            count=90,
            expected=90,
            quality=Quality.ACTUAL,
        )
        for place, meter in enumerate(here.meters)
        for start in starts
    )


def learn(here: street.Street) -> windows.State:
    meters = np.array(sorted(meter.pk for meter in here.meters), np.int64)
    return learning.learn(
        windows.nothing().fitted(meters),
        region=here.region.pk,
        judges=np.array([True, False]),
        until=NOW,
        limits=Limits(),
        now=NOW,
    )


class TestLearn:
    def test_knows_after_it_what_a_meter_may_draw_and_for_how_long_it_was_seen(self, here):
        store(here, lambda place, start: 9.0 if start.hour == 19 else 0.5, highest=1.5)

        highs = learn(here).highs

        assert highs.peak.tolist() == [13.5 * KW, 13.5 * KW]
        assert (highs.samples == 14 * 1440).all()
        assert (highs.usual == 0.5 * KW).all()

    def test_takes_twice_the_mean_where_nothing_tells_the_highest(self, here):
        store(here, lambda place, start: 0.5)

        assert learn(here).highs.peak.tolist() == [KW, KW]

    def test_writes_what_is_usual_at_each_time_of_day_of_meters_that_are_judged(self, here):
        store(here, lambda place, start: 2.0 if start.hour == 19 else 0.5)

        learn(here)

        assert TimeOfDay.objects.filter(region=here.region).count() == 96
        evening = closed.slot_of(NOW.replace(hour=19, minute=30))
        kept = closed.bodies(region=here.region.pk, slot=evening)
        usual = packing.unpack(kept[evening], closed.NO_USUAL)
        assert usual.mean.tolist() == pytest.approx([2.0 * KW, 0])
        assert usual.days.tolist() == [14, 0]

    def test_knows_the_least_share_that_a_meter_draws_now_and_then(self, here):
        def home(place: int, start: datetime) -> float:
            return 0.4 if start.day == 28 and 18 <= start.hour < 22 else 1.0

        store(here, home)

        lows = learn(here).lows

        assert 0 < lows.lowest[0] < 0.75
        assert lows.samples.tolist() == [7 * 96, 0]

    def test_raises_nothing_though_much_went_on(self, here):
        store(here, lambda place, start: 0.02 if start.day >= 2 and start.month == 3 else 1.0)

        state = learn(here)

        assert not state.lows.spells.told.any()
        assert not Alert.objects.exists()

    def test_leaves_what_is_known_where_nothing_is_stored(self, here):
        state = learn(here)

        assert (state.highs.samples == 0).all()
        assert not TimeOfDay.objects.exists()


class TestWeeksAgo:
    def test_is_the_lesser_of_two_weeks_about_that_time(self, here):
        store(here, lambda place, start: 3.0 if start < NOW - timedelta(days=8) else 1.0)
        ids = np.array(sorted(meter.pk for meter in here.meters), np.int64)

        least = closed.weeks_ago(meters=ids, start=NOW - QUARTER)

        assert least.tolist() == [KW, KW]

    def test_is_unknown_without_them(self, here):
        ids = np.array([here.meters[0].pk], np.int64)

        assert np.isnan(closed.weeks_ago(meters=ids, start=NOW)).all()

    def test_knows_no_estimates_of_what_nobody_measured(self, here):
        store(here, lambda place, start: 3.0)
        filled = QuarterWindow.objects.filter(start__lt=NOW - timedelta(days=8))
        filled.update(count=0, quality=Quality.ESTIMATED, mean_mw=KW)
        ids = np.array(sorted(meter.pk for meter in here.meters), np.int64)

        least = closed.weeks_ago(meters=ids, start=NOW - QUARTER)

        assert least.tolist() == [3 * KW, 3 * KW]


class TestQuarter:
    def test_is_unknown_where_a_rule_filled_what_nobody_measured(self, here):
        store(here, lambda place, start: 2.0)
        filled = QuarterWindow.objects.filter(meter=here.meters[0])
        filled.update(count=0, quality=Quality.ESTIMATED)
        ids = np.array([meter.pk for meter in here.meters], np.int64)

        found = closed.quarter(meters=ids, start=NOW - QUARTER)

        assert found.known.tolist() == [False, True]
        assert found.mean.tolist() == [0, 2 * KW]
