"""Series by the hour, and the local clock."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tariffs.forecast import hours
from tariffs.forecast.hours import DAY, HOUR, WEEK, Hourly
from tests.tariffs.forecast.weeks import BRUSSELS, KOLKATA

FORWARD = datetime(2026, 3, 29, 1, tzinfo=UTC)  # 02:00 becomes 03:00 in Brussels
BACK = datetime(2026, 10, 25, 1, tzinfo=UTC)  # 03:00 becomes 02:00


class TestBefore:
    def test_gives_the_hours_that_end_at_the_origin(self) -> None:
        history = Hourly(FORWARD, np.arange(10.0))

        found = history.before(FORWARD + 4 * HOUR, hours=3)

        assert found.start == FORWARD + HOUR
        assert found.load.tolist() == [1, 2, 3]
        assert found.end == FORWARD + 4 * HOUR

    @pytest.mark.parametrize(
        ("origin", "known"),
        [(-1, 0), (0, 0), (2, 2), (10, 4), (12, 2), (14, 0), (30, 0)],
        ids=["before", "at the start", "early", "at the end", "late", "past it", "long after"],
    )
    def test_leaves_unknown_what_the_series_does_not_have(self, origin: int, known: int) -> None:
        history = Hourly(FORWARD, np.arange(10.0))

        found = history.before(FORWARD + origin * HOUR, hours=4)

        assert len(found.load) == 4
        assert np.count_nonzero(~np.isnan(found.load)) == known


class TestCalendar:
    def test_counts_the_hours_of_the_local_week_from_monday(self) -> None:
        found = hours.calendar(datetime(2026, 1, 4, 22, tzinfo=UTC), 3, BRUSSELS)

        assert found.hour_of_week.tolist() == [167, 0, 1]
        assert found.hour_of_day.tolist() == [23, 0, 1]
        assert found.is_weekend.tolist() == [True, False, False]

    def test_counts_a_half_hour_zone_from_half_past(self) -> None:
        found = hours.calendar(datetime(2026, 1, 5, 0, tzinfo=UTC), 1, KOLKATA)

        assert found.hour_of_day.tolist() == [5]


class TestEarlier:
    @pytest.mark.parametrize("change", [FORWARD, BACK], ids=["forward", "back"])
    @pytest.mark.parametrize("back", [2 * DAY, WEEK, 2 * WEEK])
    def test_finds_the_same_local_hour_across_a_clock_change(
        self, change: datetime, back: int
    ) -> None:
        start = change - 3 * WEEK * HOUR
        found = hours.calendar(start, 3 * WEEK + DAY, BRUSSELS)
        noon = 3 * WEEK + 12

        place = int(found.earlier(back)[noon])

        here, there = (
            (start + each * HOUR).astimezone(BRUSSELS).replace(tzinfo=None)
            for each in (noon, place)
        )
        assert here - there == timedelta(hours=back)

    @pytest.mark.parametrize("change", [FORWARD, BACK], ids=["forward", "back"])
    def test_never_gives_an_hour_nearer_than_a_day(self, change: datetime) -> None:
        found = hours.calendar(change - WEEK * HOUR, 2 * WEEK, BRUSSELS)

        for days in range(1, 8):
            places = found.earlier(days * DAY)
            distance = np.arange(2 * WEEK) - places
            assert distance[places >= 0].min() >= DAY

    def test_says_where_there_is_none(self) -> None:
        found = hours.calendar(FORWARD, DAY + 2, KOLKATA).earlier(DAY)

        assert found.tolist() == [-1] * DAY + [0, 1]
        assert np.isnan(hours.at(np.arange(3.0), np.array([-1, 2]))).tolist() == [True, False]
