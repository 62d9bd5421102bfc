"""What the desk makes of outages, losses and our own troubles, from stream entry to alert.

A few hundred meters of the benchmark's grid live through some minutes each; nothing between the
stream's entry and the desk is left out or faked.
"""

from collections.abc import Sequence

import pytest

from alerts.models import Alert
from benchmarks import alerts_stage as stages
from benchmarks.alerts_faults import Event, Fault
from benchmarks.alerts_layout import On, Place
from benchmarks.alerts_life import Peak
from benchmarks.alerts_matching import Spell
from benchmarks.alerts_plans import HOUR, MINUTE, SECOND, Plan
from benchmarks.alerts_play import Pause, Play
from benchmarks.alerts_stage import Order, Stage

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = Order(run="scenario", seed=7, meters=320, each=0, interval_s=10, meters_a_transformer=10)
NOON = stages.MIDNIGHT_MS + 12 * HOUR
FAULT = NOON + 12 * MINUTE  # until then all is well, and the detector gets to know its meters
WARM = FAULT - 20 * SECOND
SLOWLY, USUALLY, OFTEN = 60, 10, 5  # seconds between two looks


@pytest.fixture
def stage() -> Stage:
    return stages.prepare(ORDER, NOON)


def play(
    stage: Stage,
    *events: Event,
    minutes: float,
    pauses: Sequence[Pause] = (),
    look_every_s: int = USUALLY,
) -> Play:
    """Live from noon until some minutes after the fault."""
    end = FAULT + round(minutes * MINUTE)
    stage.plan, stage.pauses = Plan(events, end), pauses
    running = stage.set_up()
    running.run(WARM, tick_s=SLOWLY)
    running.run(end, tick_s=look_every_s)
    return running


def alarms(playing: Play) -> list[Spell]:
    return [spell for spell in playing.desk.all() if spell.is_alarm]


def told(playing: Play) -> list[tuple[str, Place | None]]:
    return [(spell.kind, spell.place) for spell in alarms(playing)]


def dark(fault: Fault, place: Place, *, minutes: float, after_s: int = 0) -> Event:
    start = FAULT + after_s * SECOND
    return Event(fault, place, start, start + round(minutes * MINUTE))


def transformer_on(stage: Stage, feeder: int) -> Place:
    sizes = [
        (len(stage.layout.below(Place(On.TRANSFORMER, number))), number)
        for number, of in enumerate(stage.layout.feeder_of.tolist())
        if of == feeder
    ]
    return Place(On.TRANSFORMER, max(sizes)[1])


class TestOurOwnTroubles:
    def test_a_restart_raises_nothing(self, stage):
        down = Pause(
            FAULT, FAULT + 3 * MINUTE, no_input=True, no_stream=True, no_sweeps=True, restart=True
        )

        playing = play(stage, minutes=6, pauses=[down])

        assert told(playing) == []

    def test_a_backlog_of_five_minutes_raises_nothing(self, stage):
        behind = Pause(FAULT, FAULT + 5 * MINUTE, no_stream=True)

        playing = play(stage, minutes=8, pauses=[behind])

        assert told(playing) == []

    def test_no_input_at_all_is_one_alarm(self, stage):
        cut = Pause(FAULT, FAULT + 4 * MINUTE, no_input=True)

        playing = play(stage, minutes=6, pauses=[cut])

        assert told(playing) == [("no_input", None)]


class TestOutages:
    def test_a_transformer_is_one_alarm_with_its_meters_below_it(self, stage):
        place = transformer_on(stage, 0)
        event = dark(Fault.TRANSFORMER, place, minutes=5)

        playing = play(stage, event, minutes=2, look_every_s=OFTEN)

        assert told(playing) == [("transformer_outage", place)]
        assert alarms(playing)[0].start_ms - playing.last_heard_ms[event] <= 45 * SECOND
        outage = Alert.objects.get(kind="transformer_outage")
        assert outage.children.count() == len(stage.layout.below(place))

    def test_a_dead_meter_is_one_alarm_and_over_when_it_speaks_again(self, stage):
        place = Place(On.METER, 11)

        playing = play(stage, dark(Fault.DEAD, place, minutes=2), minutes=4)

        (spell,) = alarms(playing)
        assert (spell.kind, spell.place) == ("silent", place)
        assert spell.end_ms is not None

    def test_a_transformer_still_dark_after_its_feeder_is_back_is_told_by_itself(self, stage):
        inner = transformer_on(stage, 1)
        feeder = dark(Fault.FEEDER, Place(On.FEEDER, 1), minutes=3)

        playing = play(stage, feeder, dark(Fault.TRANSFORMER, inner, minutes=9), minutes=6)

        assert told(playing) == [("feeder_outage", feeder.place), ("transformer_outage", inner)]
        surfaced = alarms(playing)[1]
        assert 0 <= surfaced.start_ms - feeder.end_ms <= 60 * SECOND

    def test_a_blackout_of_everything_is_ten_alarms_at_most(self, stage):
        regions = [dark(Fault.REGION, Place(On.REGION, number), minutes=20) for number in range(4)]

        playing = play(stage, *regions, minutes=5)

        assert 1 <= len(told(playing)) <= 10


class TestNoOutage:
    def test_a_lost_head_end_is_called_by_its_name(self, stage):
        place = Place(On.GATEWAY, 2)

        playing = play(stage, dark(Fault.GATEWAY, place, minutes=3), minutes=5)

        assert told(playing) == [("gateway_lost", place)]

    def test_an_evening_peak_is_an_overload_and_nothing_else(self):
        top = Peak(FAULT - 5 * MINUTE, FAULT + 25 * MINUTE, 3.0)
        stage = stages.prepare(ORDER, NOON, top)

        playing = play(stage, minutes=15, look_every_s=SLOWLY)

        assert {kind for kind, _ in told(playing)} == {"overload"}
