"""What a young series is used to: its few weeks, and the days that are like today."""

import numpy as np
import pytest

from tariffs.forecast import features, hours
from tariffs.forecast.hours import DAY, WEEK, Floats
from tests.tariffs.forecast.weeks import BEGINNING, BRUSSELS

DAYS = np.arange(DAY, dtype=np.float64)


def usual(load: Floats) -> Floats:
    """The usual load of the day after the series."""
    longer = np.concatenate([load, np.full(DAY, np.nan)])
    calendar = hours.calendar(BEGINNING, len(longer), BRUSSELS)
    return features.deviations(longer, calendar).usual[-DAY:]


def noisy(weeks: int) -> Floats:
    """The same day again and again, with an error of its own each week."""
    errors = np.random.default_rng(3).normal(size=weeks)
    return np.concatenate([np.tile(DAYS, 7) + 5 * error for error in errors])


class TestTheUsual:
    def test_of_a_young_series_is_surer_by_the_days_of_the_same_kind(self) -> None:
        errors = np.random.default_rng(3).normal(size=(50, 14))  # of two weeks of 50 towns

        leaning = [usual(np.concatenate([DAYS + error for error in town])) for town in errors]

        off = np.mean(np.abs(np.array(leaning) - DAYS))
        mondays_alone = np.mean(np.abs(errors[:, [0, 7]].mean(axis=1)))
        assert off < 0.8 * mondays_alone

    def test_believes_weekdays_that_differ_every_week(self) -> None:
        load = noisy(2)
        load[-WEEK : -WEEK + DAY] += 100
        load[:DAY] += 100  # both Mondays

        assert (usual(load) > DAYS + 80).all()

    def test_of_weekdays_that_never_change_is_that_weekday(self) -> None:
        week = np.arange(WEEK, dtype=np.float64)

        assert usual(np.tile(week, 2)) == pytest.approx(week[:DAY])

    def test_of_eight_known_weeks_needs_nothing_else(self) -> None:
        load = noisy(9)
        load[-DAY:] += 1000  # the Sunday before

        weights = features.FADES_WEEKLY ** np.arange(features.WEEKS)[::-1]
        mondays = load.reshape(9, WEEK)[1:, :DAY]
        assert usual(load) == pytest.approx(weights @ mondays / weights.sum())
