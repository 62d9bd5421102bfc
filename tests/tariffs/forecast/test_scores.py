"""Errors in the load's own size."""

import numpy as np
import pytest

from tariffs.forecast import scores


def judge(outcome: list[float], middle: list[float], last_week: list[float]) -> scores.Scores:
    guess = np.array(middle)
    return scores.judge(
        outcome=np.array(outcome),
        band=np.array([guess - 1, guess, guess + 1]),
        last_week=np.array(last_week),
    )


class TestJudge:
    def test_divides_errors_by_what_came_and_by_its_spread(self) -> None:
        found = judge([10, 20, 30, 40], [11, 20, 33, 40], [14, 24, 34, 44])

        spread = np.subtract(*np.percentile([10, 20, 30, 40], [99, 1]))
        assert found.hours == 4
        assert (found.wape, found.wape_before) == (pytest.approx(0.04), pytest.approx(0.16))
        assert (found.rmae, found.rmae_before) == (
            pytest.approx(1 / spread),
            pytest.approx(4 / spread),
        )
        assert found.better == pytest.approx(0.75)
        assert found.inside == 0.75

    def test_leaves_out_hours_of_which_something_is_unknown(self) -> None:
        gap = float("nan")

        found = judge([10, gap, 30, 40, 50], [10, 20, gap, 40, 50], [10, 20, 30, gap, 60])

        assert found.hours == 2
        assert found.wape_before == pytest.approx(10 / 60)

    @pytest.mark.parametrize("hours", [0, 1])
    def test_says_nothing_where_nothing_is_known(self, hours: int) -> None:
        found = judge([float("nan")] * hours, [1.0] * hours, [1.0] * hours)

        assert found == scores.Scores(0, None, None, None, None, None)
        assert found.better is None

    def test_divides_by_no_zero(self) -> None:
        found = judge([0, 0], [1, 1], [0, 0])

        assert (found.wape, found.rmae, found.better) == (None, None, None)
        assert found.inside == 1.0
