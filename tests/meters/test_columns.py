"""Readings as columns: packed and unpacked without loss, marked without confusion."""

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from meters import columns
from meters.columns import ABSENT, Batch, Columns, Held, Stranger, Unreadable

INT64 = st.integers(-(2**63) + 1, 2**63 - 1)
OPTIONAL = st.just(ABSENT) | INT64
ROW = st.tuples(
    st.integers(-1, 2**31 - 1),
    INT64,
    INT64,
    OPTIONAL,
    OPTIONAL,
    OPTIONAL,
    OPTIONAL,
    st.binary(min_size=16, max_size=16) | st.just(bytes(16)),
    st.none() | st.binary(max_size=20),
)


def table(rows: list[tuple], *, received: int = 5) -> Columns:
    fields = list(zip(*rows, strict=True)) if rows else [()] * 9
    numbers = [np.array(field, np.int64) for field in fields[:7]]
    return Columns(
        *numbers,
        received=np.full(len(rows), received, np.int64),
        reading_id=np.frombuffer(b"".join(fields[7]), np.uint8).reshape(-1, 16),
        extra=list(fields[8]),
    )


def row(*, meter=1, ts=10, power=20, energy=ABSENT, register=ABSENT, voltage=ABSENT, seq=ABSENT):
    return (meter, ts, power, energy, register, voltage, seq, bytes(16), None)


def as_rows(held: Columns) -> list[tuple]:
    names = ("meter", "ts", "power", "energy", "register", "voltage", "seq", "received")
    numbers = [getattr(held, name).tolist() for name in names]
    return list(zip(*numbers, held.reading_id.tolist(), held.extra, strict=True))


class TestPacking:
    @settings(deadline=None)
    @given(st.lists(ROW, max_size=8))
    def test_gives_back_what_it_was_given(self, rows):
        packed = columns.pack(Batch(table(rows)))

        assert as_rows(columns.unpack(packed, received=5).columns) == as_rows(table(rows))

    def test_carries_strangers_and_what_is_held(self):
        strangers = [Stranger(1, "MTR-9", "Pune")]
        held = [Held("MTR-8", None, "a", "unknown_meter", b"{}"), Held("é", 7, "", "x", b"\xff")]

        packed = columns.pack(Batch(table([row(), row(ts=11)]), strangers, held))

        batch = columns.unpack(packed, received=5)
        assert (list(batch.strangers), list(batch.held)) == (strangers, held)

    def test_columns_nobody_filled_take_no_room(self):
        bare = columns.pack(Batch(table([row()] * 100)))
        full = columns.pack(Batch(table([row(energy=1, register=2, voltage=3, seq=4)] * 100)))

        assert len(full) - len(bare) > 4 * 8 * 100
        assert len(bare) < 20 * 100 + 50

    @settings(deadline=None)
    @given(st.lists(ROW, min_size=1, max_size=3), st.data())
    def test_bytes_cut_short_are_unreadable(self, rows, data):
        packed = columns.pack(Batch(table(rows)))
        length = data.draw(st.integers(0, len(packed) - 1))

        with pytest.raises(Unreadable):
            columns.unpack(packed[:length], received=5)

    @settings(deadline=None)
    @given(st.binary(max_size=40))
    def test_foreign_bytes_are_unreadable(self, packed):
        with pytest.raises(Unreadable):
            columns.unpack(packed, received=5)

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"v": 2}, id="another format"),
            pytest.param({"n": 2}, id="another count"),
            pytest.param({"n": -1}, id="a negative count"),
            pytest.param({"n": 10**18}, id="a count beyond memory"),
            pytest.param({"n": 1.0}, id="a count with a fraction"),
            pytest.param({"ts": b"1234567"}, id="seven bytes for eight"),
            pytest.param({"energy": b"12345678" * 2}, id="an energy too many"),
            pytest.param({"id": b"too short"}, id="half an id"),
            pytest.param({"extra": []}, id="no extras"),
            pytest.param({"extra": [5]}, id="a number for an extra"),
            pytest.param({"strangers": [(1, "MTR-9", "Pune")]}, id="a stranger behind the end"),
            pytest.param({"strangers": [(0, "MTR-9")]}, id="a stranger from nowhere"),
            pytest.param({"held": [("MTR-9", "now", "", "x", b"")]}, id="a text for a time"),
            pytest.param({"meter": None}, id="no meters"),
        ],
    )
    def test_a_batch_that_contradicts_itself_is_unreadable(self, change):
        message = msgspec.msgpack.decode(columns.pack(Batch(table([row()]))))

        with pytest.raises(Unreadable):
            columns.unpack(msgspec.msgpack.encode(message | change), received=5)


