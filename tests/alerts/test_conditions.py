"""Conditions of closed windows, pure: each with the cases that hurt."""

from datetime import timedelta

import numpy as np
import pytest

from alerts.conditions import clock, continuity, frozen, movement, overload, spells, voltage
from alerts.conditions.continuity import Loss
from alerts.conditions.kinds import Kind, Severity
from alerts.conditions.limits import DEFAULTS, Limit, Limits, Rule

KW = 1_000_000
HOMES = 40


def draws(*, kw: float = 0.5, jitter: float = 0.1, seed: int = 1) -> np.ndarray:
    """Return what forty homes draw in one window."""
    return kw * KW * np.random.default_rng(seed).uniform(1 - jitter, 1 + jitter, HOMES)


class Street:
    """Forty homes, minute by minute."""

    def __init__(self, minutes: int = movement.KNOWN_MINUTES) -> None:
        self.highs = movement.no_highs(HOMES)
        self.begun: set[int] = set()
        self.ended: set[int] = set()
        for minute in range(30):
            self.pass_minute(draws(seed=minute))
        self.highs = movement.Highs(
            self.highs.usual, np.full(HOMES, minutes), self.highs.peak, self.highs.spells
        )

    def pass_minute(self, mean: np.ndarray, profile_kw: float = np.nan) -> None:
        self.highs, turn, _ = movement.spikes(
            self.highs,
            mean_mw=mean,
            known=np.ones(HOMES, np.bool_),
            profile_mw=np.full(HOMES, profile_kw * KW),
            limit_mw=np.full(HOMES, 43.5 * KW),
            limit=DEFAULTS[Kind.SPIKE],
        )
        self.begun |= set(np.flatnonzero(turn.begins).tolist())
        self.ended |= set(np.flatnonzero(turn.ends).tolist())

    def pass_minutes(self, minutes: int, home: int, kw: float, profile_kw: float = np.nan) -> None:
        for minute in range(minutes):
            mean = draws(seed=100 + minute)
            mean[home] = kw * KW
            self.pass_minute(mean, profile_kw)


class TestSpike:
    @pytest.mark.parametrize(
        ("minutes", "kw"),
        [
            pytest.param(3, 2.5, id="a kettle"),
            pytest.param(45, 3.5, id="an oven"),
            pytest.param(120, 7.4, id="a car on one phase"),
            pytest.param(2, 20, id="two minutes of anything"),
        ],
    )
    def test_is_not(self, minutes: int, kw: float) -> None:
        street = Street()

        street.pass_minutes(minutes, home=3, kw=kw)

        assert street.begun == set()

    def test_is_what_no_home_draws_for_three_minutes(self) -> None:
        street = Street()

        street.pass_minutes(3, home=3, kw=15)

        assert street.begun == {3}

    def test_is_not_a_car_of_three_phases_in_the_first_week(self) -> None:
        street = Street(minutes=1440)

        street.pass_minutes(120, home=3, kw=11)

        assert street.begun == set()

    def test_is_not_what_it_draws_at_this_time_of_other_days(self) -> None:
        street = Street()

        street.pass_minutes(10, home=3, kw=15, profile_kw=9)

        assert street.begun == set()

    def test_is_not_what_a_whole_region_does(self) -> None:
        street = Street()

        for minute in range(30):
            street.pass_minute(draws(kw=12, seed=minute))

        assert street.begun == set()

    def test_ends_when_the_level_stays(self) -> None:
        street = Street()

        street.pass_minutes(30, home=3, kw=15)

        assert (street.begun, street.ended) == ({3}, {3})


class Days:
    """Forty homes, quarter-hour by quarter-hour, with days behind them."""

    def __init__(self, days: int = 5) -> None:
        self.lows = movement.no_lows(HOMES)
        self.days = days
        self.begun: set[int] = set()
        self.ended: set[int] = set()
        for quarter in range(40):
            self.pass_quarter(draws(jitter=0.4, seed=quarter))

    def pass_quarter(self, mean: np.ndarray) -> None:
        self.lows, turn, _ = movement.drops(
            self.lows,
            mean_mw=mean,
            known=np.ones(HOMES, np.bool_),
            profile_mw=np.full(HOMES, 0.5 * KW),
            days=np.full(HOMES, self.days),
            limit=DEFAULTS[Kind.DROP],
        )
        self.begun |= set(np.flatnonzero(turn.begins).tolist())
        self.ended |= set(np.flatnonzero(turn.ends).tolist())

    def pass_quarters(self, quarters: int, home: int, kw: float) -> None:
        for quarter in range(quarters):
            mean = draws(jitter=0.4, seed=100 + quarter)
            mean[home] = kw * KW
            self.pass_quarter(mean)


