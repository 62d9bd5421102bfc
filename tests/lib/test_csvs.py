"""CSV that is read while it is sent, and that no spreadsheet runs."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.test import AsyncRequestFactory, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from segs_site.lib import csvs

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


class TestCell:
    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
    def test_makes_a_text_that_a_spreadsheet_would_run_harmless(self, text: str) -> None:
        assert csvs.cell(text) == f"'{text}"

    @pytest.mark.parametrize("value", [-1.5, -3, 0, None, "MTR-1", "", "a=b"])
    def test_leaves_numbers_and_other_texts_alone(self, value: object) -> None:
        assert csvs.cell(value) == value

    def test_writes_instants_in_utc(self) -> None:
        assert csvs.cell(datetime(2024, 2, 29, 23, 45, tzinfo=UTC)) == "2024-02-29T23:45:00Z"


class TestLines:
    @given(rows=st.lists(st.tuples(texts, st.integers()), max_size=5))
    def test_are_read_back_as_they_were_written(self, rows: list[tuple[str, int]]) -> None:
        written = "".join(csvs.lines(["text", "number"], rows))

        _, *read = csv.reader(io.StringIO(written, newline=""))

        assert [(text.removeprefix("'"), int(number)) for text, number in read] == [
            (text.removeprefix("'"), number) for text, number in rows
        ]

    def test_are_made_only_when_they_are_asked_for(self) -> None:
        taken = []
        rows = (taken.append(n) or (n,) for n in range(10 * csvs.ROWS_A_CHUNK))

        written = csvs.lines(["n"], rows)
        next(written)
        next(written)

        assert len(taken) == csvs.ROWS_A_CHUNK


class TestAnswer:
    def test_streams_to_a_server_without_async(self) -> None:
        answer = csvs.answer(RequestFactory().get("/"), name="a.csv", header=["n"], rows=[(1,)])

        assert not answer.is_async
        assert b"".join(answer) == b"n\r\n1\r\n"
        assert answer["Content-Disposition"] == 'attachment; filename="a.csv"'

    async def test_streams_to_an_async_server(self) -> None:
        answer = csvs.answer(
            AsyncRequestFactory().get("/"), name="a.csv", header=["n"], rows=[(1,), (2,)]
        )

        assert answer.is_async
        assert b"".join([part async for part in answer]) == b"n\r\n1\r\n2\r\n"


class TestFileName:
    @pytest.mark.parametrize(
        ("text", "name"),
        [("MTR-1", "MTR-1"), ('a"; x=\r\n', "a_x_"), ("../../etc", ".._.._etc"), ("", "export")],
    )
    def test_holds_nothing_that_means_something(self, text: str, name: str) -> None:
        assert csvs.file_name(text) == name
