"""Figures of the desk: rates, floods, sources, chattering, waits, priorities."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import performance
from alerts.conditions.kinds import Severity
from segs_site.lib.periods import Period

MIDNIGHT = datetime(2026, 3, 29, tzinfo=UTC)
DAY = Period(MIDNIGHT, MIDNIGHT + timedelta(days=1))
TEN = performance.WINDOW


def at(*seconds: float) -> list[datetime]:
    return [MIDNIGHT + timedelta(seconds=each) for each in seconds]


def every(seconds: float, count: int, *, start: float = 0) -> list[datetime]:
    return at(*(start + place * seconds for place in range(count)))


def floods(moments: Sequence[datetime], *, operators: int = 1) -> list[performance.Flood]:
    return performance.floods(moments, until=DAY.end, operators=operators)


def in_window_ending(moments: Sequence[datetime], moment: datetime) -> int:
    """Count a second way: by looking at every moment."""
    return sum(moment - TEN < each <= moment for each in moments)


some_moments = st.lists(
    st.integers(0, 6 * 3600 * 10).map(lambda tenth: MIDNIGHT + timedelta(seconds=tenth / 10)),
    max_size=150,
).map(sorted)


class TestRate:
    def test_of_a_quiet_day_is_nothing(self) -> None:
        found = performance.rate([], period=DAY, operators=1)

        assert (found.mean, found.peak, found.above_pct) == (0, 0, 0)
        assert len(found.slices) == 144

    def test_is_by_operator(self) -> None:
        moments = every(60, 1440)

        alone = performance.rate(moments, period=DAY, operators=1)
        shared = performance.rate(moments, period=DAY, operators=2)

        assert (alone.mean, alone.peak) == (10, 10)
        assert (shared.mean, shared.peak) == (5, 5)

    def test_is_above_only_with_more_than_ten(self) -> None:
        ten = every(1, 10)
        eleven = every(1, 11, start=1200)

        found = performance.rate(ten + eleven, period=DAY, operators=1)

        assert found.above_pct == pytest.approx(100 / 144)

    def test_peaks_where_a_burst_lies_across_two_slices(self) -> None:
        found = performance.rate(every(1, 20, start=590), period=DAY, operators=1)

        assert found.peak == 20
        assert max(each.rate for each in found.slices) == 10

    @given(some_moments, st.integers(1, 4))
    def test_counts_every_alarm_once(self, moments: list[datetime], operators: int) -> None:
        found = performance.rate(moments, period=DAY, operators=operators)

        assert sum(each.rate for each in found.slices) * operators == pytest.approx(len(moments))
        assert found.peak >= max(each.rate for each in found.slices)
        assert found.mean * 144 * operators == pytest.approx(len(moments))


class TestFloods:
    def test_begin_with_ten_in_ten_minutes(self) -> None:
        assert floods(every(60, 9)) == []
        [flood] = floods(every(60, 10))
        assert (flood.start, flood.size) == (MIDNIGHT, 10)

    def test_are_none_when_the_tenth_comes_ten_minutes_after_the_first(self) -> None:
        assert floods([*every(60, 9), *at(600)]) == []

    def test_end_when_fewer_than_five_are_left(self) -> None:
        [flood] = floods(every(1, 12))

        assert flood.end == MIDNIGHT + timedelta(seconds=7) + TEN

    def test_go_on_while_five_are_left(self) -> None:
        [flood] = floods(every(60, 10) + every(110, 20, start=600))

        assert flood.size == 30

    def test_go_on_without_an_end(self) -> None:
        moments = every(1, 30, start=86_000)

        assert floods(moments)[0].end is None

    def test_are_two_when_an_hour_lies_between(self) -> None:
        found = floods(every(10, 15) + every(10, 20, start=3600))

        assert [flood.size for flood in found] == [15, 20]

    def test_need_twice_as_many_for_two_operators(self) -> None:
        assert floods(every(30, 19), operators=2) == []
        assert len(floods(every(30, 20), operators=2)) == 1

    @given(some_moments, st.integers(1, 2))
    def test_hold_every_alarm_that_was_too_fast_and_overlap_in_none(
        self, moments: list[datetime], operators: int
    ) -> None:
        found = floods(moments, operators=operators)

        fast = [m for m in moments if in_window_ending(moments, m) >= 10 * operators]
        ends = [flood.end or DAY.end for flood in found]
        assert all(
            any(flood.start <= m <= end for flood, end in zip(found, ends, strict=True))
            for m in fast
        )
        assert bool(found) == bool(fast)
        assert all(flood.size >= 10 * operators for flood in found)
        assert sum(flood.size for flood in found) <= len(moments)
        assert all(flood.start < end for flood, end in zip(found, ends, strict=True))


class TestTopSources:
    def test_are_the_ten_with_most_alarms(self) -> None:
        sources = [place for place in range(12) for _ in range(place)]

        found = performance.top_sources(sources)

        assert [each.source for each in found] == list(range(11, 1, -1))
        assert found[0].share_pct == pytest.approx(100 * 11 / 66)

    def test_of_nothing_are_none(self) -> None:
        assert performance.top_sources([]) == []


class TestChattering:
    def test_is_three_transitions_in_a_minute(self) -> None:
        transitions = {"calm": at(0, 30, 61), "nervous": at(0, 20, 59), "worse": every(5, 8)}

        found = performance.chattering(transitions)

        assert [(each.source, each.worst) for each in found] == [("worse", 8), ("nervous", 3)]


class TestWaits:
    def test_of_nobody_are_unknown(self) -> None:
        assert performance.waits([]) == performance.Waits(0, None, None)

    def test_tell_the_middle_and_the_slow(self) -> None:
        found = performance.waits(timedelta(seconds=each) for each in range(1, 11))

        assert found.median == timedelta(seconds=5.5)
        assert found.p90 == timedelta(seconds=9)

    @given(st.lists(st.timedeltas(timedelta(0), timedelta(days=2)), min_size=1))
    def test_are_among_those_that_were(self, durations: list[timedelta]) -> None:
        found = performance.waits(durations)

        assert found.median is not None
        assert found.p90 in durations
        assert min(durations) <= found.median <= max(durations)
        assert sum(each <= found.p90 for each in durations) >= 0.9 * len(durations)


class TestMix:
    def test_of_a_well_kept_desk_meets_every_target(self) -> None:
        severities = [Severity.LOW] * 80 + [Severity.MEDIUM] * 15 + [Severity.HIGH] * 5

        found = performance.mix(severities)

        assert [each.share_pct for each in found] == [0, 5, 15, 80]
        assert all(each.is_met for each in found)

    def test_where_everything_is_critical_meets_none(self) -> None:
        found = performance.mix([Severity.CRITICAL] * 3)

        assert [(each.severity, each.is_met) for each in found] == [
            (Severity.CRITICAL, False),
            (Severity.HIGH, True),
            (Severity.MEDIUM, True),
            (Severity.LOW, False),
        ]

    def test_of_nothing_is_unknown(self) -> None:
        assert {each.share_pct for each in performance.mix([])} == {None}
