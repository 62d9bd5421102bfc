"""Prices by interval."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating import market
from billing.rating.market import Slots
from billing.rating.usage import split_evenly
from segs_site.lib.periods import QUARTER
from tests.billing.rating.builders import START, each, slots, usage

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class TestInForce:
    def test_takes_one_price_for_all_intervals_of_a_slot(self):
        used = usage([0] * 8)

        found = market.in_force(used.starts, QUARTER, slots(["0.1", "0.2"], length=HOUR))

        assert found.micro.tolist() == [100_000] * 4 + [200_000] * 4

    def test_knows_none_before_after_and_between(self):
        first, _, third = each(["0.1", "0.2", "0.3"])
        used = usage([0] * 5, start=START - QUARTER)

        found = market.in_force(used.starts, QUARTER, Slots([first, third]))

        assert found.label_of.tolist() == [-1, 0, -1, 1, -1]

    def test_knows_none_where_a_slot_covers_an_interval_in_part(self):
        used = usage([0], length=HOUR)

        found = market.in_force(used.starts, HOUR, slots(["0.1"]))

        assert found.label_of.tolist() == [-1]

    def test_refuses_an_interval_in_which_the_price_changes(self):
        used = usage([0], length=HOUR)

        with pytest.raises(market.Straddling):
            market.in_force(used.starts, HOUR, slots(["0.1", "0.2"]))

    def test_of_no_slot_is_none(self):
        assert market.in_force(usage([0]).starts, QUARTER, Slots([])).label_of.tolist() == [-1]


class TestRefined:
    def test_cuts_an_interval_into_equal_ones(self):
        fine = market.refined(usage(["0.000007", "-2"], length=HOUR), QUARTER)

        assert fine.drawn.tolist() == [2, 2, 2, 1, 0, 0, 0, 0]
        assert fine.fed.tolist() == [0] * 4 + [500_000] * 4
        assert np.diff(fine.starts).tolist() == [QUARTER // timedelta(microseconds=1)] * 7

    @given(st.lists(st.integers(0, 10**15)), st.integers(1, 60))
    def test_loses_no_milliwatt_hour(self, energy, parts):
        cut = split_evenly(np.array(energy, np.int64), parts).reshape(len(energy), parts)

        assert cut.sum(axis=1).tolist() == energy
        assert ((cut.max(axis=1) - cut.min(axis=1)) <= 1).all() if energy else True

    def test_refuses_what_does_not_divide(self):
        with pytest.raises(ValueError, match="cannot be cut"):
            market.refined(usage([1]), timedelta(minutes=4))


def test_a_price_finer_than_a_millionth_is_refused():
    with pytest.raises(ValueError, match="finer than a millionth"):
        market.micro(Decimal("0.0000001"))
