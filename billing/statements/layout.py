"""CSV files of banks, read as a layout describes them.

A layout is data: which column holds what, by its heading or, without headings, by its number
from 1. Each row stands for itself, so that a person sees everything that is wrong at once;
nothing of a file with a fault is kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import BinaryIO

from billing.statements.base import MOST_ENTRIES, NAME_LENGTH, TEXT_LENGTH, Entry, Keys, known
from meters.formats import text
from meters.formats.base import Fault, Refused
from meters.formats.profile import Misdrawn
from meters.formats.profiled import bare

FAULTS_KEPT = 50
YEARS = range(2000, 2101)
_AMOUNT = re.compile(r"([+-]?)(\d{1,15}(?:\.\d{0,5})?|\.\d{1,5})([+-]?)", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class _Bad(Exception):
    """A row that cannot be taken; says why."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A CSV layout; blank texts say that the file has no such thing.

    An amount below zero, and one in `debit_column`, went out. Rows whose text holds one of
    `return_marks` take an earlier payment back. `account` is ours, whose file it is.
    """

    name: str
    date_column: str
    amount_column: str
    reference_columns: tuple[str, ...]
    delimiter: str = ";"
    decimal_mark: str = "."
    grouping: str = ""
    encoding: str = "utf-8"
    skip_rows: int = 0
    has_headings: bool = True
    date_format: str = "%Y-%m-%d"
    debit_column: str = ""
    currency_column: str = ""
    currency: str = ""
    payer_column: str = ""
    payer_account_column: str = ""
    id_column: str = ""
    return_marks: tuple[str, ...] = ()
    account: str = ""

    def columns(self) -> set[str]:
        """Return every column that the layout names."""
        named = {self.date_column, self.amount_column, self.debit_column, self.currency_column}
        named |= {self.payer_column, self.payer_account_column, self.id_column}
        return (named | set(self.reference_columns)) - {""}

    def check(self) -> None:
        """Raise Misdrawn unless a file can be read by the layout."""
        numbered = all(name.isdigit() and int(name) > 0 for name in self.columns())
        faults = [
            (not self.date_column or not self.amount_column, "it names no day or no amount"),
            (not self.reference_columns, "it names no column with a reference"),
            (
                not self.currency_column and not _CURRENCY.fullmatch(self.currency),
                "it names neither a currency, such as EUR, nor its column",
            ),
            (not self.has_headings and not numbered, "without headings columns are numbers"),
            (len(self.delimiter) != 1, "a delimiter is one character"),
            (self.decimal_mark == self.delimiter, "the decimal mark is the delimiter"),
            (self.decimal_mark == self.grouping, "the decimal mark is the grouping"),
            (not _is_pattern(self.date_format), "a date format names day, month and year"),
        ]
        for holds, why in faults:
            if holds:
                raise Misdrawn(why)


def _is_pattern(pattern: str) -> bool:
    day = date(2026, 11, 29)
    try:
        return _parsed(day.strftime(pattern), pattern) == day
    except ValueError:
        return False


def _parsed(written: str, pattern: str) -> date:
    return datetime.strptime(written, pattern).date()  # noqa: DTZ007 a day has no zone


def fits(layout: Layout, head: bytes) -> bool:
    """Tell whether the beginning of a file bears the headings of the layout."""
    lines = head.split(b"\n")
    if not layout.has_headings or len(lines) <= layout.skip_rows:
        return False
    heading = lines[layout.skip_rows].decode(layout.encoding, "replace").removeprefix("\ufeff")
    cells = {bare(cell.strip().strip('"')).lower() for cell in heading.split(layout.delimiter)}
    return {column.lower() for column in layout.columns()} <= cells


def read(layout: Layout, stream: BinaryIO, name: str) -> Iterator[Entry]:
    """Yield the entries of a CSV file; see `billing.statements.base`. Raises Misdrawn."""
    layout.check()
    return _Reading(layout, name).entries(stream)


class _Reading:
    """One pass over one file."""

    def __init__(self, layout: Layout, name: str) -> None:
        self.layout, self.name = layout, name
        self.keys = Keys(layout.account[:34])
        self.columns: dict[str, int] = {}
        self.faults: list[Fault] = []
        self.more = 0

    def entries(self, stream: BinaryIO) -> Iterator[Entry]:
        """Yield what is on the rows."""
        layout = self.layout
        for _skipped in islice(
            iter(lambda: stream.readline(text.LONGEST_LINE), b""), layout.skip_rows
        ):
            pass  # words of the bank before the table  # fmt: skip
        rows = text.rows(stream, self.name, layout.delimiter, layout.encoding)
        if layout.has_headings:
            self._head(next(rows, (1, [])))
        else:
            self.columns = {name: int(name) - 1 for name in layout.columns()}
        found = []
        for count, (line, cells) in enumerate(rows, start=1):
            if count > MOST_ENTRIES:
                raise Refused(self.name, line, f"more than {MOST_ENTRIES} rows")
            found += self._row(line + layout.skip_rows, cells)
        if self.faults:
            first = self.faults[0]
            raise Refused(
                self.name, first.line, first.reason, faults=tuple(self.faults), more=self.more
            )
        yield from found

    def _head(self, row: tuple[int, list[str]]) -> None:
        line, cells = row
        places = {bare(cell).lower(): place for place, cell in enumerate(cells)}
        missing = sorted(c for c in self.layout.columns() if c.lower() not in places)
        if missing:
            reason = f"its headings lack {', '.join(map(repr, missing))}"
            raise Refused(self.name, line + self.layout.skip_rows, reason)
        self.columns = {name: places[name.lower()] for name in self.layout.columns()}

    def _row(self, line: int, cells: list[str]) -> list[Entry]:
        try:
            entry = self._entry(line, cells)
        except _Bad as bad:
            if len(self.faults) < FAULTS_KEPT:
                self.faults.append(Fault(line, str(bad)))
            else:
                self.more += 1
            return []
        return [replace(entry, key=self.keys.of(entry))]

    def _entry(self, line: int, cells: list[str]) -> Entry:
        layout = self.layout
        amount = self._signed(cells)
        currency = self._cell(cells, layout.currency_column) or layout.currency
        if not _CURRENCY.fullmatch(currency):
            message = f"{currency[:10]!r} is no currency"
            raise _Bad(message)
        said = " ".join(filter(None, (self._cell(cells, c) for c in layout.reference_columns)))
        return Entry(
            line=line,
            key="",
            booked_on=self._day(cells),
            amount=abs(amount),
            currency=currency,
            is_credit=amount >= 0,
            is_return=any(mark.lower() in said.lower() for mark in layout.return_marks),
            text=said[:TEXT_LENGTH],
            bank_reference=known(self._cell(cells, layout.id_column)),
            payer=self._cell(cells, layout.payer_column)[:NAME_LENGTH],
            payer_account=self._cell(cells, layout.payer_account_column).replace(" ", "")[:34],
        )

    def _cell(self, cells: list[str], column: str) -> str:
        place = self.columns[column] if column else -1
        return bare(cells[place]).strip() if 0 <= place < len(cells) else ""

    def _signed(self, cells: list[str]) -> Decimal:
        layout = self.layout
        credit = self._cell(cells, layout.amount_column)
        debit = self._cell(cells, layout.debit_column)
        if debit and credit and self._number(credit):
            message = "an amount on both sides"
            raise _Bad(message)
        if debit and not credit:
            return -abs(self._number(debit))
        return self._number(credit)

    def _number(self, written: str) -> Decimal:
        layout, plain = self.layout, written.replace("\xa0", "").replace(" ", "")
        digits = plain.replace(layout.grouping, "") if layout.grouping else plain
        if layout.decimal_mark != ".":
            digits = digits.replace(".", "?").replace(layout.decimal_mark, ".")
        matched = _AMOUNT.fullmatch(digits)
        if matched is None or (matched[1] and matched[3]):
            message = f"{written[:40]!r} is no amount"
            raise _Bad(message)
        sign = -1 if "-" in matched[1] + matched[3] else 1
        return sign * Decimal(matched[2])

    def _day(self, cells: list[str]) -> date:
        written = self._cell(cells, self.layout.date_column)
        try:
            day = _parsed(written, self.layout.date_format)
        except ValueError:
            message = f"{written[:40]!r} is no day written as {self.layout.date_format}"
            raise _Bad(message) from None
        if day.year not in YEARS:
            message = f"{day} is of another age"
            raise _Bad(message)
        return day
