"""NEM12, the interval data of the Australian market.

Records: 100 header, 200 a channel, 300 a day of it, 400 quality of a range of that day's
intervals, 500 read details, 900 end. Days are market days: UTC+10 the year round.

Stricter than such readers usually are, because bills come of it: a day has exactly the values
that its channel's interval length asks for, every interval has a quality, a file without its end
record is cut short, and a channel that is not kept is named in a note.

Source: AEMO, Meter Data File Format Specification NEM12 & NEM13.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, NoReturn

from meters.formats import nem12_codes as codes
from meters.formats import text
from meters.formats.base import Block, Channel, Item, Note, Origin, Refused
from meters.formats.nem12_day import MARKET_TIME, MINUTES_PER_DAY, Day, Unqualified

LENGTHS_MIN = (5, 15, 30)
NMI_LENGTH = 10
FIRST_YEAR, LAST_YEAR = 1990, 2100  # no interval meter before, and the calendar's edge is far
MAX_TEXT = 64  # of an identifier or a serial
CHANNEL_FIELDS = 9  # up to the interval length


@dataclass(slots=True)
class _Register:
    """A 200 record; without a channel and a scale its values are read past."""

    line: int
    name: str
    minutes: int
    channel: Channel | None
    scale: codes.Scale | None
    days: int = 0


def read(stream: BinaryIO, name: str) -> Iterator[Item]:
    """Read a NEM12 file; see `meters.formats.base`."""
    return _Reading(name).items(stream)


def fits(head: bytes) -> bool:
    """Tell whether a file begins with the header of NEM12."""
    return head.removeprefix(text.BOM).lstrip().replace(b'"', b"")[:9].upper() == b"100,NEM12"


class _Reading:
    """One pass over one file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.line = 1
        self.begun = False
        self.ended = False  # the record before this one was a 900
        self.register: _Register | None = None
        self.day: Day | None = None
        self.told: set[tuple[str, str]] = set()  # notes that are worth saying once

    def items(self, stream: BinaryIO) -> Iterator[Item]:
        """Yield the file's items; the last word is whether it has an end."""
        for line, fields in text.rows(stream, self.name):
            self.line = line
            if fields[0] != "400":
                yield from self._close_day()
            yield from self._record(fields)
        yield from self._close_register()
        if not self.ended:
            self._refuse("the file ends without a 900 record: it is cut short")

    def _record(self, fields: list[str]) -> Iterator[Item]:
        kind = fields[0]
        yield from self._framing(kind)
        if kind == "100":
            yield from self._header(fields)
        elif kind == "200":
            yield from self._channel(fields)
        elif kind == "300":
            self._day(fields)
        elif kind == "400":
            self._range(fields)
        elif kind == "900":
            yield from self._close_register()
            self.ended = True
        elif kind != "500":  # details of a field visit, no usage
            self._refuse(f"{kind[:20]!r} is no record of NEM12")

    def _framing(self, kind: str) -> Iterator[Item]:
        if not self.begun and kind != "100":
            self._refuse(f"a NEM12 file begins with a 100 record, not with {kind[:20]!r}")
        if self.ended:
            yield Note(self.line, "continues-after-end", "records follow a 900 record: read on")
            self.ended = False

    def _header(self, fields: list[str]) -> Iterator[Item]:
        version = fields[1].upper() if len(fields) > 1 else ""
        if version != "NEM12":
            self._refuse(f"the header says {version[:20]!r}, not NEM12")
        if self.register is not None:
            self._refuse("a new header before the 900 record: the part before it is cut short")
        self.begun = True
        made_at = _moment(fields[2]) if len(fields) > 2 else None
        if made_at is None:
            yield Note(self.line, "made-at-unknown", "the header does not say when it was made")
        yield Origin(made_at, MARKET_TIME)

    def _channel(self, fields: list[str]) -> Iterator[Item]:
        yield from self._close_register()
        if len(fields) < CHANNEL_FIELDS:
            self._refuse(f"a 200 record has {CHANNEL_FIELDS} fields or more, this {len(fields)}")
        nmi, suffix, serial, unit, minutes = fields[1], fields[4].upper(), *fields[6:9]
        if not 0 < len(nmi) <= MAX_TEXT or len(serial) > MAX_TEXT:
            self._refuse(f"an NMI or a meter serial has 1 to {MAX_TEXT} characters")
        if minutes not in map(str, LENGTHS_MIN):
            self._refuse(f"the interval length is {minutes!r}: 5, 15 or 30 minutes are known")
        if len(nmi) != NMI_LENGTH:
            yield from self._once("nmi-length", nmi, f"NMI {nmi!r} is not {NMI_LENGTH} characters")
        name = f"{nmi} {suffix}"
        stream, scale = self._meaning(suffix, unit)
        yield from self._remarks(name, stream, scale)
        channel = None
        if stream and scale:
            channel = Channel(nmi, suffix, serial, stream.unit, stream.direction or "import")
        self.register = _Register(self.line, name, int(minutes), channel, scale)

    def _meaning(self, suffix: str, unit: str) -> tuple[codes.Stream | None, codes.Scale | None]:
        letter, unit = suffix[:1], unit.upper()
        stream = codes.STREAMS.get(letter)
        if stream is None and letter not in codes.NOT_KEPT:
            self._refuse(f"{suffix!r} is no data stream suffix of interval data")
        scale = codes.SCALES.get(unit) if stream else None
        if stream and scale and scale.unit != stream.unit:
            self._refuse(f"{suffix} counts {stream.unit}, but the unit is {unit}")
        if stream and scale is None and unit not in codes.NOT_ENERGY:
            self._refuse(f"{unit[:20]!r} is no unit of NEM12")
        return stream, scale

    def _remarks(
        self, name: str, stream: codes.Stream | None, scale: codes.Scale | None
    ) -> Iterator[Note]:
        if stream is None or scale is None:
            reason = f"{name} is no energy of one direction: its values are not kept"
            yield from self._once("not-kept", name, reason)
            return
        if stream.role != "master":
            reason = f"{name} is a {stream.role} channel: not to be added to its master"
            yield from self._once(f"{stream.role}-channel", name, reason)
        if stream.direction is None:
            reason = f"{name} counts apparent energy, which has no direction: kept as import"
            yield from self._once("no-direction", name, reason)

    def _day(self, fields: list[str]) -> None:
        if self.register is None:
            self._refuse("a 300 record without a 200 record before it")
        date = _date(fields[1]) if len(fields) > 1 else None
        if date is None:
            self._refuse(f"the day is {''.join(fields[1:2])[:20]!r}: YYYYMMDD is meant")
        expected = MINUTES_PER_DAY // self.register.minutes
        found = _count_values(fields[2:], expected)
        if found != expected:
            self._refuse(
                f"{self.register.name} on {date:%Y-%m-%d} has {found} values: the 200 record in"
                f" line {self.register.line} says {self.register.minutes} minutes, so {expected}"
            )
        self.register.days += 1
        flag, *rest = fields[2 + expected :] or [""]
        if not flag:
            self._refuse("the day has no quality")
        self.day = Day(self.line, date, fields[2 : 2 + expected], flag.upper(), _reason(rest))

    def _range(self, fields: list[str]) -> None:
        if self.day is None:
            self._refuse("a 400 record without a 300 record before it")
        bounds = fields[1:3]
        if len(fields) < 4 or not all(one.isascii() and one.isdigit() for one in bounds):
            self._refuse("a 400 record needs its first and last interval and a quality")
        first, last = int(bounds[0]), int(bounds[1])
        try:
            self.day.qualify(first, last, fields[3].upper(), _reason(fields[4:]))
        except Unqualified as refusal:
            self._refuse(str(refusal))

    def _close_day(self) -> Iterator[Item]:
        day, register = self.day, self.register
        self.day = None
        if day is None or register is None:
            return
        try:
            if register.channel is None or register.scale is None:
                day.check()
                return
            reads = day.reads(register.scale, register.minutes)
        except Unqualified as refusal:
            self._refuse(str(refusal), day.line)
        ignored = day.ignored_values()
        if ignored:
            reason = f"{ignored} values of {register.name} are marked null: kept as missing"
            yield Note(day.line, "null-with-value", reason)
        yield Block(register.channel, day.line, reads)

    def _close_register(self) -> Iterator[Item]:
        register, self.register = self.register, None
        if register is not None and not register.days:
            yield Note(register.line, "no-days", f"{register.name} has no 300 record")

    def _once(self, code: str, subject: str, message: str) -> Iterator[Note]:
        if (code, subject) not in self.told:
            self.told.add((code, subject))
            yield Note(self.line, code, message)

    def _refuse(self, reason: str, line: int | None = None) -> NoReturn:
        raise Refused(self.name, line or self.line, reason)


def _count_values(fields: list[str], expected: int) -> int:
    """Count the fields before the quality; where none looks like one, the expected are taken."""
    for place, one in enumerate(fields):
        if codes.FLAG.fullmatch(one.upper()):
            return place
    return min(expected, len(fields))


def _date(written: str) -> datetime | None:
    """Return the first instant of a market day written YYYYMMDD."""
    if len(written) != 8 or not (written.isascii() and written.isdigit()):
        return None
    try:
        day = datetime.strptime(written, "%Y%m%d").replace(tzinfo=MARKET_TIME)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year < LAST_YEAR else None


def _moment(written: str) -> datetime | None:
    """Return a market time written YYYYMMDDhhmm, seconds allowed, in UTC."""
    day = _date(written[:8])
    if day is None or len(written) not in (12, 14) or not written.isdigit():
        return None
    try:
        clock = datetime.strptime(written[8:].ljust(6, "0"), "%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return day.replace(hour=clock.hour, minute=clock.minute, second=clock.second).astimezone(UTC)


def _reason(fields: list[str]) -> str:
    """Join a reason's code and description."""
    return " ".join(part for part in fields[:2] if part)
