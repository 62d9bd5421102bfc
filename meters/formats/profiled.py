"""CSV files of meters, read as a profile describes them.

Each row stands for itself: one that cannot be read is a fault of its own, so that a person sees
all of them at once. Nothing is guessed: a local day that has another number of values than its
hours ask for, a stamp that never was and a unit that is not known are said, not mended.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import BinaryIO, NamedTuple

from meters.formats import clock, energy, text
from meters.formats.base import (
    FLAG_LENGTH,
    LONGEST,
    NAME_LENGTH,
    Block,
    Channel,
    Fault,
    Item,
    Note,
    Origin,
    Read,
    Refused,
)
from meters.formats.profile import (
    AS_WRITTEN,
    FLIPPED,
    NEGATIVE,
    WIDE,
    Profile,
    Rule,
)
from segs_site.lib.quantities import Quality

ZERO = Decimal(0)
MINUTE = timedelta(minutes=1)
FORMULA_SIGNS = frozenset("=+-@\t\r")  # an apostrophe before one of them is no part of a text
CLOCKS = 100_000  # channels of one file whose clocks are kept


class _Bad(Exception):
    """A row that cannot be taken; says why."""


class _Place(NamedTuple):
    """Whose a row is."""

    point: str
    register: str
    serial: str


class _Spot(NamedTuple):
    """Where a value stands and what time it is for."""

    start: datetime
    end: datetime
    text: str


@dataclass(slots=True)
class _Doubled:
    """Rows of an hour that the clock showed twice."""

    first: int
    last: int
    rows: int = 0


def read(profile: Profile, stream: BinaryIO, name: str) -> Iterator[Item]:
    """Read a CSV file by a profile; see `meters.formats.base`. Raises Misdrawn."""
    profile.check()
    return _Reading(profile, name).items(stream)


def fits(profile: Profile, head: bytes) -> bool:
    """Tell whether the beginning of a file bears the headings of the profile."""
    if not profile.has_headings:
        return False
    lines = head.split(b"\n")[: profile.skip_rows + 1]
    try:
        heading = lines[profile.skip_rows].decode(profile.encoding).removeprefix("\ufeff")
    except (IndexError, UnicodeDecodeError):
        return False
    cells = {bare(cell.strip().strip('"')).lower() for cell in heading.split(profile.delimiter)}
    return {column.lower() for column in profile.columns()} <= cells


def bare(cell: str) -> str:
    """Return a cell without what keeps a spreadsheet from reading it as a number or a formula."""
    if cell[:1] == "'" and cell[1:2] in FORMULA_SIGNS:
        return cell[1:]
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:
        return cell[2:-1].strip()
    return cell


class _Reading:
    """One pass over one file."""

    def __init__(self, profile: Profile, name: str) -> None:
        self.profile = profile
        self.name = name
        self.zone = profile.place()
        self.columns: dict[str, int] = {}
        self.clocks: dict[tuple[str, str], clock.Clock] = {}
        self.doubled: dict[str, _Doubled] = {}
        self.told: set[tuple[str, str]] = set()
        self.rows = 0
        self.width = 0  # of the headings, or of the first row where there are none

    def items(self, stream: BinaryIO) -> Iterator[Item]:
        """Yield the file's items."""
        profile = self.profile
        yield Origin(None, self.zone)
        begun = not profile.has_headings
        if begun:
            self.columns = {name: int(name) - 1 for name in profile.columns()}
        for line, fields in text.rows(stream, self.name, profile.delimiter, profile.encoding):
            if line <= profile.skip_rows:
                continue
            cells = [bare(field) for field in fields]
            if not begun:
                self._headings(line, cells)
                begun = True
            elif not any(cells[0].startswith(start) for start in profile.ignored):
                yield from self._row(line, cells)
        if not self.rows:
            raise Refused(self.name, 1, "holds no rows of data")
        yield from self._of_doubled_hours()

    def _headings(self, line: int, cells: list[str]) -> None:
        places = {cell.lower(): place for place, cell in reversed(list(enumerate(cells)))}
        self.width = len(cells)
        for name in sorted(self.profile.columns()):
            if name.lower() not in places:
                raise Refused(self.name, line, f"has no column {name!r}: it is another layout")
            self.columns[name] = places[name.lower()]

    def _row(self, line: int, cells: list[str]) -> Iterator[Item]:
        self.rows += 1
        try:
            self._check_width(cells)
            place = self._place(cells)
            rules = [rule for rule in self.profile.rules if rule.fits(place.register)]
            if not rules:
                message = (
                    f"register {place.register[:40]!r} is of no channel: its rows are not kept"
                )
                yield from self._once(line, "not-kept", place.register, message)
                return
            if self.profile.layout == WIDE:
                spots = self._day(cells, place)
                yield from self._values(line, cells, place, rules, spots)
                return
            start, end = yield from self._span(line, cells, place)
            for rule in rules:
                spot = _Spot(start, end, self._cell(cells, rule.column))
                yield from self._values(line, cells, place, [rule], [spot])
        except (_Bad, clock.Untimely, energy.Unfit) as bad:
            yield Fault(line, str(bad))

    def _check_width(self, cells: list[str]) -> None:
        """Refuse a row that is too short, or so long that a mark may have cut a value in two."""
        if self.profile.layout == WIDE:
            return
        self.width = self.width or len(cells)
        needed = max(self.columns.values()) + 1
        if len(cells) < needed:
            message = f"has {len(cells)} cells, {needed} or more are needed"
            raise _Bad(message)
        if any(cells[self.width :]):
            message = f"has {len(cells)} cells, {self.width} are expected"
            raise _Bad(message)

    def _place(self, cells: list[str]) -> _Place:
        profile = self.profile
        place = _Place(
            self._cell(cells, profile.point_column) or profile.point,
            self._cell(cells, profile.register_column),
            self._cell(cells, profile.serial_column),
        )
        if not place.point or any(len(name) > NAME_LENGTH for name in place):
            message = f"a point, register or serial has 1 to {NAME_LENGTH} characters"
            raise _Bad(message)
        return place

    def _cell(self, cells: list[str], column: str) -> str:
        place = self.columns[column] if column else -1
        return cells[place] if 0 <= place < len(cells) else ""

    def _stamp(self, cells: list[str], columns: tuple[str, ...]) -> datetime:
        written = " ".join(self._cell(cells, column) for column in columns)
        return clock.parse(written, self.profile.time_format)

    def _clock(self, place: _Place) -> clock.Clock:
        key = (place.point, place.register)
        if key not in self.clocks and len(self.clocks) >= CLOCKS:
            message = f"more than {CLOCKS} channels in a file"
            raise _Bad(message)
        return self.clocks.setdefault(key, clock.Clock(self.zone))

    def _span(
        self, line: int, cells: list[str], place: _Place
    ) -> Generator[Item, None, tuple[datetime, datetime]]:
        profile, watch = self.profile, self._clock(place)
        length = self._length(cells)
        if not profile.start_columns:
            stamp = self._stamp(cells, profile.end_columns)
            end, doubled = watch.instant(stamp)
            start = end - length
        else:
            stamp = self._stamp(cells, profile.start_columns)
            start, doubled = watch.instant(stamp)
            end = start + length
            if profile.end_columns:
                until = self._stamp(cells, profile.end_columns)
                end = watch.after(start, until)
                yield from self._of_reversal(line, stamp, until, end - start)
        if doubled:
            day = self.doubled.setdefault(f"{stamp:%Y-%m-%d}", _Doubled(line, line))
            day.last, day.rows = line, day.rows + 1
        if end - start > LONGEST:
            message = f"a read of {end - start} is no interval"
            raise _Bad(message)
        return start, end

    def _length(self, cells: list[str]) -> timedelta:
        profile = self.profile
        if profile.length_column:
            minutes = energy.number(self._cell(cells, profile.length_column))
            if not 0 < minutes <= LONGEST / MINUTE:
                message = f"{minutes} minutes are no length of an interval"
                raise _Bad(message)
            return timedelta(seconds=round(minutes * 60))
        return timedelta(minutes=profile.length_min or 0)

    def _of_reversal(
        self, line: int, stamp: datetime, until: datetime, length: timedelta
    ) -> Iterator[Item]:
        if stamp.tzinfo is None and until <= stamp:
            message = (
                f"{stamp:%H:%M} until {until:%H:%M}: the clock goes back within, "
                f"so {length // MINUTE} minutes"
            )
            yield Note(line, "end-before-start", message)

    def _day(self, cells: list[str], place: _Place) -> list[_Spot]:
        """Return the spots of a wide row: one for each interval that elapses in its local day."""
        profile = self.profile
        columns = profile.start_columns or profile.end_columns
        midnight = self._stamp(cells, columns).replace(hour=0, minute=0, second=0, microsecond=0)
        start, next_day = (
            moment.replace(tzinfo=self.zone).astimezone(UTC)
            for moment in (midnight, midnight + timedelta(days=1))
        )
        length = self._length(cells)
        expected = (next_day - start) // length
        first = self.columns[profile.rules[0].column]
        last = self.columns[profile.last_column] + 1 if profile.last_column else None
        values = cells[first:last]
        if not any(values[expected:]):
            values = values[:expected]
        if len(values) != expected:
            hours = (next_day - start) // timedelta(hours=1)
            message = (
                f"{place.point} on {midnight:%Y-%m-%d} has {len(values)} values: "
                f"the day has {hours} hours, so {expected}"
            )
            raise _Bad(message)
        return [
            _Spot(start + turn * length, start + (turn + 1) * length, value)
            for turn, value in enumerate(values)
        ]

    def _values(
        self, line: int, cells: list[str], place: _Place, rules: list[Rule], spots: list[_Spot]
    ) -> Iterator[Item]:
        flag = self._cell(cells, self.profile.quality_column)[:FLAG_LENGTH]
        quality = self.profile.qualities.get(flag.lower())
        if quality is None:
            quality = Quality.SUSPECT if flag else Quality.ACTUAL
        if flag and quality == Quality.SUSPECT:
            message = f"quality {flag!r}: its values are suspect"
            yield from self._once(line, "quality-suspect", flag, message)
        for rule in rules:
            unit = (self._cell(cells, self.profile.unit_column) or rule.unit).upper()
            scale = energy.SCALES.get(unit)
            if scale is None:
                message = f"unit {unit[:20]!r} is no energy: its rows are not kept"
                yield from self._once(line, "not-kept", unit, message)
                continue
            kept, exponent = scale
            name = rule.suffix or place.register
            channel = Channel(place.point, name, place.serial, kept, rule.direction)
            reads = tuple(self._read(spot, rule, exponent, quality, flag) for spot in spots)
            yield Block(channel, line, reads)

    def _read(self, spot: _Spot, rule: Rule, exponent: int, quality: Quality, flag: str) -> Read:
        if spot.text in self.profile.missing or quality == Quality.MISSING:
            return Read(spot.start, spot.end, None, Quality.MISSING, flag, "")
        value = energy.kept(_signed(self._number(spot.text), rule.sign), exponent)
        return Read(spot.start, spot.end, value, quality, flag, "")

    def _number(self, written: str) -> Decimal:
        profile = self.profile
        bare_digits = written.replace(profile.grouping, "") if profile.grouping else written
        if profile.decimal_mark != ".":
            if "." in bare_digits:
                message = (
                    f"{written[:40]!r} has a point, the decimal mark is {profile.decimal_mark}"
                )
                raise energy.Unfit(message)
            bare_digits = bare_digits.replace(profile.decimal_mark, ".")
        value = energy.number(bare_digits)
        if profile.decimals is None:
            return value
        try:
            return value.quantize(Decimal(1).scaleb(-profile.decimals), ROUND_HALF_UP)
        except InvalidOperation:
            message = f"{written[:40]!r} cannot be rounded to {profile.decimals} decimals"
            raise energy.Unfit(message) from None

    def _once(self, line: int, code: str, what: str, message: str) -> Iterator[Item]:
        if (code, what) not in self.told and len(self.told) < CLOCKS:
            self.told.add((code, what))
            yield Note(line, code, message)

    def _of_doubled_hours(self) -> Iterator[Item]:
        for day, rows in self.doubled.items():
            message = (
                f"an hour of {day} is shown twice by its clock, lines {rows.first} to {rows.last}:"
                f" {rows.rows} rows, told apart by their order"
            )
            yield Note(rows.first, "repeated-hour", message)


def _signed(value: Decimal, sign: str) -> Decimal:
    if sign == AS_WRITTEN:
        return value
    if sign == FLIPPED:
        return -value
    part = -value if sign == NEGATIVE else value
    return max(part, ZERO)
