import pytest

from workers.simulator.pacing import Schedule

MORNING_MS = 1_795_600_003_400  # not on a whole ten seconds


def live(*, interval_ms: float = 10_000, speed: float = 1) -> Schedule:
    return Schedule.aligned(
        interval_ms=interval_ms, start_ms=MORNING_MS, started_ms=MORNING_MS, speed=speed
    )


class TestStamps:
    def test_lie_on_whole_multiples_of_the_interval(self):
        assert [live().stamp_ms(number) for number in (-1, 0, 1)] == [
            MORNING_MS - 13_400,
            MORNING_MS - 3_400,
            MORNING_MS + 6_600,
        ]

    def test_do_not_drift_with_an_uneven_interval(self):
        schedule = live(interval_ms=50 / 3)

        assert schedule.stamp_ms(0) == MORNING_MS
        assert schedule.stamp_ms(60_000) == MORNING_MS + 1_000_000


class TestDue:
    def test_begins_at_once_and_then_keeps_to_the_stamps(self):
        schedule = live()

        assert schedule.due_ms(0) <= MORNING_MS
        assert schedule.due_ms(1) == schedule.stamp_ms(1)
        assert schedule.due_ms(1000) == schedule.stamp_ms(1000)

    def test_never_passes_the_real_clock(self):
        assert live(speed=60).due_ms(100) == live(speed=60).stamp_ms(100)

    @pytest.mark.parametrize("speed", [1, 60])
    def test_of_a_past_start_runs_at_its_speed(self, speed):
        schedule = Schedule.aligned(
            interval_ms=10_000,
            start_ms=MORNING_MS - 86_400_000,
            started_ms=MORNING_MS,
            speed=speed,
        )

        assert schedule.due_ms(601) - schedule.due_ms(1) == pytest.approx(6_000_000 / speed)

    def test_of_a_past_start_catches_up_and_goes_on_live(self):
        schedule = Schedule.aligned(
            interval_ms=10_000, start_ms=MORNING_MS - 600_000, started_ms=MORNING_MS, speed=60
        )

        caught_up = [
            number for number in range(120) if schedule.due_ms(number) == schedule.stamp_ms(number)
        ]
        assert caught_up[0] == pytest.approx(61, abs=2)
        assert caught_up == list(range(caught_up[0], 120))
