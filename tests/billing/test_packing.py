"""Intervals as billed, packed and read again."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.packing import Billed, Unreadable, pack, pack_days, unpack
from segs_site.lib.periods import microseconds

DAY = datetime(2026, 10, 24, 22, tzinfo=UTC)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 25 * 3600 - 1), st.integers(0, 5000), st.integers(0, 5),
        st.integers(-(10**15), 10**15),
    )
)  # fmt: skip


def billed(*rows: tuple[datetime, int, int, int]) -> Billed:
    starts, *columns = zip(*rows, strict=True)
    return Billed(
        np.array([microseconds(start) for start in starts]),
        *(np.array(column, np.int64) for column in columns),
    )


class TestPack:
    @given(ROWS)
    def test_loses_nothing(self, rows):
        seconds, component, quality, energy = (
            np.array([row[place] for row in rows], np.int64) for place in range(4)
        )
        billed = Billed(microseconds(DAY) + seconds * 1_000_000, component, quality, energy)

        again = unpack(pack(billed, day_start=DAY), day_start=DAY)

        for name in ("start", "component", "quality", "energy"):
            assert getattr(again, name).tolist() == getattr(billed, name).tolist()

    @pytest.mark.parametrize("packed", [b"", b"\x02", b"\x01short"])
    def test_of_another_version_is_refused(self, packed):
        with pytest.raises(Unreadable):
            unpack(packed, day_start=DAY)

    def test_of_the_last_quarter_of_a_long_day_has_room(self):
        late = DAY + timedelta(hours=24, minutes=45)
        row = (np.array([value], np.int64) for value in (microseconds(late), 0, 5, 7))

        assert unpack(pack(Billed(*row), day_start=DAY), day_start=DAY).start.tolist() == [
            microseconds(late)
        ]


class TestPackDays:
    def test_cuts_as_each_day_would_be_packed(self):
        starts = [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]
        rows = billed(
            *[(starts[0] + timedelta(hours=hour), 0, 5, 7 + hour) for hour in (0, 5, 23)],
            *[(starts[2] + timedelta(hours=hour), 1, 2, hour) for hour in (0, 23)],
        )

        first, empty, last = pack_days(rows, day_starts=np.array([*map(microseconds, starts)]))

        assert first == pack(rows.take(slice(0, 3)), day_start=starts[0])
        assert empty == b""
        assert last == pack(rows.take(slice(3, 5)), day_start=starts[2])
