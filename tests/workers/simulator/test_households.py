import itertools
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from workers.simulator import fleet, households, moments
from workers.simulator.fleet import DEMO_REGIONS, Fleet
from workers.simulator.households import Households

INDIA = ZoneInfo("Asia/Kolkata")
FLEET = Fleet(800, DEMO_REGIONS)
EVENING = datetime(2026, 11, 25, 19, 30, tzinfo=INDIA)
NOON = datetime(2026, 5, 13, 12, 15, tzinfo=INDIA)


def homes(seed: int = 7, factor: float = 1.0, these: Fleet = FLEET) -> Households:
    return Households(these, seed=seed, zone=INDIA, factor=factor)


def ms(instant: datetime) -> int:
    return moments.milliseconds(instant)


class TestPower:
    def test_is_the_same_for_the_same_seed_and_instant(self):
        assert (homes().power_kw(ms(EVENING)) == homes().power_kw(ms(EVENING))).all()

    def test_differs_for_another_seed(self):
        ours, others = homes().power_kw(ms(EVENING)), homes(seed=8).power_kw(ms(EVENING))

        assert abs(np.corrcoef(ours, others)[0, 1]) < 0.15

    def test_does_not_depend_on_what_was_asked_before(self):
        asked_at_random = homes()
        instants = [ms(EVENING) + 1000 * offset for offset in (60, 0, 3600, 59, 120, 61, 90)]

        for instant in instants:
            assert (asked_at_random.power_kw(instant) == homes().power_kw(instant)).all()

    def test_does_not_depend_on_how_many_meters_there_are(self):
        few = homes(these=Fleet(80, DEMO_REGIONS)).power_kw(ms(EVENING))

        assert (homes().power_kw(ms(EVENING))[:80] == few).all()

    def test_is_never_negative_without_a_roof(self):
        model = homes()

        for quarter in range(96):
            power_kw = model.power_kw(ms(NOON + timedelta(minutes=15 * quarter)))
            assert power_kw[~FLEET.solar].min() > 0

    def test_is_negative_on_many_roofs_at_noon(self):
        power_kw = homes().power_kw(ms(NOON))

        assert (power_kw[FLEET.solar] < 0).mean() > 0.2
        assert power_kw.min() > -4

    def test_is_never_negative_in_the_dark(self):
        assert homes().power_kw(ms(EVENING)).min() > 0

    def test_stays_what_a_house_can_draw(self):
        everything_on = homes(factor=2.0)

        highest = max(
            everything_on.power_kw(ms(EVENING + timedelta(minutes=minute))).max()
            for minute in range(0, 90, 3)
        )

        assert 12 < highest < 45

    def test_persists_from_one_reading_to_the_next(self):
        model = homes()
        now, soon, later = (
            model.power_kw(ms(EVENING + timedelta(seconds=wait))) for wait in (0, 10, 3600)
        )

        assert np.corrcoef(now, soon)[0, 1] > 0.98
        assert np.corrcoef(now, later)[0, 1] < 0.97

    def test_grows_with_the_factor_but_roofs_do_not(self):
        plain, doubled = homes().power_kw(ms(NOON)), homes(factor=2.0).power_kw(ms(NOON))

        assert np.allclose(doubled[~FLEET.solar], 2 * plain[~FLEET.solar])
        assert (doubled[FLEET.solar] > 2 * plain[FLEET.solar]).all()


class TestEnergy:
    @pytest.mark.parametrize(
        "cuts_s",
        [
            pytest.param(list(range(0, 901, 10)), id="10 s"),
            pytest.param([0, 1, 59, 61, 119, 300, 301, 900], id="uneven"),
            pytest.param(list(range(0, 901, 60)), id="1 min"),
            pytest.param([0, 0.05, 0.1, 30.001, 900], id="parts of a second"),
        ],
    )
    def test_of_the_parts_is_the_energy_of_the_whole(self, cuts_s):
        model = homes()
        start = ms(EVENING)
        instants = [start + round(1000 * cut) for cut in cuts_s]

        parts = [model.energy_mwh(begin, end) for begin, end in itertools.pairwise(instants)]

        # each part is rounded from its minute's start, so a cut inside a minute costs nothing
        assert (np.sum(parts, axis=0) == homes().energy_mwh(start, start + 900_000)).all()

    def test_is_the_integral_of_the_power(self):
        model = homes()
        start = ms(EVENING)
        samples = [model.power_kw(start + 100 * step + 50) for step in range(3000)]

        summed_mwh = np.mean(samples, axis=0) * 300 / 3600 * 1e6

        assert np.allclose(model.energy_mwh(start, start + 300_000), summed_mwh, rtol=1e-3)

    def test_is_power_times_time_while_nothing_switches(self):
        model = homes()
        start = ms(EVENING)
        begins, ends = model.power_kw(start + 1), model.power_kw(start + 10_000)

        energy_mwh = model.energy_mwh(start, start + 10_000)

        steady = np.abs(begins - ends) < 0.05
        mean_kw = (begins + ends) / 2
        assert steady.mean() > 0.9
        assert np.allclose(energy_mwh[steady], (mean_kw * 10 / 3600 * 1e6)[steady], atol=2)

    def test_is_negative_only_on_roofs(self):
        start = ms(NOON)

        energy_mwh = homes().energy_mwh(start, start + 900_000)

        assert (energy_mwh[~FLEET.solar] > 0).all()
        assert (energy_mwh[FLEET.solar] < 0).any()


class TestVoltage:
    def test_stays_within_ten_percent(self):
        model = homes(factor=2.0)
        for instant in (EVENING, NOON):
            volts = model.voltage(ms(instant), model.power_kw(ms(instant)))

            assert 207 < volts.min() < volts.max() < 253

    def test_sags_with_the_load(self):
        model = homes()
        power_kw = model.power_kw(ms(EVENING))

        assert np.corrcoef(power_kw, model.voltage(ms(EVENING), power_kw))[0, 1] < -0.3


class TestTraits:
    def test_give_every_household_two_to_eight_kilowatts_at_its_peak(self):
        peak_kw = households.traits(FLEET, 7).peak_kw

        assert 2 <= peak_kw.min() < 2.2
        assert 7 < peak_kw.max() <= 8

    def test_put_roofs_exactly_where_the_registry_has_both_flows(self):
        roofs = np.flatnonzero(households.traits(FLEET, 7).roof_kw)

        assert roofs.tolist() == [index for index in FLEET.indexes if fleet.has_solar(index)]

    def test_give_every_region_about_one_roof_in_nine(self):
        roofs = households.traits(FLEET, 7).roof_kw > 0

        shares = np.bincount(FLEET.region_of, roofs) / (FLEET.count / 4)
        assert (np.abs(shares - 1 / 9) < 0.01).all()
