import itertools
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segs_site.lib import periods
from segs_site.lib.periods import DAY, MINUTE, QUARTER, Period

BRUSSELS = ZoneInfo("Europe/Brussels")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
MOMENTS = st.integers(0, 130 * 365 * 86_400_000_000).map(
    lambda microseconds: periods.EPOCH + timedelta(microseconds=microseconds)
)
LENGTHS = st.sampled_from([MINUTE, 5 * MINUTE, QUARTER, 30 * MINUTE, 60 * MINUTE])


class TestLocalDay:
    @pytest.mark.parametrize(
        ("zone", "day", "quarters"),
        [
            pytest.param(BRUSSELS, date(2026, 3, 29), 92, id="Brussels springs forward"),
            pytest.param(BRUSSELS, date(2026, 6, 1), 96, id="Brussels on a plain day"),
            pytest.param(BRUSSELS, date(2026, 10, 25), 100, id="Brussels falls back"),
            pytest.param(NEW_YORK, date(2026, 3, 8), 92, id="New York springs forward"),
            pytest.param(NEW_YORK, date(2026, 7, 4), 96, id="New York on a plain day"),
            pytest.param(NEW_YORK, date(2026, 11, 1), 100, id="New York falls back"),
            pytest.param(LORD_HOWE, date(2026, 10, 4), 94, id="Lord Howe springs by 30 min"),
            pytest.param(LORD_HOWE, date(2026, 6, 1), 96, id="Lord Howe on a plain day"),
            pytest.param(LORD_HOWE, date(2026, 4, 5), 98, id="Lord Howe falls by 30 min"),
            pytest.param(ZoneInfo("America/Santiago"), date(2026, 9, 6), 92, id="no midnight"),
            pytest.param(ZoneInfo("America/Havana"), date(2026, 11, 1), 100, id="two midnights"),
            pytest.param(BRUSSELS, date(2028, 2, 29), 96, id="29 February"),
        ],
    )
    def test_has_the_quarters_that_elapse_in_it(
        self, zone: ZoneInfo, day: date, quarters: int
    ) -> None:
        assert periods.expected_intervals(periods.local_day(day, zone), QUARTER) == quarters

    def test_starts_at_local_midnight_in_utc(self) -> None:
        day = periods.local_day(date(2026, 3, 29), BRUSSELS)

        assert day.start == datetime(2026, 3, 28, 23, tzinfo=UTC)
        assert day.end == datetime(2026, 3, 29, 22, tzinfo=UTC)

    @pytest.mark.parametrize("zone", [BRUSSELS, NEW_YORK, LORD_HOWE], ids=str)
    def test_of_a_whole_year_leaves_no_gap_and_no_overlap(self, zone: ZoneInfo) -> None:
        days = [periods.local_day(date(2026, 1, 1) + k * DAY, zone) for k in range(365)]

        assert all(day.end == following.start for day, following in itertools.pairwise(days))
        assert sum(periods.expected_intervals(day, QUARTER) for day in days) == 365 * 96

    @given(zone=ZONES, day=st.dates(date(2000, 1, 1), date(2037, 12, 30)))
    def test_ends_where_the_next_begins_in_every_zone(self, zone: ZoneInfo, day: date) -> None:
        following = day + DAY
        if not exists(day, zone) or not exists(following, zone):
            return

        assert periods.local_day(day, zone).end == periods.local_day(following, zone).start


