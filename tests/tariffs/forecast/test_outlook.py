"""The next 24 hours: nothing of the future, honest about gaps, better than last week."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tariffs.forecast import hours, outlook, scores
from tariffs.forecast.hours import DAY, HOUR, WEEK, Floats, Hourly
from tariffs.forecast.outlook import NotEnoughHistory, Outlook
from tests.tariffs.forecast.weeks import BEGINNING, BRUSSELS, KOLKATA, town

SPRING = datetime(2026, 3, 29, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, tzinfo=UTC)


def look(history: Hourly, origin: datetime, zone: ZoneInfo = BRUSSELS) -> Outlook:
    return outlook.look_ahead(history, origin=origin, zone=zone)


def band(found: Outlook) -> Floats:
    return np.array([found.p10, found.p50, found.p90])


def blanked(history: Hourly, places: slice, value: float = np.nan) -> Hourly:
    load = history.load.copy()
    load[places] = value
    return Hourly(history.start, load)


@cache
def judged() -> scores.Scores:
    history = town(34, seed=11)
    last_week = np.concatenate([np.full(WEEK, np.nan), history.load[:-WEEK]])
    places = range(18 * WEEK, 33 * WEEK, 67)
    return scores.judge(
        outcome=np.concatenate([history.load[place : place + DAY] for place in places]),
        band=np.hstack([band(look(history, BEGINNING + place * HOUR)) for place in places]),
        last_week=np.concatenate([last_week[place : place + DAY] for place in places]),
    )


class TestTheFuture:
    @pytest.mark.parametrize("value", [np.nan, 0.0, 1e12, -1e12])
    @pytest.mark.parametrize(
        "origin",
        [SPRING, SPRING + HOUR, SPRING + 2 * HOUR, AUTUMN, AUTUMN + 3 * HOUR],
        ids=["clock forward", "in that hour", "after it", "clock back", "after that"],
    )
    def test_changes_nothing(self, origin: datetime, value: float) -> None:
        history = town(22, start=origin - 20 * WEEK * HOUR)

        without = look(blanked(history, slice(20 * WEEK, None), value), origin)

        assert np.array_equal(band(look(history, origin)), band(without))

    def test_is_not_even_needed(self) -> None:
        history = town(12)
        origin = BEGINNING + 11 * WEEK * HOUR
        cut = Hourly(history.start, history.load[: 11 * WEEK])

        assert np.array_equal(band(look(history, origin)), band(look(cut, origin)))

    def test_begins_with_the_last_hour_before_it(self) -> None:
        """What the origin does see, it uses: else blanking the future would prove nothing."""
        history = town(12)
        origin = BEGINNING + 11 * WEEK * HOUR
        other = blanked(history, slice(11 * WEEK - 1, 11 * WEEK), 2000.0)

        assert not np.array_equal(band(look(history, origin)), band(look(other, origin)))


class TestTheBand:
    def test_holds_four_outcomes_of_five(self) -> None:
        assert judged().inside == pytest.approx(
            0.8, abs=0.08
        )  # of 38 days: wider than the goal, for chance

    def test_has_a_middle_a_quarter_better_than_last_week(self) -> None:
        assert (judged().better or 0) >= 0.25

    def test_is_in_order(self) -> None:
        low, middle, high = band(look(town(9), BEGINNING + 9 * WEEK * HOUR))

        assert (low <= middle).all()
        assert (middle <= high).all()


class TestTheMiddle:
    def test_of_a_week_that_repeats_is_that_week(self) -> None:
        week = np.arange(WEEK, dtype=np.float64)
        history = Hourly(BEGINNING, np.tile(week, 10))

        found = look(history, BEGINNING + 10 * WEEK * HOUR, KOLKATA)

        assert found.start == BEGINNING + 10 * WEEK * HOUR
        assert band(found) == pytest.approx(np.tile(week[:DAY], (3, 1)), abs=1e-6)

    def test_does_not_depend_on_the_unit(self) -> None:
        history, origin = town(10), BEGINNING + 10 * WEEK * HOUR
        milliwatts = Hourly(history.start, history.load * 1e6)

        assert band(look(milliwatts, origin)) == pytest.approx(1e6 * band(look(history, origin)))

    def test_is_right_where_loads_pass_through_zero(self) -> None:
        history, origin = town(10), BEGINNING + 10 * WEEK * HOUR
        feeding_in = Hourly(history.start, history.load - 900)

        assert band(look(feeding_in, origin)) == pytest.approx(band(look(history, origin)) - 900)

    def test_of_a_load_that_never_changes_is_that_load(self) -> None:
        history = Hourly(BEGINNING, np.full(5 * WEEK, 42.0))

        assert band(look(history, history.end)) == pytest.approx(np.full((3, DAY), 42.0))

    def test_keeps_the_local_hour_over_a_clock_change(self) -> None:
        start = SPRING - 12 * WEEK * HOUR
        history = town(13, start=start, seed=3)

        found = look(history, SPRING + DAY * HOUR)  # the Monday after

        local = hours.calendar(found.start, DAY, BRUSSELS).hour_of_day
        assert 18 <= local[int(np.argmax(found.p50))] <= 20


class TestGaps:
    def test_in_the_newest_hours_widen_the_band(self) -> None:
        history, origin = town(20), BEGINNING + 20 * WEEK * HOUR
        whole, gapped = (
            look(each, origin) for each in (history, blanked(history, slice(-10, None)))
        )

        assert np.isfinite(band(gapped)).all()
        assert (gapped.p90 - gapped.p10)[:3].mean() > (whole.p90 - whole.p10)[:3].mean()

    def test_of_a_whole_weekday_in_every_week_leave_it_unknown(self) -> None:
        load = town(4).load.reshape(4, WEEK)
        load[:, :DAY] = np.nan
        history = Hourly(BEGINNING, load.ravel())

        found = look(history, history.end, ZoneInfo("UTC"))

        assert np.isnan(band(found)).all()

    def test_here_and_there_hurt_little(self) -> None:
        history, origin = town(20), BEGINNING + 20 * WEEK * HOUR
        load = history.load.copy()
        load[np.random.default_rng(1).integers(0, len(load), len(load) // 10)] = np.nan

        found = look(Hourly(BEGINNING, load), origin)

        assert found.p50 == pytest.approx(look(history, origin).p50, rel=0.05)


class TestShortHistory:
    @pytest.mark.parametrize("known", [0, 1, DAY, WEEK, 2 * WEEK - 60])
    def test_of_less_than_two_weeks_is_not_enough(self, known: int) -> None:
        history = town(2)
        young = Hourly(history.end - known * HOUR, history.load[len(history.load) - known :])

        with pytest.raises(NotEnoughHistory, match="75% of each is needed"):
            look(young, history.end)

    @pytest.mark.parametrize("weeks", [2, 3, 5])
    def test_of_two_weeks_is_enough(self, weeks: int) -> None:
        history = town(weeks)

        assert np.isfinite(band(look(history, history.end))).all()

    def test_that_ended_last_week_is_not_enough(self) -> None:
        history = town(12)

        with pytest.raises(NotEnoughHistory, match="of the last week 0 % is known"):
            look(history, history.end + WEEK * HOUR)
