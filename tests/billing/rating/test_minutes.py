"""Quarter-hours cut into minutes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from billing.rating.minutes import MINUTE_US, QUARTER_US, spread
from billing.rating.usage import Usage, Whole, of_net
from segs_site.lib.periods import MINUTE, QUARTER

Apart = tuple[int, int]  # drawn, fed in
FLOWS = st.integers(0, 10**11)


def cut(energy: list[int], minutes: dict[int, int]) -> list[list[int]]:
    """Net energy of each minute of quarter-hours from 0 on; `minutes` by their number."""
    numbers = np.array(sorted(minutes), np.int64)
    found = spread(
        of_net(QUARTER, _starts(len(energy)), np.array(energy, np.int64)),
        of_net(MINUTE, numbers * MINUTE_US, np.array([minutes[n] for n in sorted(minutes)], int)),
    )
    assert (found.starts == np.arange(len(found)) * MINUTE_US).all()
    assert not (found.drawn * found.fed).any()
    net: list[list[int]] = (found.drawn - found.fed).reshape(len(energy), 15).tolist()
    return net


def cut_apart(energy: list[Apart], minutes: dict[int, Apart]) -> tuple[Whole, Whole]:
    """What each minute drew and fed in, a row a quarter-hour."""
    numbers = np.array(sorted(minutes), np.int64)
    drawn, fed = np.array(energy, np.int64).T
    of_minutes = np.array([minutes[n] for n in sorted(minutes)], np.int64).reshape(-1, 2).T
    found = spread(
        Usage(QUARTER, _starts(len(energy)), drawn, fed),
        Usage(MINUTE, numbers * MINUTE_US, *of_minutes),
    )
    return found.drawn.reshape(-1, 15), found.fed.reshape(-1, 15)


def _starts(quarters: int) -> Whole:
    return np.arange(quarters, dtype=np.int64) * QUARTER_US


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


class TestSpreadApart:
    def test_shares_what_was_drawn_and_what_was_fed_in_each_for_itself(self):
        drawn, fed = cut_apart([(30, 13)], {0: (10, 0), 14: (7, 13)})

        assert drawn.tolist() == [[10] + [1] * 13 + [7]]
        assert fed.tolist() == [[0] * 14 + [13]]

    def test_believes_minutes_where_the_quarter_hour_knows_its_net_alone(self):
        drawn, fed = cut_apart([(6, 0)], {0: (10, 0), 1: (0, 4)})

        assert drawn.tolist() == [[10] + [0] * 14]
        assert fed.tolist() == [[0, 4] + [0] * 13]

    @given(
        st.lists(st.tuples(FLOWS, FLOWS), min_size=1, max_size=5),
        st.dictionaries(st.integers(0, 80), st.tuples(FLOWS, FLOWS)),
    )
    def test_adds_up_to_the_quarter_hour(self, energy, minutes):
        drawn, fed = cut_apart(energy, minutes)

        for place, (taken, given_) in enumerate(energy):
            more, less = int(drawn[place].sum()) - taken, int(fed[place].sum()) - given_
            assert more == less >= 0
            inside = [minutes.get(place * 15 + minute, (0, 0)) for minute in range(15)]
            fits = all(sum(each[n] for each in inside) <= of for n, of in enumerate(energy[place]))
            assert not (fits and more)
