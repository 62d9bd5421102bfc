"""The judge's arithmetic: a judge who counts wrong would let everything pass."""

import pytest

from benchmarks import alerts_matching as matching
from benchmarks.alerts_faults import Event, Fault
from benchmarks.alerts_layout import On, Place, lay_out
from benchmarks.alerts_matching import Spell
from benchmarks.alerts_reliability import truth

LAYOUT = lay_out(meters=400, seed=4)
NOON, SECOND, MINUTE = 1_772_539_200_000, 1000, 60_000
FEEDER = Place(On.FEEDER, 0)
INNER = Place(On.TRANSFORMER, int(LAYOUT.transformer[LAYOUT.below(FEEDER)[0]]))
ELSEWHERE = Place(On.TRANSFORMER, int(LAYOUT.transformer.max()))
DARK = Event(Fault.FEEDER, FEEDER, NOON, NOON + 3 * MINUTE)


def spell(kind: str, place: Place | None, after_s: int = 40, lasts_s: int | None = 100) -> Spell:
    start = NOON + after_s * SECOND
    return Spell(kind, place, start, None if lasts_s is None else start + lasts_s * SECOND)


def judged(*spells: Spell, events: tuple[Event, ...] = (DARK,)) -> matching.Verdict:
    return matching.judge(LAYOUT, events, {DARK: NOON - 5 * SECOND}, spells)


class TestJudge:
    def test_counts_the_delay_from_the_last_healthy_reading(self):
        verdict = judged(spell("feeder_outage", FEEDER))

        assert [answer.delay_s for answer in verdict.answers] == [45.0]
        assert verdict.false_alarms == []

    @pytest.mark.parametrize(
        "wrong",
        [
            spell("transformer_outage", FEEDER),
            spell("feeder_outage", Place(On.FEEDER, 1)),
            spell("feeder_outage", FEEDER, after_s=-10),
            spell("feeder_outage", FEEDER, after_s=240),
        ],
        ids=["another-kind", "another-place", "too-early", "too-late"],
    )
    def test_finds_nothing_in(self, wrong):
        verdict = judged(wrong)

        assert [answer.seen_ms for answer in verdict.answers] == [None]
        assert verdict.false_alarms == [wrong]

    def test_calls_a_second_alarm_of_one_cause_a_stray(self):
        again = spell("transformer_outage", INNER)

        verdict = judged(spell("feeder_outage", FEEDER), again)

        assert (verdict.strays, verdict.groundless) == ([again], [])

    def test_lets_what_its_feeder_explained_be_told_again_when_that_is_back(self):
        broken = Event(Fault.TRANSFORMER, INNER, NOON - MINUTE, NOON + 7 * MINUTE)
        first = spell("transformer_outage", INNER, after_s=-30, lasts_s=60)
        again = spell("transformer_outage", INNER, after_s=210)
        too_late = spell("transformer_outage", INNER, after_s=400)

        verdict = judged(first, spell("feeder_outage", FEEDER), again, events=(DARK, broken))

        assert verdict.false_alarms == []
        assert judged(first, too_late, events=(DARK, broken)).false_alarms == [too_late]

    def test_calls_an_alarm_far_from_every_fault_groundless(self):
        assert judged(spell("silent", ELSEWHERE)).groundless == [spell("silent", ELSEWHERE)]

    def test_takes_what_was_explained_at_once_for_no_alarm(self):
        verdict = judged(spell("transformer_outage", INNER, lasts_s=5))

        assert verdict.false_alarms == []

    def test_lets_one_alarm_answer_one_fault(self):
        later = Event(Fault.FEEDER, FEEDER, NOON + 30 * SECOND, NOON + 2 * MINUTE)

        verdict = judged(spell("feeder_outage", FEEDER), events=(DARK, later))

        assert [answer.seen_ms is not None for answer in verdict.answers] == [True, False]

    def test_says_how_many_of_the_outages_on_the_desk_are_true(self):
        verdict = judged(
            spell("feeder_outage", FEEDER),
            spell("transformer_outage", ELSEWHERE),
            spell("overload", Place(On.REGION, 0)),
        )

        assert matching.precision_pct(verdict) == 50.0


class TestFloods:
    def test_count_ten_alarms_in_ten_minutes_once(self):
        dense = [spell("silent", ELSEWHERE, after_s=place * 30) for place in range(15)]

        assert matching.floods(dense) == 1
        assert matching.floods(dense[:9]) == 0

    def test_count_each_stretch(self):
        early = [spell("silent", ELSEWHERE, after_s=place) for place in range(10)]
        late = [spell("silent", ELSEWHERE, after_s=3600 + place) for place in range(10)]

        assert matching.floods(early + late) == 2

    def test_rate_is_by_ten_minutes(self):
        alarms = [spell("silent", ELSEWHERE), spell("silent", INNER, lasts_s=3)]

        hour = matching.per_ten_minutes(alarms, start_ms=NOON, end_ms=NOON + 60 * MINUTE)

        assert hour == pytest.approx(1 / 6)


class TestHeadEnds:
    def test_one_called_an_outage_is_counted(self):
        gateway = Place(On.GATEWAY, int(LAYOUT.gateway[LAYOUT.below(INNER)[0]]))
        loss = Event(Fault.GATEWAY, gateway, NOON, NOON + 2 * MINUTE)

        wrong = matching.called_outages(LAYOUT, [loss], [], [spell("transformer_outage", INNER)])
        right = matching.called_outages(LAYOUT, [loss], [DARK], [spell("feeder_outage", FEEDER)])

        assert (wrong, right) == (1, 0)


class TestSurfacing:
    INSIDE = Event(Fault.TRANSFORMER, INNER, NOON, NOON + 7 * MINUTE)

    @pytest.mark.parametrize(
        ("shown", "wait"),
        [
            ([spell("transformer_outage", INNER, after_s=200)], 20.0),
            ([spell("transformer_outage", INNER, after_s=40, lasts_s=None)], 0.0),
            ([spell("transformer_outage", INNER, after_s=40, lasts_s=100)], None),
            ([], None),
        ],
        ids=["after-the-return", "all-along", "gone-before", "never"],
    )
    def test_waits_from_the_feeders_return(self, shown, wait):
        assert matching.surfacing_s([DARK, self.INSIDE], shown) == [wait]


class TestTruth:
    def test_adds_up_minutes_of_meters(self):
        below = len(LAYOUT.below(FEEDER))

        figures = truth(LAYOUT, [DARK])

        assert figures["saidi_min"] == pytest.approx(3 * below / 400)
        assert figures["saifi"] == pytest.approx(below / 400)
        assert figures["caidi_min"] == pytest.approx(3)
