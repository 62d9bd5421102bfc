from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meters.formats.base import Block, Channel, Read
from meters.formats.tally import Tally
from segs_site.lib.quantities import Quality

EAST = timezone(timedelta(hours=10))
CHANNEL = Channel("POINT", "E1", "", "kWh", "import")
MIDNIGHT = datetime(2024, 3, 1, tzinfo=EAST)


def read(start: datetime, value: str | None, *, minutes: int = 30) -> Read:
    quality = Quality.MISSING if value is None else Quality.ACTUAL
    begun = start.astimezone(UTC)
    kept = None if value is None else Decimal(value)
    return Read(begun, begun + timedelta(minutes=minutes), kept, quality, "", "")


class TestTally:
    def test_counts_and_sums_what_is_known(self):
        tally, later = Tally(CHANNEL), MIDNIGHT + timedelta(hours=1)

        tally.add(Block(CHANNEL, 3, (read(MIDNIGHT, "0.1"), read(MIDNIGHT, None))), EAST)
        tally.add(Block(CHANNEL, 4, (read(later, "0.2", minutes=5),)), EAST)

        summary = tally.summary()
        assert (summary.intervals, summary.total) == (3, Decimal("0.3"))
        assert summary.qualities == {Quality.ACTUAL: 2, Quality.MISSING: 1}
        assert summary.lengths == (timedelta(minutes=5), timedelta(minutes=30))

    def test_finds_days_of_the_zone_and_the_gaps_between_them(self):
        tally = Tally(CHANNEL)
        last_of_day = MIDNIGHT + timedelta(days=3, hours=23, minutes=30)

        tally.add(Block(CHANNEL, 3, (read(MIDNIGHT, "1"),)), EAST)
        tally.add(Block(CHANNEL, 4, (read(MIDNIGHT + timedelta(days=1), None),)), EAST)
        tally.add(Block(CHANNEL, 5, (read(last_of_day, "1"),)), EAST)

        summary = tally.summary()
        assert (summary.days_found, summary.days_expected) == (2, 4)

    def test_of_nothing_is_nothing(self):
        summary = Tally(CHANNEL).summary()

        assert (summary.intervals, summary.total, summary.days_expected) == (0, 0, 0)


def fill(start: datetime, count: int, minutes: int = 15) -> Block:
    length = timedelta(minutes=minutes)
    reads = (read(start + turn * length, "0.1", minutes=minutes) for turn in range(count))
    return Block(CHANNEL, 3, tuple(reads))


def first_moment(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


class TestLocalDays:
    @pytest.mark.parametrize(
        ("zone", "day", "count", "said"),
        [
            ("Europe/Brussels", "2023-10-29", 100, "2023-10-29: 100 of 100, 25-hour day"),
            ("Europe/Brussels", "2023-03-26", 92, "2023-03-26: 92 of 92, 23-hour day"),
            ("America/New_York", "2023-11-05", 99, "2023-11-05: 99 of 100, 25-hour day"),
            ("Australia/Lord_Howe", "2023-04-02", 98, "2023-04-02: 98 of 98, 24.5-hour day"),
            ("Europe/Brussels", "2023-06-01", 96, "2023-06-01: 96 of 96"),
        ],
        ids=["autumn", "spring", "autumn, one missing", "half an hour", "a plain day"],
    )
    def test_are_found_against_what_their_hours_ask_for(self, zone, day, count, said):
        tally = Tally(CHANNEL)

        tally.add(fill(first_moment(day, ZoneInfo(zone)), count), ZoneInfo(zone))

        (found,) = tally.summary().days
        assert str(found) == said
        assert found.total == count * Decimal("0.1")

    def test_count_once_what_stands_twice(self):
        tally = Tally(CHANNEL)

        tally.add(fill(MIDNIGHT, 96), EAST)
        tally.add(fill(MIDNIGHT, 96), EAST)

        (found,) = tally.summary().days
        assert (found.found, found.expected) == (96, 96)
        assert tally.summary().total == found.total == Decimal("9.6")

    def test_of_mixed_lengths_expect_the_rest_in_the_shortest(self):
        tally = Tally(CHANNEL)

        tally.add(fill(MIDNIGHT, 12, minutes=60), EAST)
        tally.add(fill(MIDNIGHT + timedelta(hours=12), 40), EAST)

        (found,) = tally.summary().days
        assert (found.found, found.expected) == (52, 60)

    def test_share_a_read_that_goes_on_beyond_midnight(self):
        tally = Tally(CHANNEL)

        tally.add(fill(MIDNIGHT + timedelta(minutes=30), 48, minutes=60), EAST)

        first, second = tally.summary().days
        assert (first.found, first.expected) == (24, 25)
        assert (second.found, second.expected) == (24, 24)