class TestDrop:
    def test_is_two_hours_far_below_what_it_ever_was(self) -> None:
        days = Days()
        days.pass_quarters(7, home=3, kw=0.1)
        assert days.begun == set()

        days.pass_quarters(2, home=3, kw=0.1)

        assert days.begun == {3}

    @pytest.mark.parametrize(
        ("days", "quarters", "kw"),
        [
            pytest.param(5, 4, 0.1, id="an hour out"),
            pytest.param(5, 40, 0.3, id="a thrifty day"),
            pytest.param(1, 40, 0.1, id="too few days to compare with"),
        ],
    )
    def test_is_not(self, days: int, quarters: int, kw: float) -> None:
        street = Days(days)

        street.pass_quarters(quarters, home=3, kw=kw)

        assert street.begun == set()

    def test_is_not_what_a_whole_region_does(self) -> None:
        days = Days()

        for quarter in range(20):
            days.pass_quarter(draws(kw=0.1, jitter=0.4, seed=quarter))

        assert days.begun == set()

    def test_ends_when_the_level_stays(self) -> None:
        days = Days()

        days.pass_quarters(24, home=3, kw=0.1)

        assert days.ended == {3}


class TestExpected:
    def test_is_the_lesser_of_every_day_and_of_this_day_of_other_weeks(self) -> None:
        every_day, sundays = np.array([9.0 * KW, 0.4 * KW]), np.array([1.5 * KW, 0.7 * KW])

        expected = movement.expected(every_day, sundays)

        assert expected.tolist() == [1.5 * KW, 0.4 * KW]

    def test_is_unknown_before_a_week_is_seen(self) -> None:
        expected = movement.expected(np.array([9.0, np.nan]), np.array([np.nan, 9.0]))

        assert np.isnan(expected).all()


class TestUsualTimeOfDay:
    def test_is_the_mean_of_the_first_days(self) -> None:
        mean, days = np.zeros(1), np.zeros(1, np.int64)
        for kw in (1.0, 1.2, 0.8):
            mean, days = movement.learn_profile(
                mean, days, mean_mw=np.array([kw * KW]), known=np.ones(1, np.bool_)
            )

        assert days.tolist() == [3]
        assert mean[0] == pytest.approx(1.0 * KW)

    def test_is_hardly_moved_by_a_car_that_charges_now_and_then(self) -> None:
        mean, days = np.array([0.6 * KW]), np.array([5])

        mean, days = movement.learn_profile(
            mean, days, mean_mw=np.array([8.0 * KW]), known=np.ones(1, np.bool_)
        )

        assert mean[0] <= 0.75 * KW

    def test_stays_where_nothing_is_known(self) -> None:
        mean, days = movement.learn_profile(
            np.array([KW]), np.array([3]), mean_mw=np.zeros(1), known=np.zeros(1, np.bool_)
        )

        assert (mean[0], days[0]) == (KW, 3)


def freeze(runs: frozen.Runs, values_kw: list[float], limit: Limit) -> tuple[frozen.Runs, int]:
    """Let one meter say these values, a minute each; return how often it became an alert."""
    begun = 0
    for value in values_kw:
        mean = np.array([value * KW])
        runs, turn = frozen.judge(
            runs, low_mw=mean, high_mw=mean, known=np.ones(1, np.bool_), limit=limit
        )
        begun += int(turn.begins.sum())
    return runs, begun


class TestFrozen:
    @pytest.mark.parametrize(
        ("values_kw", "times"),
        [
            pytest.param([0.4, 0.5, *[0.7] * 15], 1, id="fifteen minutes of one value"),
            pytest.param([0.4, 0.5, *[0.7] * 14], 0, id="fourteen"),
            pytest.param([0.0] * 60, 0, id="an empty house"),
            pytest.param([*[0.7] * 13, 0.6, *[0.7] * 20], 0, id="flat by nature"),
            pytest.param([*[0.7] * 13, 0.6, *[0.7] * 27], 1, id="far longer than ever"),
        ],
    )
    def test_takes_a_long_run(self, values_kw: list[float], times: int) -> None:
        _, begun = freeze(frozen.no_runs(1), values_kw, DEFAULTS[Kind.FROZEN])

        assert begun == times