class TestPeriod:
    def test_holds_its_start_and_not_its_end(self) -> None:
        hour = Period(NOON, NOON + timedelta(hours=1))

        assert NOON in hour
        assert NOON + timedelta(minutes=59, seconds=59, microseconds=999_999) in hour
        assert NOON + timedelta(hours=1) not in hour

    def test_keeps_its_ends_in_utc(self) -> None:
        east = timezone(timedelta(hours=2))
        period = Period(NOON.astimezone(east), NOON.astimezone(BRUSSELS) + timedelta(hours=1))

        assert (period.start.tzinfo, period.end.tzinfo) == (UTC, UTC)
        assert period.start == NOON

    def test_measures_what_elapses_across_a_clock_change(self) -> None:
        """`end - start` with one ZoneInfo says 24 hours here."""
        start = datetime(2026, 3, 29, tzinfo=BRUSSELS)
        end = datetime(2026, 3, 30, tzinfo=BRUSSELS)

        assert end - start == timedelta(hours=24)
        assert Period(start, end).length == timedelta(hours=23)

    @pytest.mark.parametrize("side", ["start", "end"])
    def test_refuses_an_end_without_a_zone(self, side: str) -> None:
        ends = {"start": NOON, "end": NOON + DAY}
        ends[side] = ends[side].replace(tzinfo=None)

        with pytest.raises(ValueError, match=f"{side} of a period has no zone"):
            Period(**ends)

    @pytest.mark.parametrize("length", [timedelta(0), -MINUTE], ids=["empty", "backward"])
    def test_refuses_to_be_empty_or_backward(self, length: timedelta) -> None:
        with pytest.raises(ValueError, match="ends after it starts"):
            Period(NOON, NOON + length)

    def test_refuses_an_hour_that_the_clock_change_makes_empty(self) -> None:
        """02:30 does not exist on this day and is read as 01:30 UTC, like 03:30."""
        with pytest.raises(ValueError, match="ends after it starts"):
            Period(
                datetime(2026, 3, 29, 2, 30, tzinfo=BRUSSELS),
                datetime(2026, 3, 29, 3, 30, tzinfo=BRUSSELS),
            )

    def test_that_follows_another_does_not_overlap_it(self) -> None:
        first = Period(NOON, NOON + QUARTER)
        following = Period(NOON + QUARTER, NOON + 2 * QUARTER)

        assert not first.overlaps(following)
        assert not following.overlaps(first)
        assert first.overlaps(Period(NOON + QUARTER - MINUTE, NOON + DAY))

    @given(start=MOMENTS, minutes=st.integers(1, 3_000), length=LENGTHS)
    def test_is_tiled_by_its_windows(
        self, start: datetime, minutes: int, length: timedelta
    ) -> None:
        period = Period(start, start + minutes * MINUTE)
        windows = list(period.windows(length))

        assert len(windows) == periods.expected_intervals(period, length)
        assert all(window.length == length for window in windows)
        assert [window.start for window in windows] == [
            start + place * length for place in range(len(windows))
        ]
        rest = period.end - (windows[-1].end if windows else period.start)
        assert timedelta(0) <= rest < length


class TestCeil:
    @given(moment=MOMENTS, length=LENGTHS)
    def test_is_the_first_start_not_before_the_moment(
        self, moment: datetime, length: timedelta
    ) -> None:
        start = periods.ceil(moment, length)

        assert start - length < moment <= start
        assert periods.floor(start, length) == start


class TestFloor:
    @given(moment=MOMENTS, length=LENGTHS)
    def test_is_the_start_of_the_one_window_around_the_moment(
        self, moment: datetime, length: timedelta
    ) -> None:
        start = periods.floor(moment, length)

        assert moment in Period(start, start + length)
        assert periods.floor(start, length) == start
        assert (start - periods.EPOCH) % length == timedelta(0)

    @given(moment=MOMENTS)
    def test_nests_minutes_in_quarters(self, moment: datetime) -> None:
        minute = periods.floor(moment, MINUTE)

        assert periods.floor(minute, QUARTER) == periods.floor(moment, QUARTER)

    def test_ignores_the_zone_it_is_asked_in(self) -> None:
        """Kathmandu is 5 h 45 min ahead: its hours do not begin where those of UTC do."""
        kathmandu = NOON.astimezone(ZoneInfo("Asia/Kathmandu")) + 20 * MINUTE

        assert periods.floor(kathmandu, 60 * MINUTE) == NOON

    @pytest.mark.parametrize("zone", [BRUSSELS, NEW_YORK, LORD_HOWE], ids=str)
    def test_cuts_the_days_that_hurt_into_whole_quarters(self, zone: ZoneInfo) -> None:
        days = (periods.local_day(date(2026, 1, 1) + k * DAY, zone) for k in range(365))

        assert all(periods.floor(day.start, QUARTER) == day.start for day in days)

    @pytest.mark.parametrize(
        ("moment", "start"),
        [
            pytest.param("01:30+02:00", "23:30", id="the first 01:30"),
            pytest.param("02:30+02:00", "00:30", id="02:30 in summer time"),
            pytest.param("02:30+01:00", "01:30", id="02:30 again, in winter time"),
        ],
    )
    def test_tells_the_hour_that_happens_twice_apart(self, moment: str, start: str) -> None:
        found = periods.floor(datetime.fromisoformat(f"2026-10-25T{moment}"), QUARTER)

        assert f"{found.astimezone(UTC):%H:%M}" == start


