from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

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
        tally = Tally(CHANNEL)

        tally.add(Block(CHANNEL, 3, (read(MIDNIGHT, "0.1"), read(MIDNIGHT, None))), EAST)
        tally.add(Block(CHANNEL, 4, (read(MIDNIGHT, "0.2", minutes=5),)), EAST)

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
