"""The torture's own arithmetic: a counter that counts wrong would let everything pass."""

import numpy as np
import pytest

from benchmarks import torture_sums
from benchmarks.torture_load import PAST_MS, STEP_MS, Load

SECOND_US, MINUTE_US = 1_000_000, 60_000_000


def minutes(*rows: tuple[int, int, int]) -> torture_sums.Windows:
    """Sum readings of meter 7 given as (second, milliwatts, milliwatt-hours or -1)."""
    seconds, power, energy = np.array(rows, np.int64).T
    count = len(rows)
    return torture_sums.minutes_of(
        np.full(count, 7), seconds * SECOND_US, power, energy, np.full(count, 230_000)
    )


class TestMinutesOf:
    def test_counts_the_reading_at_the_end_of_a_minute_into_it(self):
        assert set(minutes((60, 1, 1), (61, 1, 1))) == {(7, 0), (7, MINUTE_US)}

    def test_takes_what_is_missing_to_be_like_what_came(self):
        (window,) = minutes((10, 1000, 4), (20, 2001, 5)).values()

        assert window == (1501, 1000, 2001, 27, 18, 230_000, 2, torture_sums.ESTIMATED)

    @pytest.mark.parametrize(
        ("energy", "quality"),
        [(10_000, torture_sums.ACTUAL), (-1, torture_sums.CALCULATED)],
        ids=["reported", "power-alone"],
    )
    def test_says_where_a_full_minute_comes_from(self, energy, quality):
        rows = [(second, 3_600_000, energy) for second in range(10, 61, 10)]

        (window,) = minutes(*rows).values()

        assert window == (3_600_000, 3_600_000, 3_600_000, 60_000, 0, 230_000, 6, quality)


class TestQuartersOf:
    def test_adds_the_minutes_and_estimates_the_rest(self):
        (window,) = torture_sums.quarters_of(minutes((10, 60, 6), (70, 30, 3))).values()

        assert window[0] == 45
        assert window[3:5] == (54 * 15 // 2, 54 * 15 // 2 - 9)
        assert window[6:] == (2, torture_sums.ESTIMATED)


class TestLoad:
    def test_gives_no_meter_the_same_moment_twice(self):
        load = Load(port=0, meters=3, rate=1, seed=1, live_until=0, ends=0)
        crowd = np.zeros(5000, np.int64)

        stamps = np.concatenate([load._late(crowd), load._live(crowd), load._late(crowd)])

        assert len(np.unique(stamps)) == len(stamps)
        assert np.gcd(PAST_MS, STEP_MS) == 1