class TestWindowOfReading:
    @pytest.mark.parametrize(
        ("stamp", "minute"),
        [
            pytest.param("10:00:00", "09:59", id="on the boundary: the minute that ends"),
            pytest.param("10:00:00.000001", "10:00", id="just after it"),
            pytest.param("10:00:30", "10:00", id="in the middle"),
            pytest.param("10:00:59.999999", "10:00", id="just before the next"),
            pytest.param("10:01:00", "10:00", id="on the next boundary"),
            pytest.param("00:00:00", "23:59", id="midnight belongs to the day before"),
        ],
    )
    def test_is_where_the_interval_it_ends_lies(self, stamp: str, minute: str) -> None:
        moment = datetime.fromisoformat(f"2026-06-01T{stamp}+00:00")

        assert f"{periods.window_of_reading(moment, MINUTE):%H:%M}" == minute

    @given(start=MOMENTS, length=LENGTHS)
    def test_counts_each_reading_of_an_interval_in_one_window(
        self, start: datetime, length: timedelta
    ) -> None:
        window = periods.floor(start, length)
        stamps = [window + k * length / 6 for k in range(1, 7)]

        assert {periods.window_of_reading(stamp, length) for stamp in stamps} == {window}

    @given(moment=MOMENTS)
    def test_puts_minute_and_quarter_of_a_reading_into_each_other(self, moment: datetime) -> None:
        minute = periods.window_of_reading(moment, MINUTE)

        assert periods.floor(minute, QUARTER) == periods.window_of_reading(moment, QUARTER)


class TestExpectedIntervals:
    def test_leaves_out_an_interval_that_is_not_whole(self) -> None:
        assert periods.expected_intervals(Period(NOON, NOON + 44 * MINUTE), QUARTER) == 2

    def test_is_none_for_a_period_shorter_than_one(self) -> None:
        assert periods.expected_intervals(Period(NOON, NOON + MINUTE), QUARTER) == 0


def exists(day: date, zone: ZoneInfo) -> bool:
    """Tell whether the zone has this day: Samoa has no 30 December 2011."""
    midday = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    return midday.astimezone(UTC).astimezone(zone).date() == day


class TestMicroseconds:
    @given(MOMENTS)
    def test_come_back_as_the_same_instant(self, moment: datetime) -> None:
        assert periods.instant(periods.microseconds(moment)) == moment

    @given(st.integers(-(10**15), 10**16))
    def test_lose_none(self, count: int) -> None:
        assert periods.microseconds(periods.instant(count)) == count

    def test_are_those_of_the_instant_whatever_its_zone(self) -> None:
        moment = datetime(2026, 10, 25, 2, 30, 0, 7, tzinfo=BRUSSELS)

        first, second = (periods.microseconds(moment.replace(fold=fold)) for fold in (0, 1))

        assert second - first == 3_600_000_000
        assert first == periods.microseconds(datetime(2026, 10, 25, 0, 30, 0, 7, tzinfo=UTC))
