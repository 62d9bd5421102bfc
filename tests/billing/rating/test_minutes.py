"""Quarter-hours cut into minutes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from billing.rating.minutes import MINUTE_US, QUARTER_US, spread


def cut(energy: list[int], minutes: dict[int, int]) -> list[list[int]]:
    """Energy of each minute of quarter-hours from 0 on; `minutes` by their number."""
    starts, net = spread(
        np.arange(len(energy), dtype=np.int64) * QUARTER_US,
        np.array(energy, np.int64),
        np.array(sorted(minutes), np.int64) * MINUTE_US,
        np.array([minutes[minute] for minute in sorted(minutes)], np.int64),
    )
    assert (starts == np.arange(len(starts)) * MINUTE_US).all()
    return net.reshape(len(energy), 15).tolist()


class TestSpread:
    def test_keeps_what_is_known_and_shares_the_rest(self):
        assert cut([30], {0: 10, 14: 7}) == [[10] + [1] * 13 + [7]]

    def test_gives_what_does_not_divide_to_the_first(self):
        assert cut([17], {}) == [[2, 2] + [1] * 13]

    def test_lets_the_last_minute_take_what_is_left_over(self):
        assert cut([20], dict.fromkeys(range(15), 1)) == [[1] * 14 + [6]]

    def test_knows_no_minute_of_a_quarter_hour_that_is_none(self):
        assert cut([15, 0], {40: 99}) == [[1] * 15, [0] * 15]

    def test_shares_less_than_nothing(self):
        assert sum(cut([-8], {3: 4})[0]) == -8

    @given(
        st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=5),
        st.dictionaries(st.integers(0, 80), st.integers(-(10**11), 10**11)),
    )
    def test_adds_up_to_the_quarter_hour(self, energy, minutes):
        assert [sum(row) for row in cut(energy, minutes)] == energy