class TestVoltage:
    @pytest.mark.parametrize(
        ("volts", "nominal"),
        [([229, 233, 231], 230), ([118, 121, 119], 120), ([0, 0, 238], 240), ([0, 0], 230)],
        ids=["Europe", "America", "of those with supply", "nobody"],
    )
    def test_nominal_is_the_standard_nearest_to_the_median(
        self, volts: list[float], nominal: float
    ) -> None:
        assert voltage.nominal(np.array(volts, np.float64)) == nominal

    @pytest.mark.parametrize(
        ("volts", "is_told"),
        [(206.9, True), (207.1, False), (253.1, True), (252.9, False), (20.0, False)],
        ids=["low", "low and allowed", "high", "high and allowed", "no supply"],
    )
    def test_is_told_beyond_ten_percent(self, volts: float, is_told: bool) -> None:
        held = spells.none(3)
        for _ in range(3):
            turn, _ = voltage.judge(
                held,
                volts=np.array([volts, 230, 230]),
                known=np.ones(3, np.bool_),
                limit=DEFAULTS[Kind.VOLTAGE],
            )
            held = turn.spells

        assert held.told.tolist() == [is_told, False, False]


class TestClock:
    @pytest.mark.parametrize(
        ("offsets_s", "is_told"),
        [
            pytest.param([90.0] * 7, True, id="behind, steadily"),
            pytest.param([-90.0] * 7, True, id="ahead, steadily"),
            pytest.param([90.0, 130.0, 170.0, 80.0, 120.0, 160.0, 95.0], False, id="late"),
            pytest.param([2.0] * 7, False, id="right"),
        ],
    )
    def test_is_told_when_it_is_off_by_the_same(
        self, offsets_s: list[float], is_told: bool
    ) -> None:
        offsets = clock.no_offsets(1)
        for offset in offsets_s:
            offsets, _ = clock.judge(
                offsets,
                offset_s=np.array([offset]),
                known=np.ones(1, np.bool_),
                limit=DEFAULTS[Kind.CLOCK],
            )

        assert offsets.spells.told.tolist() == [is_told]


class TestOverload:
    @pytest.mark.parametrize(
        ("loads", "is_told"),
        [
            pytest.param([91, 92, 90], True, id="three minutes"),
            pytest.param([91, 92, 89.9, 91], False, id="one below"),
            pytest.param([91, 92, np.nan, 91], False, id="one not known"),
            pytest.param([91, 92, 93, 86, 86, 86, 86], True, id="within the deadband"),
            pytest.param([91, 92, 93, 84, 84, 84], False, id="below it for three minutes"),
            pytest.param([91, 92, 93, *[np.nan] * 9], True, id="not known for long"),
        ],
    )
    def test_takes_minutes_in_a_row(self, loads: list[float], is_told: bool) -> None:
        held = spells.none(1)
        for load in loads:
            held = overload.judge(
                held, load_pct=np.array([load]), limit=DEFAULTS[Kind.OVERLOAD]
            ).spells

        assert held.told.tolist() == [is_told]

    def test_is_critical_from_the_capacity_on(self) -> None:
        limit = DEFAULTS[Kind.OVERLOAD]

        assert overload.severity(99.9, limit) is Severity.HIGH
        assert overload.severity(100, limit) is Severity.CRITICAL


class TestLimits:
    def test_take_the_region_then_everybody_then_the_default(self) -> None:
        own, all_others = Limit(Severity.LOW, 1), Limit(Severity.LOW, 2)
        limits = Limits([Rule(Kind.OVERLOAD, 7, own), Rule(Kind.OVERLOAD, None, all_others)])

        assert limits.of(Kind.OVERLOAD, 7) is own
        assert limits.of(Kind.OVERLOAD, 8) is all_others
        assert limits.of(Kind.VOLTAGE, 7) is DEFAULTS[Kind.VOLTAGE]


def lost(minutes: float, *, within: float | None = None, begins: bool = True) -> Loss:
    length = timedelta(minutes=minutes)
    return Loss(length, length if within is None else timedelta(minutes=within), begins)


class TestContinuity:
    def test_is_reckoned_as_the_standard_does(self) -> None:
        found = continuity.reckon(losses=[lost(30), lost(90), lost(2)], customers=60)

        assert (found.sustained, found.momentary) == (2, 1)
        assert found.saidi_min == pytest.approx(2.0)
        assert found.saifi == pytest.approx(2 / 60)
        assert found.caidi_min == pytest.approx(60)
        assert found.maifi == pytest.approx(1 / 60)

    def test_takes_five_minutes_as_momentary_and_more_as_sustained(self) -> None:
        found = continuity.reckon(losses=[lost(5), lost(5.01)], customers=1)

        assert (found.momentary, found.sustained) == (1, 1)

    def test_counts_an_interruption_where_it_began_and_its_minutes_where_they_were(self) -> None:
        found = continuity.reckon(losses=[lost(60, within=20, begins=False)], customers=10)

        assert (found.sustained, found.saidi_min, found.caidi_min) == (0, 2.0, None)

    def test_is_unknown_without_customers(self) -> None:
        assert continuity.reckon(losses=[], customers=0).saidi_min is None
