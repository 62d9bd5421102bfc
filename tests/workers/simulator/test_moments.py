from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from workers.simulator import moments

INDIA, BELGIUM = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/Brussels")


def minute_of(*parts: int) -> int:
    return moments.milliseconds(datetime(*parts, tzinfo=UTC)) // moments.MINUTE_MS


class TestAt:
    def test_knows_zones_of_half_hours(self):
        here = moments.at(minute_of(2026, 11, 25, 13, 0), INDIA)

        assert here.hour == 18.5
        assert here.day_of_year == 329
        assert not here.weekend

    def test_begins_the_weekend_at_local_midnight(self):
        friday = moments.at(minute_of(2026, 11, 27, 18, 29), INDIA)
        saturday = moments.at(minute_of(2026, 11, 27, 18, 30), INDIA)

        assert (friday.weekend, saturday.weekend) == (False, True)
        assert saturday.hour == 0

    @pytest.mark.parametrize(
        ("utc_hour", "local_hour"),
        [
            pytest.param(0, 1, id="before the clocks go forward"),
            pytest.param(1, 3, id="after the clocks went forward"),
        ],
    )
    def test_follows_the_clock_change(self, utc_hour, local_hour):
        assert moments.at(minute_of(2026, 3, 29, utc_hour, 0), BELGIUM).hour == local_hour

    def test_counts_leap_days(self):
        assert moments.at(minute_of(2028, 12, 31, 12, 0), BELGIUM).day_of_year == 366


class TestMilliseconds:
    def test_counts_from_1970(self):
        assert moments.milliseconds(datetime(1970, 1, 1, 0, 0, 1, 5000, tzinfo=UTC)) == 1005
