"""What the stream worker stores, and what it must survive. Each test breaks one invariant."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction
from prometheus_client import REGISTRY

from meters.columns import Batch, Held, Stranger
from meters.models import (
    LatestReading,
    Meter,
    QuarantinedReading,
    Reading,
    WindowClock,
    WindowMark,
)
from tests.meters import readings
from tests.worlds import SmallGrid
from workers import leases
from workers.models import Shard
from workers.readings import Readings
from workers.stream import names
from workers.stream.message import Message
from workers.stream.pipeline import Broken, Busy, Lane, Lost

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def noon(now: datetime) -> datetime:
    """A whole minute a little ago."""
    return now.replace(second=0) - timedelta(minutes=3)


@pytest.fixture
def shards(transactional_db: None) -> None:
    Shard.objects.update(epoch=0, offset="0-0", leased_until=None, consumed_until=None)


@pytest.fixture
def lane(shards: None) -> Lane:
    return leases.claim(name="first", limit=1)[0]


@pytest.fixture
def handler() -> Readings:
    return Readings(shards=4)


@pytest.fixture
def meter(small_grid: SmallGrid) -> Meter:
    return small_grid.north_meters[0]


def stored() -> list[tuple[str, datetime, int]]:
    return sorted(Reading.objects.values_list("meter__serial", "ts", "power_mw"))


class TestStore:
    def test_counts_a_reading_once_however_often_it_comes(self, handler, lane, meter, noon):
        rows = [(meter, noon, 1.5, None)]

        handler.store(lane, [readings.message(rows, at=noon, sequence=n) for n in range(3)])
        handler.store(lane, [readings.message(rows, at=noon, sequence=9)])

        assert stored() == [(meter.serial, noon, 1_500_000)]
        assert not QuarantinedReading.objects.exists()

    def test_measures_a_batch_once(self, handler, lane, meter, noon):
        names = ("batch_size_histogram_sum", "batch_processing_duration_count",
                 "segs_stream_commit_seconds_count", "segs_stream_lag_seconds_count")  # fmt: skip
        before = [REGISTRY.get_sample_value(name) for name in names]
        rows = [(meter, noon, 1.5, None), (meter, noon + timedelta(seconds=10), 2, None)]

        handler.store(lane, [readings.message(rows, at=noon)])

        after = [REGISTRY.get_sample_value(name) for name in names]
        assert [b - a for a, b in zip(before, after, strict=True)] == [2, 1, 1, 1]

    def test_moves_the_offset_with_the_rows(self, handler, lane, meter, noon):
        message = readings.message([(meter, noon, 1, None)], at=noon)

        handler.store(lane, [message])

        shard = Shard.objects.get(number=lane.shard)
        assert (shard.offset, lane.offset) == (message.id, message.id)
        assert shard.consumed_until == noon

    @pytest.mark.parametrize("together", [True, False], ids=["one-batch", "two-batches"])
    def test_keeps_the_first_value_of_a_key_and_holds_the_other(
        self, handler, lane, meter, noon, together
    ):
        first = readings.message([(meter, noon, 1, None)], at=noon)
        other = readings.message([(meter, noon, 2, None)], at=noon, sequence=1)

        for batch in [[first, other]] if together else [[first], [other]]:
            handler.store(lane, batch)

        assert stored() == [(meter.serial, noon, 1_000_000)]
        held = QuarantinedReading.objects.get()
        assert (held.serial, held.ts, held.reason) == (meter.serial, noon, "conflict")
        assert '"powerKw":2.0' in held.raw

    def test_an_old_row_without_a_partition_does_not_abort_the_good_ones(
        self, handler, lane, meter, noon
    ):
        long_ago = noon - timedelta(days=70)

        handler.store(
            lane, [readings.message([(meter, long_ago, 1, None), (meter, noon, 2, None)], at=noon)]
        )

        assert [stamp for _, stamp, _ in stored()] == [long_ago, noon]

    def test_an_old_reading_fills_history_and_leaves_the_newest_alone(
        self, handler, lane, meter, noon
    ):
        handler.store(lane, [readings.message([(meter, noon, 3, None)], at=noon)])

        yesterday = noon - timedelta(days=1)
        handler.store(lane, [readings.message([(meter, yesterday, 9, None)], at=noon, sequence=1)])

        assert len(stored()) == 2
        newest = LatestReading.objects.get(meter=meter)
        assert (newest.ts, newest.power_mw) == (noon, 3_000_000)

    def test_falls_back_when_a_row_is_there_against_the_watermark(
        self, handler, lane, meter, noon
    ):
        handler.store(lane, [readings.message([(meter, noon, 3, None)], at=noon)])
        LatestReading.objects.all().delete()
        amnesiac = Readings(shards=4)

        amnesiac.store(
            lane,
            [
                readings.message(
                    [(meter, noon, 3, None), (meter, noon + timedelta(seconds=10), 4, None)],
                    at=noon,
                    sequence=1,
                )
            ],
        )

        assert [power for *_, power in stored()] == [3_000_000, 4_000_000]

    def test_a_paused_owner_that_wakes_writes_nothing(self, handler, lane, meter, noon):
        Shard.objects.update(leased_until=datetime.now(UTC) - timedelta(seconds=1))
        successor = leases.claim(name="second", limit=4)
        assert lane.shard in {taken.shard for taken in successor}

        with pytest.raises(Lost):
            handler.store(lane, [readings.message([(meter, noon, 1, None)], at=noon)])

        assert stored() == []
        assert Shard.objects.get(number=lane.shard).offset == "0-0"

    def test_an_owner_paused_inside_its_transaction_is_passed_over_by_a_claim(self, lane):
        Shard.objects.update(leased_until=datetime.now(UTC) - timedelta(seconds=1))
        held, claimed = threading.Event(), threading.Event()

        def pause_in_transaction() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE workers_shard SET \"offset\" = '1-1' WHERE number = %s", [lane.shard]
                )
                held.set()
                claimed.wait(10)
            connection.close()

        paused = threading.Thread(target=pause_in_transaction)
        paused.start()
        held.wait(10)
        taken = leases.claim(name="second", limit=4)
        claimed.set()
        paused.join()

        assert lane.shard not in {other.shard for other in taken}
        assert len(taken) == 3

    def test_puts_a_foreign_entry_aside_and_says_why(self, handler, lane, noon):
        foreign = Message(f"{readings.microseconds(noon) // 1000}-0", {names.PACKED: b"\x81\xa1v"})

        with pytest.raises(Broken, match="not a packed batch"):
            handler.store(lane, [foreign])

    def test_finds_the_one_entry_that_the_database_refuses(self, handler, lane, meter, noon):
        good = readings.message([(meter, noon, 1, None)], at=noon)
        rows = [(meter, noon + timedelta(seconds=place), 1, None) for place in range(1, 4)]
        bad = replace(readings.table(rows), extra=[b'"\0"', None, None])  # no text may hold NUL
        poison = Message(
            f"{readings.microseconds(noon) // 1000}-1",
            {names.PACKED: readings.columns.pack(Batch(bad))},
        )
        later = readings.message(
            [(meter, noon + timedelta(seconds=9), 2, None)], at=noon, sequence=2
        )

        with pytest.raises(Broken) as broken:
            handler.store(lane, [good, poison, later])

        assert broken.value.message is poison
        assert [stamp for _, stamp, _ in stored()] == [noon]

    def test_is_busy_while_the_database_is_away(self, handler, lane, meter, noon, monkeypatch):
        def refuse(**_: object) -> None:
            raise OperationalError("the server closed the connection")

        monkeypatch.setattr("workers.readings.storing.store", refuse)

        with pytest.raises(Busy):
            handler.store(lane, [readings.message([(meter, noon, 1, None)], at=noon)])

    def test_holds_what_the_door_held_once(self, handler, lane, noon):
        held = Held("nobody", readings.microseconds(noon), "r-1", "unknown_meter", b"{}")
        batch = Batch(readings.table([]), held=[held])
        message = Message(
            f"{readings.microseconds(noon) // 1000}-0",
            {names.PACKED: readings.columns.pack(batch)},
        )

        sent_again = Message(f"{readings.microseconds(noon) // 1000}-1", message.fields)

        handler.store(lane, [message])
        handler.store(lane, [message])
        handler.store(lane, [sent_again])

        row = QuarantinedReading.objects.get()
        assert (row.serial, row.reason, row.ts, row.state) == (
            "nobody",
            "unknown_meter",
            noon,
            "open",
        )

    def test_leaves_out_what_the_door_found_to_be_repeats(self, handler, lane, meter, noon):
        rows = [(meter, noon + timedelta(seconds=place), 1, None) for place in range(3)]
        entry = readings.message(rows, at=noon)
        message = Message(entry.id, {**entry.fields, names.WITHHELD: b"0,2"})

        handler.store(lane, [message])

        assert [stamp for _, stamp, _ in stored()] == [noon + timedelta(seconds=1)]


class TestStrangers:
    def message(self, region: str, noon: datetime, meter: Meter) -> Message:
        rows = readings.table([(meter, noon, 1.25, None)])
        rows.meter[:] = -1
        batch = Batch(rows, [Stranger(0, "NEW-1", region)])
        return Message(
            f"{readings.microseconds(noon) // 1000}-0",
            {names.PACKED: readings.columns.pack(batch)},
        )

    def test_are_registered_where_that_is_allowed(self, handler, lane, meter, noon, settings):
        settings.SEGS_AUTO_REGISTER = True

        handler.store(lane, [self.message("North", noon, meter)])

        new = Meter.objects.get(serial="NEW-1")
        assert new.auto_registered
        assert new.installations.get().service_point.region.code == "North"
        assert stored() == [("NEW-1", noon, 1_250_000)]

    def test_wait_when_their_region_went_while_they_travelled(
        self, handler, lane, meter, noon, settings
    ):
        settings.SEGS_AUTO_REGISTER = True

        handler.store(lane, [self.message("Atlantis", noon, meter)])

        assert stored() == []
        assert QuarantinedReading.objects.get().reason == "unknown_region"


class TestMarks:
    def test_name_the_shard_for_minutes_still_open_and_the_meter_for_closed_ones(
        self, handler, lane, meter, noon, closed_until
    ):
        closed_until(noon)
        open_minute, closed_minute = noon, noon - timedelta(minutes=1)

        handler.store(
            lane,
            [
                readings.message(
                    [
                        (meter, closed_minute + timedelta(seconds=30), 1, None),
                        (meter, noon + timedelta(seconds=30), 1, None),
                    ],
                    at=noon,
                )
            ],
        )

        marks = set(WindowMark.objects.values_list("meter_id", "minute"))
        assert marks == {(meter.pk, closed_minute), (None, open_minute)}

    def test_a_reading_on_the_minute_belongs_to_the_minute_that_ends(
        self, handler, lane, meter, noon, closed_until
    ):
        closed_until(noon - timedelta(hours=1))

        handler.store(lane, [readings.message([(meter, noon, 1, None)], at=noon)])

        assert WindowMark.objects.get().minute == noon - timedelta(minutes=1)


@pytest.fixture
def closed_until(transactional_db: None):
    def set_clock(moment: datetime) -> None:
        WindowClock.objects.update(closed_until=moment)

    return set_clock
