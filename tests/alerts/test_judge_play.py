"""The judge's way through the product: what it plays must arrive, or it judges an idle desk."""

from collections.abc import Sequence

import pytest

from benchmarks import alerts_stage as stages
from benchmarks.alerts_faults import Event, Fault
from benchmarks.alerts_layout import On, Place
from benchmarks.alerts_plans import HOUR, MINUTE, SECOND, Plan
from benchmarks.alerts_play import Pause, Play
from benchmarks.alerts_product import moment
from benchmarks.alerts_stage import Order, Stage
from meters.models import MinuteWindow, QuarantinedReading, WindowClock
from segs_site.lib import periods
from workers import clocks

pytestmark = pytest.mark.django_db

NOON = stages.MIDNIGHT_MS + 12 * HOUR
ORDER = Order(run="play", seed=7, meters=80, each=0, interval_s=10, meters_a_transformer=5)


@pytest.fixture
def stage() -> Stage:
    return stages.prepare(ORDER, NOON)


def play(stage: Stage, *events: Event, minutes: float, pauses: Sequence[Pause] = ()) -> Play:
    stage.plan, stage.pauses = Plan(events, NOON + round(minutes * MINUTE)), pauses
    playing = stage.set_up()
    playing.run(stage.plan.end_ms, tick_s=10)
    return playing


def heard(minute: int) -> int:
    """Return how many meters have a window of a minute after noon."""
    return MinuteWindow.objects.filter(start=moment(NOON + minute * MINUTE)).count()


def clock_ms() -> float:
    slowest = clocks.slowest()
    assert slowest is not None
    return periods.microseconds(slowest) / 1000


class TestPlay:
    def test_brings_every_reading_into_its_window(self, stage):
        playing = play(stage, minutes=2.5)

        assert heard(0) == heard(1) == 80
        assert not QuarantinedReading.objects.exists()
        assert MinuteWindow.objects.filter(count__lt=5).count() == 0
        assert playing.readings >= 80 * 6 * 2

    def test_closes_minutes_as_the_shards_pass_them(self, stage):
        play(stage, minutes=2.5)

        assert WindowClock.objects.get().closed_until == moment(NOON + 2 * MINUTE)
        assert clock_ms() == NOON + 150 * SECOND

    def test_leaves_out_what_a_fault_silences(self, stage):
        event = Event(Fault.DEAD, Place(On.METER, 3), NOON + MINUTE, NOON + HOUR)

        play(stage, event, minutes=2.5)

        assert (heard(0), heard(1)) == (80, 79)

    def test_holds_the_clock_back_behind_a_backlog_and_loses_nothing(self, stage):
        behind = Pause(NOON + MINUTE, NOON + 3 * MINUTE, no_stream=True)

        playing = play(stage, minutes=2.8, pauses=[behind])
        held_back = clock_ms()
        playing.run(NOON + 5 * MINUTE, tick_s=10)

        assert held_back <= NOON + MINUTE
        assert clock_ms() == NOON + 5 * MINUTE
        assert [heard(minute) for minute in range(4)] == [80] * 4

    def test_loses_what_comes_while_there_is_no_input_and_goes_on_reading(self, stage):
        cut = Pause(NOON + MINUTE, NOON + 3 * MINUTE, no_input=True)

        play(stage, minutes=4.5, pauses=[cut])

        assert clock_ms() == NOON + 270 * SECOND
        assert (heard(0), heard(1), heard(3)) == (80, 0, 80)

    def test_starts_anew_after_a_restart(self, stage):
        down = Pause(
            NOON + MINUTE,
            NOON + 2 * MINUTE,
            no_input=True,
            no_stream=True,
            no_sweeps=True,
            restart=True,
        )

        play(stage, minutes=4.5, pauses=[down])

        assert (heard(0), heard(3)) == (80, 80)
