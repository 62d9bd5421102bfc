"""A worker that stands still in a transaction loses its session: that is no fault of an entry."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from meters import verdicts
from meters.models import QuarantinedReading, Reading
from meters.services import storing
from tests.meters import readings
from tests.worlds import SmallGrid
from workers import leases
from workers.models import Shard
from workers.readings import Readings
from workers.stream.pipeline import Busy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lane(transactional_db: None):
    Shard.objects.update(epoch=0, offset="0-0", leased_until=None, consumed_until=None)
    return leases.claim(name="first", limit=1)[0]


def wait_for_the_end_of_the_session() -> None:
    """Stand still, as a stopped process does, until the database has ended the session."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            alive = True
            while alive:
                cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid])
                alive = cursor.fetchone() is not None
    finally:
        other.close()


class TestStore:
    def test_comes_again_with_an_entry_whose_session_was_ended(
        self, lane, small_grid: SmallGrid, now: datetime, monkeypatch
    ):
        meter, noon = small_grid.north_meters[0], now - timedelta(minutes=3)
        message = readings.message([(meter, noon, 1.5, None)], at=noon)
        handler, store = Readings(shards=4), storing.store

        def stopped(**batch: object) -> storing.Stored:
            done = store(**batch)
            wait_for_the_end_of_the_session()
            return done

        with monkeypatch.context() as patch:
            patch.setattr(storing, "store", stopped)
            with pytest.raises(Busy):
                handler.store(lane, [message])
        handler.store(lane, [message])

        assert Reading.objects.get().ts == noon
        assert lane.offset == message.id

    def test_holds_every_conflict_once_though_a_batch_comes_again_with_more_behind_it(
        self, lane, small_grid: SmallGrid, now: datetime
    ):
        meter, noon = small_grid.north_meters[0], now - timedelta(minutes=3)
        later = noon + timedelta(seconds=10)
        first = readings.message([(meter, noon, 1, None)], at=noon)
        contradiction = readings.message([(meter, noon, 2, None)], at=noon, sequence=1)
        both = readings.message(
            [(meter, later, 3, None), (meter, later, 4, None)], at=noon, sequence=2
        )
        handler = Readings(shards=4)
        handler.store(lane, [first])
        handler.store(lane, [contradiction])
        lane.offset = first.id  # committed, but the answer to the commit never came

        handler.store(lane, [contradiction, both])

        held = QuarantinedReading.objects.values_list("ts", "reason")
        assert sorted(held) == [(noon, verdicts.CONFLICT), (later, verdicts.CONFLICT)]
