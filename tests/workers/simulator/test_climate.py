from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from workers.simulator import climate, moments
from workers.simulator.fleet import DEMO_REGIONS

INDIA = ZoneInfo("Asia/Kolkata")


def moment(*parts: int) -> moments.Moment:
    instant = datetime(*parts, tzinfo=INDIA)
    return moments.at(moments.milliseconds(instant) // moments.MINUTE_MS, INDIA)


class TestTemperatures:
    def test_are_highest_in_the_afternoon(self):
        by_hour = [
            climate.temperatures(DEMO_REGIONS, 7, moment(2026, 5, 13, hour)) for hour in range(24)
        ]

        assert set(np.argmax(by_hour, axis=0).tolist()) <= {14, 15, 16}

    def test_differ_between_summer_and_winter_in_delhi(self):
        winter = climate.temperatures(("Delhi-North",), 7, moment(2026, 1, 10, 12))[0]
        summer = climate.temperatures(("Delhi-North",), 7, moment(2026, 6, 10, 12))[0]

        assert 5 < winter < 24
        assert 30 < summer < 46

    def test_of_a_region_do_not_depend_on_its_neighbours(self):
        here = moment(2026, 5, 13, 12)

        alone = climate.temperatures(("Pune-West",), 7, here)[0]

        assert climate.temperatures(DEMO_REGIONS, 7, here)[3] == alone

    def test_of_an_unknown_region_are_temperate(self):
        assert -10 < climate.temperatures(("Elsewhere",), 7, moment(2026, 1, 10, 12))[0] < 15


class TestSunshine:
    def test_is_nothing_at_night(self):
        assert (climate.sunshine(DEMO_REGIONS, 7, moment(2026, 5, 13, 23)) == 0).all()

    def test_is_strong_at_noon_but_never_more_than_rated(self):
        noons = np.array(
            [climate.sunshine(DEMO_REGIONS, 7, moment(2026, 5, day, 12)) for day in range(1, 30)]
        )

        assert noons.mean() > 0.6
        assert 0.1 < noons.min() < noons.max() <= 1

    def test_is_weaker_in_winter(self):
        dates = [(2026, 12, day, 12) for day in range(1, 30)]
        winter = np.mean([climate.sunshine(("Delhi-North",), 7, moment(*date)) for date in dates])

        assert winter < 0.62