class TestMarks:
    def test_agree_when_meter_time_and_values_do(self):
        twins = table(
            [
                (1, 10, 20, 1, 2, 3, 4, bytes(16), None),
                (1, 10, 20, 1, 2, 3, 9, b"\1" * 16, b"{}"),
            ]
        )

        first, second = columns.marks(twins, {})

        assert first.tolist() == second.tolist()

    @pytest.mark.parametrize("field", ["meter", "ts", "power", "energy", "register", "voltage"])
    @pytest.mark.parametrize("change", [1, -1, 2**30])
    def test_differ_when_one_of_them_does(self, field, change):
        said = {"meter": 5, "ts": 6, "power": 7, "energy": 8, "register": 9, "voltage": 10}
        other = said | {field: said[field] + change}

        first, second = columns.marks(table([row(**said), row(**other)]), {})

        assert first[:8].tolist() != second[:8].tolist()
        assert first[8:].tolist() != second[8:].tolist()

    @settings(deadline=None)
    @given(ROW, ROW)
    def test_differ_for_any_two_readings_that_do(self, one, other):
        assume(one[:6] != other[:6])

        first, second = columns.marks(table([one, other]), {})

        assert first.tolist() != second.tolist()

    def test_values_that_swap_places_differ(self):
        first, second = columns.marks(
            table([row(energy=3, register=4), row(energy=4, register=3)]), {}
        )

        assert first.tolist() != second.tolist()

    def test_no_two_of_many_readings_share_one(self):
        meters = [
            row(meter=meter, ts=ts * 10_000_000) for meter in range(300) for ts in range(300)
        ]

        marks = columns.marks(table(meters), {})

        assert len(np.unique(marks.view("V16"))) == len(meters)
        assert len(np.unique(marks[:, :8].copy().view("V8"))) == len(meters)

    def test_a_strangers_key_stands_for_its_meter(self):
        unknown = table([row(meter=-1), row(meter=-1), row(meter=-1)])

        marks = columns.marks(unknown, {0: -77, 1: -77, 2: -78})

        assert marks[0].tolist() == marks[1].tolist() != marks[2].tolist()

    def test_do_not_depend_on_the_neighbours(self):
        rows = table([row(ts=1), row(ts=2), row(ts=3)])

        alone = columns.marks(rows.take(np.array([1])), {})

        assert alone[0].tolist() == columns.marks(rows, {})[1].tolist()

    def test_of_nothing_are_none(self):
        assert columns.marks(columns.empty(), {}).shape == (0, 16)


class TestTake:
    def test_takes_by_mask_and_by_position(self):
        rows = table([row(ts=1), row(ts=2), row(ts=3)])

        assert rows.take(np.array([True, False, True])).ts.tolist() == [1, 3]
        assert rows.take(np.array([2, 0])).ts.tolist() == [3, 1]

    def test_concatenates_in_order(self):
        parts = [table([row(ts=1)]), columns.empty(), table([row(ts=2), row(ts=3)])]

        assert columns.concatenate(parts).ts.tolist() == [1, 2, 3]

    def test_same_values_ignores_what_is_no_payload(self):
        one = table([row(seq=1), row(power=1)])
        other = table([row(seq=2), row(power=2)])

        assert one.same_values(other).tolist() == [True, False]
