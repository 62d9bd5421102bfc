import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from segs_site.lib import partitions
from segs_site.lib.partitions import PartitionedTable

pytestmark = pytest.mark.django_db(transaction=True)

TRIALS = PartitionedTable("lib_trial", "ts", "day")
MONTHLY = PartitionedTable("lib_trial_monthly", "ts", "month")
TODAY = date(2026, 3, 29)
PATIENCE_S = 10


@pytest.fixture(autouse=True)
def tables(transactional_db: None) -> Iterator[None]:
    """An empty table by day and one by month, with a key and no partition."""
    with connection.cursor() as cursor:
        for table in (TRIALS, MONTHLY):
            cursor.execute(
                f"CREATE TABLE {table.name} (meter int, ts timestamptz NOT NULL,"
                " value int DEFAULT 7 CHECK (value > 0), PRIMARY KEY (meter, ts))"
                " PARTITION BY RANGE (ts)"
            )
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TRIALS.name}, {MONTHLY.name}")


@contextmanager
def other_session() -> Iterator[psycopg.Connection]:
    """A second session, as another process has it."""
    parameters = connection.get_connection_params()
    parameters = {
        name: parameters[name]
        for name in ("dbname", "user", "password", "host", "port")
        if name in parameters
    }
    with psycopg.connect(**parameters) as session:
        yield session


def insert(*moments: datetime, table: PartitionedTable = TRIALS) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table.name} (meter, ts) VALUES (1, %s)", [[each] for each in moments]
        )


def count(table: PartitionedTable = TRIALS) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table.name}")
        return int(cursor.fetchone()[0])


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def in_a_thread(work: Callable[[], object]) -> object:
    """Run `work` on a connection of its own; raise when it waits for somebody."""

    def alone() -> object:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(alone).result(timeout=PATIENCE_S)


class TestEnsure:
    def test_makes_the_day_half_open(self) -> None:
        partitions.ensure(TRIALS, [TODAY])

        insert(midnight(TODAY), midnight(TODAY + timedelta(1)) - timedelta(microseconds=1))
        with pytest.raises(IntegrityError, match="no partition"):
            insert(midnight(TODAY + timedelta(1)))

    def test_makes_the_month_that_holds_the_day(self) -> None:
        made = partitions.ensure(MONTHLY, [date(2026, 12, 31), date(2028, 2, 29)])

        assert made == ["lib_trial_monthly_p202612", "lib_trial_monthly_p202802"]
        insert(midnight(date(2026, 12, 1)), midnight(date(2028, 2, 29)), table=MONTHLY)
        with pytest.raises(IntegrityError, match="no partition"):
            insert(midnight(date(2027, 1, 1)), table=MONTHLY)

    def test_makes_days_ahead_and_long_ago_with_gaps_between(self) -> None:
        days = [TODAY + timedelta(3), TODAY, date(2000, 1, 1)]

        made = partitions.ensure(TRIALS, days)

        assert made == ["lib_trial_p20000101", "lib_trial_p20260329", "lib_trial_p20260401"]
        assert partitions.existing(TRIALS) == set(made)

    def test_makes_nothing_twice(self) -> None:
        partitions.ensure(TRIALS, [TODAY])

        assert partitions.ensure(TRIALS, [TODAY, TODAY]) == []
        assert partitions.ensure(TRIALS, []) == []

    def test_gives_the_partition_key_default_and_check_of_its_parent(self) -> None:
        partitions.ensure(TRIALS, [TODAY])
        insert(midnight(TODAY))

        with connection.cursor() as cursor:
            cursor.execute(f"SELECT value FROM {TRIALS.partition(TODAY)}")
            assert cursor.fetchone() == (7,)
        with pytest.raises(IntegrityError, match="duplicate key"):
            insert(midnight(TODAY))
        with (
            pytest.raises(IntegrityError, match="check constraint"),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE {TRIALS.name} SET value = 0")

    def test_leaves_no_check_behind_that_the_bounds_say_already(self) -> None:
        partitions.ensure(TRIALS, [TODAY])

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass"
                " AND contype = 'c' AND conname LIKE '%%_range'",
                [TRIALS.partition(TODAY)],
            )
            assert cursor.fetchall() == []

    def test_lets_many_make_the_same_days_at_once(self) -> None:
        days = [TODAY + timedelta(ahead) for ahead in range(4)]
        together = threading.Barrier(4)

        def make() -> list[str]:
            try:
                together.wait(PATIENCE_S)
                return partitions.ensure(TRIALS, days)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            makers = [pool.submit(make) for _ in range(4)]
            made = [name for maker in makers for name in maker.result(timeout=PATIENCE_S)]

        assert sorted(made) == [TRIALS.partition(day) for day in days]
        assert partitions.existing(TRIALS) == set(made)

    def test_waits_for_no_reader_and_no_writer_of_the_parent(self) -> None:
        partitions.ensure(TRIALS, [TODAY])

        with other_session() as session:
            session.execute(f"SELECT count(*) FROM {TRIALS.name}")
            session.execute(
                f"INSERT INTO {TRIALS.name} (meter, ts) VALUES (2, %s)", [midnight(TODAY)]
            )
            made = in_a_thread(lambda: partitions.ensure(TRIALS, [TODAY + timedelta(1)]))
            session.rollback()

        assert made == [TRIALS.partition(TODAY + timedelta(1))]

    def test_keeps_no_reader_and_no_writer_waiting(self) -> None:
        partitions.ensure(TRIALS, [TODAY])

        with transaction.atomic():
            partitions.ensure(TRIALS, [TODAY + timedelta(1)])  # attached, not committed
            in_a_thread(lambda: insert(midnight(TODAY)))
            seen = in_a_thread(count)

        assert seen == 1


class TestDropBefore:
    def test_drops_the_days_that_ended_and_keeps_the_day_itself(self) -> None:
        days = [TODAY - timedelta(back) for back in (400, 2, 1, 0)]
        partitions.ensure(TRIALS, days)
        insert(*map(midnight, days))

        dropped = partitions.drop_before(TRIALS, TODAY)

        assert dropped == [TRIALS.partition(day) for day in days[:3]]
        assert count() == 1

    def test_keeps_a_month_until_it_is_over(self) -> None:
        partitions.ensure(MONTHLY, [date(2026, 2, 1), date(2026, 3, 1)])

        assert partitions.drop_before(MONTHLY, date(2026, 3, 31)) == ["lib_trial_monthly_p202602"]
        assert partitions.existing(MONTHLY) == {"lib_trial_monthly_p202603"}

    def test_leaves_for_later_what_somebody_reads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A drop that waited for the reader would make every other reader wait behind it."""
        monkeypatch.setattr(partitions, "DROP_PATIENCE_MS", 100)
        yesterday = TODAY - timedelta(1)
        partitions.ensure(TRIALS, [yesterday, TODAY])

        with other_session() as session:
            session.execute(f"SELECT count(*) FROM {TRIALS.name}")
            assert partitions.drop_before(TRIALS, TODAY) == []
            assert in_a_thread(count) == 0
            session.rollback()

        assert partitions.drop_before(TRIALS, TODAY) == [TRIALS.partition(yesterday)]

    def test_of_an_empty_table_drops_nothing(self) -> None:
        assert partitions.drop_before(TRIALS, TODAY) == []
