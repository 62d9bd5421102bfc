import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from segs_site.lib import pgcopy

SMALLEST, LARGEST = -(2**63), 2**63 - 1


@pytest.fixture
def table(db: None) -> Iterator[psycopg.Cursor]:
    """A cursor on a database with the empty table `copied`, a column of each kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE copied (place int, wide bigint, narrow smallint, ts timestamptz,"
            " id uuid, body bytea, words text, document jsonb) ON COMMIT DROP"
        )
        yield cursor.cursor


def copy(cursor: psycopg.Cursor, **columns: pgcopy.Field) -> None:
    names = ", ".join(columns)
    with cursor.copy(f"COPY copied ({names}) FROM STDIN (FORMAT binary)") as pipe:
        pipe.write(pgcopy.rows(list(columns.values())))


def column(cursor: psycopg.Cursor, name: str) -> list[object]:
    return [value for (value,) in cursor.execute(f"SELECT {name} FROM copied ORDER BY place")]


def places(count: int) -> pgcopy.Fixed:
    return pgcopy.Fixed(np.arange(count), ">i4")


class TestFixed:
    def test_carries_the_ends_of_the_range(self, table: psycopg.Cursor) -> None:
        wide = np.array([SMALLEST, 0, LARGEST], np.int64)

        copy(table, place=places(3), wide=pgcopy.Fixed(wide, ">i8"))

        assert column(table, "wide") == [SMALLEST, 0, LARGEST]

    def test_narrows_to_the_width_of_the_column(self, table: psycopg.Cursor) -> None:
        narrow = np.array([-32_768, -1, 32_767], np.int64)

        copy(table, place=places(3), narrow=pgcopy.Fixed(narrow, ">i2"))

        assert column(table, "narrow") == [-32_768, -1, 32_767]

    @pytest.mark.parametrize(
        "nulls",
        [
            pytest.param([False, False, False], id="none"),
            pytest.param([True, False, False], id="the first"),
            pytest.param([False, False, True], id="the last"),
            pytest.param([True, True, True], id="all"),
        ],
    )
    def test_leaves_out_what_is_null(self, table: psycopg.Cursor, nulls: list[bool]) -> None:
        wide = pgcopy.Fixed(np.array([7, 8, 9]), ">i8", np.array(nulls))

        copy(table, place=places(3), wide=wide)

        wanted = [None if null else value for value, null in zip([7, 8, 9], nulls, strict=True)]
        assert column(table, "wide") == wanted

    def test_takes_a_view_whose_rows_are_not_beside_each_other(
        self, table: psycopg.Cursor
    ) -> None:
        every_other = np.arange(6)[::2]

        copy(table, place=places(3), wide=pgcopy.Fixed(every_other, ">i8"))

        assert column(table, "wide") == [0, 2, 4]


class TestTimestamps:
    def test_are_kept_to_the_microsecond_on_both_sides_of_2000(
        self, table: psycopg.Cursor
    ) -> None:
        moments = [
            datetime(1970, 1, 1, tzinfo=UTC),
            datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
            datetime(2000, 1, 1, tzinfo=UTC),
            datetime(2026, 10, 25, 0, 30, 0, 1, tzinfo=UTC),
        ]
        since_1970 = np.array([microseconds(moment) for moment in moments], np.int64)

        copy(table, place=places(4), ts=pgcopy.timestamps(since_1970))

        assert column(table, "ts") == moments


class TestRaw:
    def test_carries_uuids_and_their_absence(self, table: psycopg.Cursor) -> None:
        known = UUID("0190a6f2-7b5e-7c11-8a3f-5a1f0e4d2c10")
        values = np.frombuffer(known.bytes + bytes(16) + b"\xff" * 16, np.uint8).reshape(3, 16)
        nulls = np.array([False, True, False])

        copy(table, place=places(3), id=pgcopy.Raw(values, nulls))

        assert column(table, "id") == [known, None, UUID(int=2**128 - 1)]


class TestVaried:
    def test_tells_the_empty_from_the_null(self, table: psycopg.Cursor) -> None:
        copy(table, place=places(3), body=pgcopy.Varied([b"", None, b"\0\xff"]))

        assert column(table, "body") == [b"", None, b"\0\xff"]

    def test_carries_nulls_alone(self, table: psycopg.Cursor) -> None:
        copy(table, place=places(2), body=pgcopy.Varied([None, None]))

        assert column(table, "body") == [None, None]

    def test_carries_text_beyond_ascii(self, table: psycopg.Cursor) -> None:
        words = ["Zähler", "電力", "x" * 5_000]

        copy(table, place=places(3), words=pgcopy.Varied([word.encode() for word in words]))

        assert column(table, "words") == words


class TestJsonDocuments:
    def test_arrive_as_documents(self, table: psycopg.Cursor) -> None:
        texts = [b'{"mode": "auto", "load": 0.4}', None, b"[]"]

        copy(table, place=places(3), document=pgcopy.json_documents(texts))

        kept = [json.loads(text) if isinstance(text, str) else text
                for text in column(table, "document")]  # fmt: skip
        assert kept == [{"mode": "auto", "load": 0.4}, None, []]


class TestRows:
    def test_of_no_rows_are_a_body_all_the_same(self, table: psycopg.Cursor) -> None:
        nothing = np.empty(0, np.int64)

        copy(
            table,
            place=pgcopy.Fixed(nothing, ">i4"),
            wide=pgcopy.Fixed(nothing, ">i8", np.empty(0, np.bool_)),
            ts=pgcopy.timestamps(nothing),
            id=pgcopy.Raw(np.empty((0, 16), np.uint8)),
            body=pgcopy.Varied([]),
            document=pgcopy.json_documents([]),
        )

        assert column(table, "place") == []

    def test_refuse_columns_of_unequal_length(self) -> None:
        with pytest.raises(ValueError, match=r"one length, these have \[2, 3\]"):
            pgcopy.rows([places(3), places(2)])

    @pytest.mark.parametrize(
        "count", [pgcopy.CHUNK - 1, pgcopy.CHUNK, pgcopy.CHUNK + 1, 2 * pgcopy.CHUNK + 7]
    )
    def test_are_whole_and_in_order_across_chunks(self, table: psycopg.Cursor, count: int) -> None:
        numbers = np.arange(count)

        copy(
            table,
            place=places(count),
            wide=pgcopy.Fixed(numbers * 1_000_000_007, ">i8", numbers % 3 == 0),
            body=pgcopy.Varied([b"x" * (place % 11) for place in range(count)]),
        )

        assert column(table, "wide") == [
            None if place % 3 == 0 else place * 1_000_000_007 for place in range(count)
        ]
        assert column(table, "body") == [b"x" * (place % 11) for place in range(count)]

    def test_cost_no_matrix_as_wide_as_the_longest_text(self) -> None:
        """One long text among 50,000 rows once took 850 MB."""
        count = 50_000
        texts: list[bytes | None] = [None] * count
        texts[count // 2] = b"x" * 4_096
        tracemalloc.start()

        pgcopy.rows([places(count), pgcopy.Varied(texts)])

        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak_bytes < 40_000_000

    @effort(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        cells=st.lists(
            st.tuples(
                st.none() | st.integers(SMALLEST, LARGEST),
                st.none() | st.binary(max_size=30),
                st.none() | st.uuids(),
            ),
            max_size=30,
        )
    )
    def test_come_back_as_they_went(
        self,
        table: psycopg.Cursor,
        cells: list[tuple[int | None, bytes | None, UUID | None]],
    ) -> None:
        table.execute("TRUNCATE copied")
        wide = [number for number, _, _ in cells]
        body = [text for _, text, _ in cells]
        ids = [identity for _, _, identity in cells]

        copy(
            table,
            place=places(len(cells)),
            wide=pgcopy.Fixed(
                np.array([number or 0 for number in wide], np.int64), ">i8", absent(wide)
            ),
            body=pgcopy.Varied(body),
            id=pgcopy.Raw(
                np.frombuffer(
                    b"".join(each.bytes if each else bytes(16) for each in ids), np.uint8
                ).reshape(-1, 16),
                absent(ids),
            ),
        )

        assert column(table, "wide") == wide
        assert column(table, "body") == body
        assert column(table, "id") == ids


def absent(values: list[object]) -> pgcopy.Mask:
    return np.array([value is None for value in values], np.bool_)


def microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
