from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.workers.simulator.orders import NOW
from workers.simulator import moments, readings, scenarios
from workers.simulator.fleet import DEMO_REGIONS, Fleet
from workers.simulator.households import Households
from workers.simulator.readings import Readings
from workers.simulator.scenarios import SCENARIOS

FLEET = Fleet(2000, DEMO_REGIONS)
MODEL = Households(FLEET, seed=7, zone=ZoneInfo("Asia/Kolkata"))
STAMP_MS = moments.milliseconds(NOW)
MEASURED = readings.measured(MODEL, start_ms=STAMP_MS - 10_000, end_ms=STAMP_MS, seq=1)
STRUCK = FLEET.region_of == 0


def changed(name: str, elapsed_s: float) -> Readings:
    return SCENARIOS[name].change(MEASURED, FLEET, 7, elapsed_s)


class TestNormal:
    def test_changes_nothing(self):
        assert changed("normal", 600) is MEASURED
        assert (SCENARIOS["normal"].demand(FLEET, 7) == 1).all()


class TestPeak:
    def test_raises_every_household_by_half_to_double(self):
        factor = SCENARIOS["peak"].demand(FLEET, 7)

        assert 1.5 <= factor.min() < 1.55
        assert 1.95 < factor.max() <= 2.0


class TestOutage:
    def test_starts_after_a_normal_minute(self):
        assert len(changed("outage", 59)) == FLEET.count

    def test_silences_seven_in_ten_of_one_region(self):
        left = np.bincount(FLEET.region_of[changed("outage", 60).meter], minlength=4)

        assert left[1:].tolist() == [500, 500, 500]
        assert 120 < left[0] < 180

    def test_lets_the_others_report_nearly_nothing_as_an_error(self):
        dark = changed("outage", 60)
        struck = STRUCK[dark.meter]

        assert dark.power_kw[struck].max() < 0.005
        assert (dark.energy_mwh[struck] == 0).all()
        assert dark.failed[struck].all()
        assert not dark.failed[~struck].any()

    def test_leaves_the_other_regions_as_they_were(self):
        dark = changed("outage", 60)
        spared = ~STRUCK[dark.meter]

        assert (dark.power_kw[spared] == MEASURED.power_kw[~STRUCK]).all()

    def test_keeps_the_same_meters_talking(self):
        assert (changed("outage", 60).meter == changed("outage", 6000).meter).all()


class TestFeederOutage:
    @pytest.mark.parametrize(
        ("elapsed_s", "silent"),
        [
            pytest.param(59, 0, id="before"),
            pytest.param(60, 62, id="cut"),
            pytest.param(359, 62, id="still cut"),
            pytest.param(360, 0, id="back"),
        ],
    )
    def test_lasts_for_minutes(self, elapsed_s, silent):
        assert FLEET.count - len(changed("feeder-outage", elapsed_s)) == silent

    def test_strikes_neighbours_of_one_region(self):
        missing = np.setdiff1d(FLEET.indexes, changed("feeder-outage", 60).meter)

        assert (FLEET.region_of[missing] == 0).all()
        places = FLEET.place_in_region[missing]
        assert (np.diff(places) == 1).all()

    def test_strikes_at_least_one_meter(self):
        assert scenarios.feeder_meters(Fleet(1, ("North",))).tolist() == [True]


class TestClockSkew:
    def test_moves_the_stamps_of_one_meter_in_fifty_by_minutes(self):
        skew_s = (changed("clock-skew", 0).at_ms - MEASURED.at_ms) / 1000
        skewed = skew_s[skew_s != 0]

        assert 20 < len(skewed) < 60
        assert (np.abs(skewed) >= 60).all()
        assert (np.abs(skewed) <= 480).all()
        assert skewed.min() < 0 < skewed.max()

    def test_keeps_each_clock_wrong_by_the_same(self):
        early, late = changed("clock-skew", 0), changed("clock-skew", 600)

        assert (early.at_ms == late.at_ms).all()


class TestLate:
    def test_holds_one_meter_in_ten_back(self):
        held = scenarios.held_meters(SCENARIOS["late"], FLEET, 7)

        assert 0.08 < held.mean() < 0.12
        assert not scenarios.held_meters(SCENARIOS["normal"], FLEET, 7).any()

    def test_sends_a_bulk_every_three_minutes_at_the_meters_own_time(self):
        stamps = STAMP_MS + np.arange(0, 180_000, 10_000)
        bulks = np.array([scenarios.bulk_number(FLEET.indexes, int(at), 7) for at in stamps])

        changes = (np.diff(bulks, axis=0) != 0).sum(axis=0)
        assert set(changes.tolist()) <= {0, 1}
        assert np.mean(np.diff(bulks, axis=0) != 0, axis=1).max() < 0.1


class TestSendingOrder:
    def test_sends_everything_once_and_a_share_twice(self):
        order = scenarios.sending_order(10_000, share=0.01, shuffled=False, seed=7, moment=3)

        counts = np.bincount(order)
        assert set(counts.tolist()) == {1, 2}
        assert 60 < (counts == 2).sum() < 140

    def test_sends_half_of_the_repeats_right_behind_and_the_rest_later(self):
        order = scenarios.sending_order(10_000, share=0.2, shuffled=False, seed=7, moment=3)
        twice = np.flatnonzero(np.bincount(order) == 2)

        places = np.array([np.flatnonzero(order == row) for row in twice])
        distance = places[:, 1] - places[:, 0]
        assert 0.4 < (distance == 1).mean() < 0.6
        assert (distance > 500).mean() > 0.3

    def test_keeps_first_copies_in_order(self):
        order = scenarios.sending_order(1000, share=0.2, shuffled=False, seed=7, moment=3)

        firsts = order[np.sort(np.unique(order, return_index=True)[1])]
        assert (firsts == np.arange(1000)).all()

    def test_mixes_a_storm(self):
        order = scenarios.sending_order(1000, share=0.3, shuffled=True, seed=7, moment=3)

        assert 1200 < len(order) < 1400
        assert set(order.tolist()) == set(range(1000))
        assert (np.diff(order) < 0).mean() > 0.4

    def test_repeats_nothing_at_zero_and_all_at_one(self):
        def order(share: float) -> list[int]:
            return scenarios.sending_order(
                9, share=share, shuffled=False, seed=7, moment=0
            ).tolist()

        assert order(0) == list(range(9))
        assert sorted(order(1)) == sorted([*range(9), *range(9)])

    def test_is_the_same_again_but_not_in_the_next_round(self):
        def order(moment: int) -> list[int]:
            return scenarios.sending_order(
                500, share=0.1, shuffled=False, seed=7, moment=moment
            ).tolist()

        assert order(1) == order(1)
        assert order(1) != order(2)
