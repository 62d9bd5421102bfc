from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from workers.simulator import appliances, moments
from workers.simulator.appliances import Uses

INDIA = ZoneInfo("Asia/Kolkata")
HOUSEHOLDS = np.arange(4000)
EVENING = moments.milliseconds(datetime(2026, 11, 25, 13, 30, tzinfo=UTC)) // 60_000
NIGHT = moments.milliseconds(datetime(2026, 11, 25, 21, 0, tzinfo=UTC)) // 60_000


def uses(minute: int, seed: int = 7) -> Uses:
    return appliances.in_minute(seed, HOUSEHOLDS, moments.at(minute, INDIA))


class TestInMinute:
    def test_is_busier_in_the_evening_than_at_night(self):
        assert len(uses(EVENING).who) > 5 * len(uses(NIGHT).who)

    def test_keeps_to_the_powers_of_household_appliances(self):
        kw = uses(EVENING).kw

        assert 0.4 <= kw.min() < kw.max() <= 3.0

    def test_runs_for_minutes(self):
        energy = np.zeros(len(HOUSEHOLDS))
        for minute in range(EVENING, EVENING + 30):
            energy += uses(minute).kw_ms_until(60_000, len(HOUSEHOLDS)) / 3.6e6

        assert 0.02 < energy.mean() < 0.4
        assert energy.max() < 3.0

    def test_hands_a_running_appliance_to_the_next_minute(self):
        ends = uses(EVENING).kw_at(60_000, len(HOUSEHOLDS))
        starts = uses(EVENING + 1).kw_at(0.001, len(HOUSEHOLDS))

        assert (ends == starts).mean() > 0.98

    def test_decides_by_the_clock_at_the_slots_start(self):
        # 18:30 UTC on Friday is midnight there, in the middle of an hour's slot.
        midnight = moments.milliseconds(datetime(2026, 11, 27, 18, 30, tzinfo=UTC)) // 60_000

        before, after = uses(midnight - 1), uses(midnight)

        was_on = before.who[before.off_ms == 60_000].tolist()
        goes_on = after.who[after.on_ms == 0].tolist()
        assert goes_on
        assert set(goes_on) <= set(was_on)


class TestUses:
    KETTLE = Uses(np.array([1]), np.array([10_000.0]), np.array([40_000.0]), np.array([2.0]))

    @pytest.mark.parametrize(
        ("ms", "kw"),
        [
            pytest.param(10_000, 0.0, id="the instant it is switched on ends a quiet stretch"),
            pytest.param(10_001, 2.0, id="on"),
            pytest.param(40_000, 2.0, id="the instant it is switched off ends its stretch"),
            pytest.param(40_001, 0.0, id="off"),
        ],
    )
    def test_draw_power_while_on(self, ms, kw):
        assert self.KETTLE.kw_at(ms, 3).tolist() == [0.0, kw, 0.0]

    def test_add_up_to_power_times_time(self):
        assert self.KETTLE.kw_ms_until(60_000, 3).tolist() == [0.0, 60_000.0, 0.0]
        assert self.KETTLE.kw_ms_until(25_000, 3).tolist() == [0.0, 30_000.0, 0.0]
