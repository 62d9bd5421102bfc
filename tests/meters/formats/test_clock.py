from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.formats import clock
from meters.formats.clock import Clock, Untimely

BRUSSELS = ZoneInfo("Europe/Brussels")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
QUARTER = timedelta(minutes=15)


def stamps(midnight: datetime) -> list[datetime]:
    """Return the quarter-hours from an hour before a midnight to well into the next day."""
    start = midnight - timedelta(hours=1)
    return [start + turn * QUARTER for turn in range(27 * 4)]


def wall(text: str) -> datetime:
    """Return what a clock on a wall shows: no zone."""
    return datetime.fromisoformat(text)


def shown(instants: list[datetime], zone: ZoneInfo) -> list[datetime]:
    return [one.astimezone(zone).replace(tzinfo=None) for one in instants]


def told(watch: Clock, written: list[datetime]) -> list[datetime]:
    return [watch.instant(one)[0] for one in written]


class TestInstant:
    @pytest.mark.parametrize(
        ("zone", "day"),
        [
            (BRUSSELS, datetime(2023, 10, 28, 22, tzinfo=UTC)),
            (BRUSSELS, datetime(2023, 3, 25, 23, tzinfo=UTC)),
            (ZoneInfo("America/New_York"), datetime(2023, 11, 5, 4, tzinfo=UTC)),
            (LORD_HOWE, datetime(2023, 4, 1, 13, tzinfo=UTC)),
            (LORD_HOWE, datetime(2023, 9, 30, 13, 30, tzinfo=UTC)),
        ],
        ids=["autumn", "spring", "New York", "half an hour back", "half an hour forward"],
    )
    def test_is_found_again_whichever_way_the_file_runs(self, zone, day):
        instants = stamps(day)

        assert told(Clock(zone), shown(instants, zone)) == instants
        assert told(Clock(zone), shown(instants[::-1], zone)) == instants[::-1]

    @given(st.integers(0, 2_000_000), st.sampled_from([5, 15, 30, 60]))
    def test_of_any_two_days_is_found_again(self, quarter, minutes):
        first = datetime(2001, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * (quarter % 900_000))
        first = first.replace(minute=0)
        instants = [first + turn * timedelta(minutes=minutes) for turn in range(2880 // minutes)]
        written = shown(instants, BRUSSELS)
        begins_within_the_hour = (
            written.count(written[0]) == 2 or Clock(BRUSSELS).instant(written[0])[1]
        )

        assert begins_within_the_hour or told(Clock(BRUSSELS), written) == instants

    def test_says_which_stamps_are_shown_twice(self):
        watch = Clock(BRUSSELS)

        doubled = [
            watch.instant(wall(f"2023-10-29T{at}"))[1]
            for at in ("01:45", "02:00", "02:45", "03:00")
        ]

        assert doubled == [False, True, True, False]

    def test_that_never_was_is_refused(self):
        with pytest.raises(Untimely, match="02:30 never was in Europe/Brussels"):
            Clock(BRUSSELS).instant(wall("2023-03-26T02:30"))

    def test_with_an_offset_is_its_own(self):
        stamp = datetime.fromisoformat("2023-10-29T02:30:00+01:00")

        assert Clock(BRUSSELS).instant(stamp) == (datetime(2023, 10, 29, 1, 30, tzinfo=UTC), False)

    @pytest.mark.parametrize("year", [1970, 1999, 2101, 9998])
    def test_of_another_age_is_refused(self, year):
        with pytest.raises(Untimely, match="before 2000 or after 2100"):
            Clock(BRUSSELS).instant(wall(f"{year}-01-01"))


class TestEnd:
    def test_that_is_before_its_start_lies_beyond_the_change(self):
        watch = Clock(BRUSSELS)
        start = datetime(2023, 10, 29, 0, 45, tzinfo=UTC)

        assert watch.after(start, wall("2023-10-29T02:00")) == start + QUARTER

    def test_at_the_moment_the_clock_goes_forward_is_that_moment(self):
        start = datetime(2023, 3, 26, 0, 45, tzinfo=UTC)

        for written in (wall("2023-03-26T02:00"), wall("2023-03-26T03:00")):
            assert Clock(BRUSSELS).after(start, written) == start + QUARTER

    def test_within_the_hour_that_never_was_is_refused(self):
        with pytest.raises(Untimely, match="never was"):
            Clock(BRUSSELS).after(
                datetime(2023, 3, 26, 0, 45, tzinfo=UTC), wall("2023-03-26T02:15")
            )

    def test_before_its_start_on_a_plain_day_is_refused(self):
        with pytest.raises(Untimely, match="not after its start"):
            Clock(BRUSSELS).after(
                datetime(2023, 6, 1, 0, 45, tzinfo=UTC), wall("2023-06-01T02:30")
            )


class TestParse:
    @pytest.mark.parametrize(
        ("text", "pattern"),
        [
            ("1709280000", "epoch"),
            ("1709280000.0", "epoch"),
            ("1709279999.9999998", "epoch"),
            ("1.70928E9", "epoch"),
            ("1709280000000", "epoch-ms"),
            ("2024-03-01T08:00:00Z", "iso"),
            ("2024-03-01 09:00+01:00", "iso"),
        ],
    )
    def test_reads_moments(self, text, pattern):
        moment = clock.parse(text, pattern)

        assert moment.astimezone(UTC) == datetime(2024, 3, 1, 8, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("text", "pattern"),
        [
            ("1709280000.5", "epoch"),
            ("1e99", "epoch"),
            ("inf", "epoch"),
            ("", "epoch"),
            ("01/02/2024", "iso"),
            ("31/02/2024", "%d/%m/%Y"),
            ("2024-03-01", "%d/%m/%Y"),
        ],
    )
    def test_refuses_what_is_none(self, text, pattern):
        with pytest.raises(Untimely, match="no time written as"):
            clock.parse(text, pattern)

    @pytest.mark.parametrize("year", ["0001", "1970", "9999"])
    def test_refuses_another_age(self, year):
        with pytest.raises(Untimely, match="before 2000 or after 2100"):
            clock.parse(f"{year}-01-01T00:00", "iso")
