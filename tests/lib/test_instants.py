"""Instants read from the database."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, connection

from segs_site.lib.instants import InstantLoader

pytestmark = pytest.mark.django_db


def read(expression: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression}")
        return cursor.fetchone()[0]


class TestInstants:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-03-29 01:00:00+00", datetime(2026, 3, 29, 1, tzinfo=UTC)),
            ("2026-03-29 01:00:00.5+00", datetime(2026, 3, 29, 1, 0, 0, 500_000, tzinfo=UTC)),
            ("2026-03-29 01:00:00.000001+02", datetime(2026, 3, 28, 23, 0, 0, 1, tzinfo=UTC)),
            ("0001-01-01 00:00:00+00", datetime(1, 1, 1, tzinfo=UTC)),
        ],
    )
    def test_are_in_utc_to_the_microsecond(self, text: str, expected: datetime) -> None:
        moment = read(f"'{text}'::timestamptz")

        assert (moment, moment.tzinfo) == (expected, UTC)

    def test_are_read_so_in_ranges_and_lists(self) -> None:
        noon = "'2026-01-01 12:00:00+00'::timestamptz"

        assert read(f"tstzrange({noon}, NULL)").lower == datetime(2026, 1, 1, 12, tzinfo=UTC)
        assert read(f"ARRAY[{noon}]") == [datetime(2026, 1, 1, 12, tzinfo=UTC)]

    @pytest.mark.parametrize("text", ["infinity", "-infinity", "2026-01-01 BC"])
    def test_that_python_has_no_words_for_are_refused(self, text: str) -> None:
        with pytest.raises(DataError):
            read(f"'{text}'::timestamptz")

    def test_are_read_by_our_own_reader(self) -> None:
        read("1")
        adapters = connection.connection.adapters

        assert issubclass(adapters.get_loader(1184, 0), InstantLoader)
