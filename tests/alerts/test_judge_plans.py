"""What the judge plans and does to readings: a fault that does not happen judges nobody."""

import itertools

import numpy as np
import pytest

from benchmarks import alerts_plans as plans
from benchmarks.alerts_faults import DARKNESS, Bursts, Damage, Event, Fault, Readings
from benchmarks.alerts_layout import On, Place, lay_out
from benchmarks.alerts_life import Life
from benchmarks.alerts_plans import HOUR, MINUTE, SECOND

NOON = 1_772_539_200_000  # 2026-03-03 12:00 UTC
LAYOUT = lay_out(meters=1000, seed=4)
LIFE = Life(LAYOUT, seed=4)
FEEDER = Place(On.FEEDER, 0)


def step(at_ms: int = NOON) -> Readings:
    """One reading of every meter, spread over ten seconds."""
    count = LAYOUT.meters
    stamps = at_ms + np.arange(count, dtype=np.int64) * 10 % (10 * SECOND)
    return Readings(
        meter=np.arange(count, dtype=np.int64),
        at_ms=stamps,
        arrives_ms=stamps + 200,
        power_kw=np.full(count, 2.0),
        voltage=np.full(count, 230.0),
    )


def struck(event: Event, at_ms: int = NOON, **options: object) -> Readings:
    return Damage(LAYOUT, LIFE, [event], seed=4, **options).strike(step(at_ms))


class TestLayout:
    def test_spreads_the_meters_of_a_transformer_over_head_ends_and_back(self):
        pairs = np.unique(np.stack([LAYOUT.transformer, LAYOUT.gateway]), axis=1)
        gateways_of = np.bincount(pairs[0])
        transformers_of = np.bincount(pairs[1])

        assert np.mean(gateways_of > 1) > 0.8
        assert np.mean(transformers_of > 1) > 0.8

    def test_hangs_every_meter_in_one_chain(self):
        assert (LAYOUT.feeder_of[LAYOUT.transformer] == LAYOUT.feeder).all()
        assert (LAYOUT.region_of_feeder[LAYOUT.feeder] == LAYOUT.region).all()

    def test_knows_what_feeds_a_meter(self):
        above = LAYOUT.above(Place(On.METER, 5))

        assert [place.on for place in above] == [On.METER, On.TRANSFORMER, On.FEEDER, On.REGION]
        assert all(5 in LAYOUT.below(place) for place in above)

    def test_is_the_same_for_the_same_seed_alone(self):
        assert (lay_out(meters=1000, seed=4).gateway == LAYOUT.gateway).all()
        assert (lay_out(meters=1000, seed=5).gateway != LAYOUT.gateway).any()


class TestDarkness:
    def test_silences_or_zeroes_what_hangs_on_the_place_and_nothing_else(self):
        event = Event(Fault.FEEDER, FEEDER, NOON, NOON + 2 * MINUTE)

        heard = struck(event)

        below = np.isin(heard.meter, LAYOUT.below(FEEDER))
        assert (heard.power_kw[below] < 0.01).all()
        assert (heard.voltage[below] < 10).all()
        assert 0 < below.sum() < len(LAYOUT.below(FEEDER))
        assert (~below).sum() == LAYOUT.meters - len(LAYOUT.below(FEEDER))

    def test_is_complete_once_the_capacitors_are_empty(self):
        event = Event(Fault.FEEDER, FEEDER, NOON, NOON + 5 * MINUTE)

        heard = struck(event, NOON + 2 * MINUTE)

        assert not np.isin(heard.meter, LAYOUT.below(FEEDER)).any()

    def test_ends_for_all_within_twenty_seconds(self):
        event = Event(Fault.FEEDER, FEEDER, NOON - 5 * MINUTE, NOON - 20 * SECOND)

        assert len(struck(event)) == LAYOUT.meters

    def test_lets_a_dead_meter_say_nothing(self):
        event = Event(Fault.DEAD, Place(On.METER, 7), NOON, NOON + MINUTE)

        assert 7 not in struck(event).meter

    def test_remembers_when_the_place_was_last_heard_healthy(self):
        start = NOON + 5 * SECOND
        event = Event(Fault.FEEDER, FEEDER, start, start + MINUTE)
        damage = Damage(LAYOUT, LIFE, [event], seed=4)

        damage.strike(step())

        stamps = step().at_ms[LAYOUT.below(FEEDER)]
        assert damage.last_heard_ms[event] == stamps[stamps < start].max()


