"""How time is cut: along quarter-hours, hours, and days and months of a calendar."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters import intervals
from meters.intervals import Granularity
from segs_site.lib.periods import QUARTER, Period

BRUSSELS, KATHMANDU = ZoneInfo("Europe/Brussels"), ZoneInfo("Asia/Kathmandu")
FIRST, LAST = datetime(2020, 1, 1), datetime(2026, 1, 1)  # noqa: DTZ001 hypothesis adds the zone
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


def local(*parts: int, zone: ZoneInfo = BRUSSELS) -> datetime:
    return datetime(*parts, tzinfo=zone).astimezone(UTC)


def cut_days(period: Period) -> list[Period]:
    return intervals.cut(period, Granularity.DAY, BRUSSELS)


class TestCut:
    @pytest.mark.parametrize("granularity", list(Granularity))
    @pytest.mark.parametrize("zone", ["Europe/Brussels", "Asia/Kathmandu", "Australia/Lord_Howe"])
    @given(start=moments, hours=st.integers(1, 200))
    def test_loses_no_instant_and_counts_none_twice(
        self, granularity: Granularity, zone: str, start: datetime, hours: int
    ) -> None:
        period = Period(start, start + timedelta(hours=hours))

        pieces = intervals.cut(period, granularity, ZoneInfo(zone))

        assert pieces[0].start == period.start
        assert pieces[-1].end == period.end
        assert all(a.end == b.start for a, b in pairwise(pieces))

    def test_makes_days_of_23_24_and_25_hours(self) -> None:
        spring = Period(local(2024, 3, 30), local(2024, 4, 2))
        autumn = Period(local(2024, 10, 26), local(2024, 10, 29))

        lengths = [
            [
                piece.length // timedelta(hours=1)
                for piece in intervals.cut(p, Granularity.DAY, BRUSSELS)
            ]
            for p in (spring, autumn)
        ]

        assert lengths == [[24, 23, 24], [24, 25, 24]]

    def test_cuts_hours_where_the_zone_has_them(self) -> None:
        start = local(2024, 1, 1, zone=KATHMANDU)  # 5 h 45 min ahead

        pieces = intervals.cut(
            Period(start, start + timedelta(hours=2)), Granularity.HOUR, KATHMANDU
        )

        assert [piece.start.minute for piece in pieces] == [15, 15]

    def test_makes_short_pieces_at_the_ends_alone(self) -> None:
        period = Period(local(2024, 1, 15, 12), local(2024, 3, 2))

        pieces = intervals.cut(period, Granularity.MONTH, BRUSSELS)

        assert [piece.start for piece in pieces] == [
            local(2024, 1, 15, 12),
            local(2024, 2, 1),
            local(2024, 3, 1),
        ]
        assert pieces[1].length == timedelta(days=29)


class TestWholeQuarters:
    @pytest.mark.parametrize(
        ("first", "last", "count"),
        [(0, 60, 4), (1, 60, 3), (0, 59, 3), (1, 14, 0), (14, 16, 0), (20, 10, 0), (15, 30, 1)],
    )
    def test_counts_what_lies_wholly_within(self, first: int, last: int, count: int) -> None:
        hour = datetime(2024, 2, 29, 23, tzinfo=UTC)

        assert (
            intervals.whole_quarters(
                hour + timedelta(minutes=first), hour + timedelta(minutes=last)
            )
            == count
        )

    @given(start=moments, count=st.integers(0, 1000))
    def test_agrees_with_counting(self, start: datetime, count: int) -> None:
        end = start + count * QUARTER
        is_on_an_edge = (start - datetime(1970, 1, 1, tzinfo=UTC)) % QUARTER == timedelta()

        whole = intervals.whole_quarters(start, end)

        assert whole == (count if is_on_an_edge else max(0, count - 1))
