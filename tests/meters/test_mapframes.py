"""States of meters as binary frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters import mapframes
from meters.mapframes import ALARM, HIGH, NORMAL, SILENT

MOMENT = mapframes.Moment(sequence=7, version=4_000_000_000, as_of_ms=1.5, newest_ms=1.25)
NOW_US = 1_764_032_400_000_000
INTERVAL_US = 10_000_000

states = st.lists(st.integers(0, 3), max_size=70).map(lambda them: np.array(them, np.uint8))


def judged(*, power_mw: int = 0, age_us: int = 0) -> int:
    [state] = mapframes.judge(
        power_mw=np.array([power_mw]),
        received_us=np.array([NOW_US - age_us]),
        limit_mw=np.array([10_000_000]),
        interval_us=np.array([INTERVAL_US]),
        now_us=NOW_US,
    )
    return int(state)


class TestJudge:
    def test_three_intervals_are_everyday_and_more_is_silence(self) -> None:
        assert judged(age_us=3 * INTERVAL_US) == NORMAL
        assert judged(age_us=3 * INTERVAL_US + 1) == SILENT

    def test_a_meter_that_never_reported_is_silent(self) -> None:
        assert judged(age_us=NOW_US) == SILENT

    def test_more_than_nine_tenths_of_the_limit_is_high(self) -> None:
        assert judged(power_mw=9_000_000) == NORMAL
        assert judged(power_mw=9_000_001) == HIGH

    def test_export_counts_like_import(self) -> None:
        assert judged(power_mw=-9_500_000) == HIGH

    def test_silence_outweighs_what_was_said_last(self) -> None:
        assert judged(power_mw=9_500_000, age_us=60_000_000) == SILENT


class TestSnapshot:
    def test_puts_the_first_meter_in_the_lowest_bits(self) -> None:
        frame = mapframes.snapshot(np.array([HIGH, ALARM, SILENT, NORMAL, SILENT], "u1"), MOMENT)

        assert frame[40:] == bytes([0b00_11_10_01, 0b11])

    def test_writes_the_header_as_agreed(self) -> None:
        frame = mapframes.snapshot(np.array([NORMAL, SILENT, SILENT], np.uint8), MOMENT)

        assert frame[:4] == b"\x01\x01\x00\x00"
        assert np.frombuffer(frame, "<u4", 5, 4).tolist() == [7, 4_000_000_000, 3, 1, 2]
        assert np.frombuffer(frame, "<f8", 2, 24).tolist() == [1.5, 1.25]

    def test_five_thousand_meters_take_1290_bytes(self) -> None:
        assert len(mapframes.snapshot(np.zeros(5000, np.uint8), MOMENT)) == 1290

    @given(states)
    def test_is_read_as_it_was_written(self, states: mapframes.States) -> None:
        frame = mapframes.read(mapframes.snapshot(states, MOMENT))

        assert frame.states.tolist() == states.tolist()
        assert (frame.meters, frame.moment) == (len(states), MOMENT)


class TestDelta:
    def test_holds_index_and_state_of_what_changed(self) -> None:
        before = np.array([NORMAL, NORMAL, SILENT], np.uint8)
        after = np.array([NORMAL, HIGH, NORMAL], np.uint8)

        frame = mapframes.delta(after, before, MOMENT)

        assert np.frombuffer(frame, "<u4", offset=40).tolist() == [2, 1 * 4 + HIGH, 2 * 4 + NORMAL]

    @given(states, st.randoms())
    def test_turns_what_was_before_into_what_is(self, states: mapframes.States, chance) -> None:
        before = states.copy()
        chance.shuffle(before)

        frame = mapframes.read(mapframes.delta(states, before, MOMENT))
        before[frame.changed] = frame.states

        assert before.tolist() == states.tolist()

    def test_is_small_when_few_change(self) -> None:
        before = np.zeros(100, np.uint8)
        after = before.copy()
        after[:6] = HIGH

        assert mapframes.is_small(after, before)
        after[6] = HIGH
        assert not mapframes.is_small(after, before)


class TestRead:
    def test_refuses_another_format(self) -> None:
        frame = bytearray(mapframes.snapshot(np.zeros(1, np.uint8), MOMENT))
        frame[1] = 2

        with pytest.raises(ValueError, match="format 2"):
            mapframes.read(bytes(frame))
