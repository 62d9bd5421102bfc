"""What fills a gap: a line, the own profile, what a register counted; never a made-up zero."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.vee import filling, rules
from meters.vee.filling import Gap, Method, Series
from meters.vee.rules import Action, Kind

BRUSSELS = ZoneInfo("Europe/Brussels")
QUARTER = timedelta(minutes=15)
MONDAY = datetime(2026, 3, 1, 23, tzinfo=UTC)  # midnight in Brussels, 2 March
RULE = rules.checked(Kind.GAP, Action.ESTIMATE, {})
DAY = 96


def fill(energy: np.ndarray, gap: Gap, **options: object) -> filling.Filling | None:
    known = energy.astype(float).copy()
    known[gap.first : gap.end] = np.nan
    return filling.fill(
        Series(MONDAY, QUARTER, known),
        gap,
        rule=RULE,
        zone=BRUSSELS,
        **options,  # type: ignore[arg-type]
    )


def weeks(count: int) -> np.ndarray:
    """Working days that peak in the evening, weekends that peak at noon."""
    slots = np.arange(DAY)
    working = 100_000 + 400_000 * (np.abs(slots - 76) < 8)
    weekend = 100_000 + 300_000 * (np.abs(slots - 48) < 12)
    return np.tile(np.concatenate([working] * 5 + [weekend] * 2), count)


class TestShort:
    def test_is_a_line_between_its_neighbours(self) -> None:
        found = fill(np.array([100, 0, 0, 0, 500]), Gap(1, 3))

        assert found == filling.Filling(Method.LINEAR, (200, 300, 400))

    def test_adds_up_to_what_the_register_counted(self) -> None:
        found = fill(np.array([100, 0, 0, 0, 500]), Gap(1, 3), total_mwh=1001)

        assert found is not None
        assert (found.method, sum(found.energies)) == (Method.LINEAR_REGISTER, 1001)

    @pytest.mark.parametrize("gap", [Gap(0, 2), Gap(3, 2)], ids=["at the start", "at the end"])
    def test_stays_a_gap_without_neighbours_and_history(self, gap: Gap) -> None:
        assert fill(np.array([1, 2, 3, 4, 5]), gap) is None

    def test_without_a_neighbour_is_the_own_profile(self) -> None:
        energy = weeks(4)

        found = fill(energy, Gap(len(energy) - 2, 2))

        assert found == filling.Filling(Method.PROFILE, (100_000, 100_000))


class TestLong:
    @pytest.mark.parametrize("day", [22, 26], ids=["a Tuesday", "a Saturday"])
    def test_is_the_profile_of_like_days(self, day: int) -> None:
        energy = weeks(5)
        gap = Gap(day * DAY, DAY)

        found = fill(energy, gap)

        assert found is not None
        off = np.abs(np.array(found.energies) - energy[gap.first : gap.end]).sum()
        assert (found.method, off < 0.08 * sum(found.energies)) == (Method.PROFILE, True)

    def test_is_scaled_to_what_the_register_counted(self) -> None:
        found = fill(weeks(5), Gap(22 * DAY, DAY), total_mwh=7_777_777)

        assert found is not None
        assert (found.method, sum(found.energies)) == (Method.PROFILE_REGISTER, 7_777_777)
        assert min(found.energies) > 0

    def test_follows_the_level_around_it(self) -> None:
        energy = weeks(5)
        energy[21 * DAY : 24 * DAY] *= 2  # guests

        found = fill(energy, Gap(22 * DAY, DAY))

        assert found is not None
        assert sum(found.energies) == pytest.approx(energy[22 * DAY : 23 * DAY].sum(), rel=0.1)

    def test_takes_a_holiday_for_a_sunday(self) -> None:
        energy = weeks(5)
        gap = Gap(22 * DAY, DAY)

        found = fill(energy, gap, holidays=frozenset({date(2026, 3, 24)}))

        assert found is not None
        sunday = energy[27 * DAY : 28 * DAY]
        assert np.argmax(found.energies) in np.flatnonzero(sunday == sunday.max())

    def test_keeps_to_the_wall_clock_when_it_changes(self) -> None:
        slots = [
            (MONDAY + QUARTER * place).astimezone(BRUSSELS).hour for place in range(6 * 7 * DAY)
        ]
        energy = np.where(np.array(slots) == 19, 900_000, 100_000)  # cooks at seven, local time
        gap = Gap(29 * DAY, DAY)  # 31 March, after the change of the 29th

        found = fill(energy, gap)

        assert found is not None
        peak = MONDAY + QUARTER * (gap.first + int(np.argmax(found.energies)))
        assert peak.astimezone(BRUSSELS).hour == 19

    def test_stays_a_gap_where_too_few_days_are_known(self) -> None:
        assert fill(weeks(1)[: 3 * DAY], Gap(DAY, DAY)) is None

    def test_of_few_days_takes_a_line_only_to_a_register(self) -> None:
        found = fill(weeks(1)[: 3 * DAY], Gap(DAY, DAY), total_mwh=9_600_000)

        assert found is not None
        assert (found.method, sum(found.energies)) == (Method.LINEAR_REGISTER, 9_600_000)

    def test_lifts_what_feeds_in_and_draws(self) -> None:
        energy = weeks(5) - 250_000

        found = fill(energy, Gap(22 * DAY, DAY), total_mwh=-5_000_000)

        assert found is not None
        assert sum(found.energies) == -5_000_000
        assert max(found.energies) > 0 > min(found.energies)


class TestNothingIsInvented:
    @given(
        st.lists(st.integers(1, 10**9) | st.none(), min_size=3, max_size=60),
        st.data(),
    )
    def test_a_meter_that_always_draws_is_never_filled_with_zero(
        self, values: list[int | None], data: st.DataObject
    ) -> None:
        energy = np.array([np.nan if value is None else value for value in values], float)
        first = data.draw(st.integers(0, len(values) - 1))
        gap = Gap(first, data.draw(st.integers(1, len(values) - first)))

        found = fill(energy, gap)

        assert found is None or min(found.energies) > 0


class TestSpread:
    def test_gives_nothing_known_even_parts(self) -> None:
        assert filling.spread([0, 0, 0], 10) == (3, 4, 3)

    @given(st.lists(st.integers(0, 10**9), min_size=1, max_size=96), st.integers(0, 10**12))
    def test_adds_up(self, shape: list[int], total: int) -> None:
        parts = filling.spread(shape, total)

        assert (len(parts), sum(parts)) == (len(shape), total)
