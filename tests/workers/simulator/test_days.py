"""What an operator would recognise: a feeder's day."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from workers.simulator import moments, scenarios, sizing
from workers.simulator.fleet import DEMO_REGIONS, DEMO_ZONE, Fleet
from workers.simulator.households import Households

INDIA = ZoneInfo(DEMO_ZONE)
FLEET = Fleet(1600, DEMO_REGIONS)
MODEL = Households(FLEET, seed=7, zone=INDIA)
WEDNESDAY = datetime(2026, 11, 25, tzinfo=INDIA)
SATURDAY = datetime(2026, 11, 28, tzinfo=INDIA)
SUMMER_DAY = datetime(2026, 5, 13, tzinfo=INDIA)


def by_hour(day: datetime) -> np.ndarray:
    """Mean kW per meter by local hour (24 rows) and region."""
    hours = [day + timedelta(hours=hour) for hour in range(24)]
    return np.array([_mean_kw(hour) for hour in hours])


def _mean_kw(hour: datetime) -> np.ndarray:
    instants = [hour + timedelta(minutes=minute) for minute in range(0, 60, 10)]
    powers = [MODEL.power_kw(moments.milliseconds(instant)) for instant in instants]
    total = np.bincount(FLEET.region_of, np.mean(powers, axis=0), len(DEMO_REGIONS))
    return total / (FLEET.count / len(DEMO_REGIONS))


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(WEDNESDAY, id="weekday"),
        pytest.param(SATURDAY, id="weekend"),
        pytest.param(SUMMER_DAY, id="summer"),
    ],
)
class TestADay:
    def test_peaks_in_the_evening(self, day):
        peaks = by_hour(day).argmax(axis=0)

        assert all(17 <= hour <= 20 for hour in peaks.tolist())

    def test_is_quietest_at_night(self, day):
        valleys = by_hour(day).argmin(axis=0)

        assert all(1 <= hour <= 5 for hour in valleys.tolist())

    def test_swings_by_two_to_five(self, day):
        hours = by_hour(day)
        ratio = hours.max(axis=0) / hours.min(axis=0)

        assert (ratio > 2).all()
        assert (ratio < 5).all()

    def test_has_the_size_of_homes(self, day):
        hours = by_hour(day)

        assert 0.8 < hours.min() < hours.max() < 6


class TestAWeekday:
    def test_has_a_morning_peak(self):
        hours = by_hour(WEDNESDAY).mean(axis=1)

        assert hours[6:9].max() > 1.2 * hours[10:14].min()
        assert hours[6:9].max() > 1.5 * hours[3]


class TestAWeekend:
    def test_sleeps_longer_and_is_at_home_at_noon(self):
        weekday, weekend = by_hour(WEDNESDAY).mean(axis=1), by_hour(SATURDAY).mean(axis=1)

        assert weekend[6] < 0.9 * weekday[6]
        assert weekend[10:14].mean() > 1.2 * weekday[10:14].mean()

    def test_comes_without_a_jump_at_midnight(self):
        midnight = moments.milliseconds(SATURDAY)
        before, after = MODEL.power_kw(midnight - 30_000), MODEL.power_kw(midnight + 30_000)

        assert after.mean() == pytest.approx(before.mean(), rel=0.03)


class TestSummer:
    def test_draws_more_in_the_afternoon_than_winter_where_homes_are_cooled(self):
        summer, winter = by_hour(SUMMER_DAY), by_hour(WEDNESDAY)

        delhi = DEMO_REGIONS.index("Delhi-North")
        assert summer[14:21, delhi].mean() > 1.05 * winter[14:21, delhi].mean()


class TestSizing:
    CAPACITY_KW = sizing.regional_capacity_kw(meters=FLEET.count, now=WEDNESDAY, seed=7)

    @pytest.mark.parametrize("region", DEMO_REGIONS)
    def test_leaves_the_evening_peak_at_about_four_fifths(self, region):
        place = DEMO_REGIONS.index(region)

        peak_kw = by_hour(WEDNESDAY)[:, place].max() * FLEET.count / len(DEMO_REGIONS)

        assert 0.70 < peak_kw / self.CAPACITY_KW[region] <= 0.80

    @pytest.mark.parametrize("region", DEMO_REGIONS)
    def test_lets_the_scenario_peak_pass_95_percent(self, region):
        factor = scenarios.SCENARIOS["peak"].demand(FLEET, 7)
        model = Households(FLEET, seed=7, zone=INDIA, factor=factor)
        evening = moments.milliseconds(WEDNESDAY + timedelta(hours=19, minutes=30))

        loads = np.bincount(FLEET.region_of, model.power_kw(evening), len(DEMO_REGIONS))

        assert loads[DEMO_REGIONS.index(region)] > 0.95 * self.CAPACITY_KW[region]

    def test_answers_the_same_again(self):
        again = sizing.regional_capacity_kw(meters=FLEET.count, now=WEDNESDAY, seed=7)

        assert again == self.CAPACITY_KW
