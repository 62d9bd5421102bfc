"""How a CSV layout is described: one declaration for the long and wide files of meters.

A profile is data. Columns are named by their heading, or by their number from 1 where the file
has no headings; a stamp may be spread over several columns, which are joined by a space.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta, timezone, tzinfo
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from meters.formats.base import Direction
from segs_site.lib.quantities import Quality

LONG, WIDE = "long", "wide"  # a row an interval, or a row a day
STARTS, ENDS = "start", "end"  # what a single stamp names
AS_WRITTEN, FLIPPED, POSITIVE, NEGATIVE = "as-written", "flipped", "positive", "negative"
EPOCH, EPOCH_MS, ISO = "epoch", "epoch-ms", "iso"  # time formats that are no pattern
_FIXED = re.compile(r"UTC([+-])(\d{2}):?(\d{2})")


class Misdrawn(Exception):
    """A profile that cannot be read by; says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which values are a channel: those of `column`, in rows whose register fits `register`.

    `register` may hold * and ?; "" fits every row. `suffix` names the channel, "" takes the
    register's own text. `unit` is that of rows that name none. `sign` says what is kept:
    as written, flipped, or of a net column the positive or the negative part.
    """

    column: str
    direction: Direction
    register: str = ""
    suffix: str = ""
    unit: str = "kWh"
    sign: str = AS_WRITTEN

    def fits(self, register: str) -> bool:
        """Tell whether a row's register is meant, whatever its case."""
        return not self.register or fnmatchcase(register.lower(), self.register.lower())


@dataclass(frozen=True, slots=True)
class Profile:
    """A CSV layout; blank texts say that the file has no such thing.

    A row's end comes from `end_columns`, else from `length_column` (minutes), else from
    `length_min`. `zone` is an IANA name, for civil time, or `UTC+10:00`, for the same offset the
    year round; stamps that carry an offset or are epochs keep their own, and the zone says where
    days lie. In a wide file the values of `rules` columns run on to `last_column` or the row's
    end, one for each interval that elapses from the day's midnight on.
    """

    name: str
    rules: tuple[Rule, ...]
    start_columns: tuple[str, ...] = ()
    end_columns: tuple[str, ...] = ()
    time_format: str = ISO
    zone: str = "UTC"
    delimiter: str = ","
    decimal_mark: str = "."
    grouping: str = ""
    encoding: str = "utf-8"
    skip_rows: int = 0
    has_headings: bool = True
    layout: str = LONG
    length_column: str = ""
    length_min: int | None = None
    point: str = ""
    point_column: str = ""
    register_column: str = ""
    serial_column: str = ""
    unit_column: str = ""
    quality_column: str = ""
    last_column: str = ""
    missing: frozenset[str] = frozenset({""})
    ignored: tuple[str, ...] = ()  # rows whose first cell begins so are no data
    decimals: int | None = None  # values are rounded to so many; None keeps them exact
    qualities: Mapping[str, Quality] = field(default_factory=dict)  # by the text in lower case

    def columns(self) -> set[str]:
        """Return every column that the profile names."""
        named = {*self.start_columns, *self.end_columns, *(rule.column for rule in self.rules)}
        named |= {self.length_column, self.point_column, self.register_column}
        named |= {self.serial_column, self.unit_column, self.quality_column, self.last_column}
        return named - {""}

    def place(self) -> tzinfo:
        """Return where the file's days lie; raises Misdrawn."""
        fixed = _FIXED.fullmatch(self.zone)
        if fixed is not None:
            sign, hours, minutes = fixed.groups()
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            return timezone(offset if sign == "+" else -offset, self.zone)
        if self.zone == "UTC":
            return UTC
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            message = f"{self.zone!r} is no zone: an IANA name or UTC+hh:mm is meant"
            raise Misdrawn(message) from None

    def check(self) -> None:
        """Raise Misdrawn unless a file can be read by the profile."""
        self.place()
        stamped = self.start_columns or self.end_columns
        both = self.start_columns and self.end_columns
        timed = both or self.length_column or self.length_min
        numbered = all(name.isdigit() and int(name) > 0 for name in self.columns())
        faults = [
            (not self.rules, "it has no channel"),
            (not stamped, "it names no column of time"),
            (not timed, "it says neither how long an interval is nor where it ends"),
            (self.layout == WIDE and not self.length_min, "a wide file needs the interval length"),
            (
                self.layout == WIDE and len(self.rules) > 1 and not self.register_column,
                "a wide file has one channel, or a column that names it",
            ),
            (not (self.point or self.point_column), "it names no point of supply"),
            (not self.has_headings and not numbered, "without headings columns are numbers"),
            (len(self.delimiter) != 1, "a delimiter is one character"),
            (self.decimal_mark == self.delimiter, "the decimal mark is the delimiter"),
            (
                any(not (rule.suffix or self.register_column) for rule in self.rules),
                "a channel has no name",
            ),
        ]
        for holds, why in faults:
            if holds:
                raise Misdrawn(why)