class TestFalseValues:
    def test_holds_the_value_of_a_stuck_meter(self):
        event = Event(Fault.STUCK, Place(On.METER, 3), NOON, NOON + HOUR)
        damage = Damage(LAYOUT, LIFE, [event], seed=4)

        first = damage.strike(step())
        moved = step(NOON + MINUTE)
        moved.power_kw[:] = 5.0
        second = damage.strike(moved)

        assert (first.power_kw[3], second.power_kw[3], second.power_kw[4]) == (2.0, 2.0, 5.0)

    @pytest.mark.parametrize(
        ("fault", "size", "kw", "volts"),
        [(Fault.THEFT, 0.1, 0.2, 230.0), (Fault.VOLTAGE, 0.8, 2.0, 184.0)],
        ids=["theft", "voltage"],
    )
    def test_changes_one_meter_by_its_size(self, fault, size, kw, volts):
        heard = struck(Event(fault, Place(On.METER, 3), NOON, NOON + HOUR, size))

        assert heard.power_kw[3] == pytest.approx(kw)
        assert heard.voltage[3] == pytest.approx(volts)
        assert (heard.power_kw[4], heard.voltage[4]) == (2.0, 230.0)

    def test_spikes_beyond_all_that_the_place_has(self):
        heard = struck(Event(Fault.SPIKE, Place(On.METER, 3), NOON, NOON + HOUR, 3.0))

        assert heard.power_kw[3] > 2.0 + 2.9 * LIFE.usual_peak_kw[3]


class TestBursts:
    def test_lose_what_one_head_end_sends_meanwhile(self):
        bursts = Bursts(np.array([2]), np.array([NOON]), np.array([NOON + MINUTE]))
        event = Event(Fault.DEAD, Place(On.METER, 0), NOON + HOUR, NOON + 2 * HOUR)

        heard = struck(event, bursts=bursts)

        assert set(step().meter) - set(heard.meter) == set(np.flatnonzero(LAYOUT.gateway == 2))

    def test_are_a_fifth_of_the_time(self):
        drawn = plans.bursts(LAYOUT, start_ms=NOON, end_ms=NOON + 10 * HOUR, seed=1)

        lost = np.minimum(drawn.end_ms, NOON + 10 * HOUR) - drawn.start_ms
        assert lost.sum() / (LAYOUT.count(On.GATEWAY) * 10 * HOUR) == pytest.approx(0.2, abs=0.02)


class TestPlans:
    def test_count_each_outage_and_let_none_lie_in_another(self):
        events = plans.outages(LAYOUT, each=20, start_ms=NOON, seed=1).events

        for fault in DARKNESS:
            assert sum(event.fault is fault for event in events) == 20
        clashes = [
            (one, other)
            for one in events
            for other in events
            if one is not other
            and one.start_ms <= other.start_ms < one.end_ms + MINUTE
            and LAYOUT.related(one.place, other.place)
        ]
        assert clashes == []

    def test_strike_each_meter_with_one_false_value_at_most(self):
        period = (NOON, NOON + 20 * HOUR)

        events = plans.values(LAYOUT, LIFE, each=50, period=period, seed=1).events

        assert len({event.place for event in events}) == len(events) == 200
        assert all(NOON <= event.start_ms < event.end_ms <= period[1] for event in events)

    def test_nest_a_transformer_that_outlasts_its_feeder(self):
        events = plans.nested(LAYOUT, each=8, start_ms=NOON, seed=1).events

        for feeder, inner in zip(events[::2], events[1::2], strict=True):
            assert feeder.place in LAYOUT.above(inner.place)
            assert inner.end_ms > feeder.end_ms + MINUTE

    def test_keep_long_outages_of_a_region_apart(self):
        events = plans.long_outages(LAYOUT, each=40, period=(NOON, NOON + 8 * HOUR), seed=1).events

        by_region: dict[int, list[Event]] = {}
        for event in events:
            region = int(LAYOUT.region[LAYOUT.below(event.place)[0]])
            by_region.setdefault(region, []).append(event)
        assert len(events) > 20
        for members in by_region.values():
            assert all(one.end_ms < next_.start_ms for one, next_ in itertools.pairwise(members))
