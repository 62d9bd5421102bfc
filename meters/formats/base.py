"""What every reader of meter files gives, whatever the format.

A reader takes a binary stream and yields items in the order of the file, one block at a time, so
that a file of any size is read in little memory. It raises `Refused` at the first thing that it
cannot vouch for; whoever consumes the items must then keep nothing of the file.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import BinaryIO, Literal

from segs_site.lib.quantities import Quality

Unit = Literal["kWh", "kvarh", "kVAh"]
Direction = Literal["import", "export"]

LONGEST = timedelta(hours=25)  # a civil day in autumn; what is longer is a register read
FINEST = 6  # decimals of a value in kWh: energy is kept in whole milliwatt-hours
REASON_LENGTH = 250


class Refused(Exception):
    """A file that cannot be taken in: says which, at which line, and why."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Origin:
    """What a file says of itself: when its sender made it (None: unsaid), and where its days lie.

    A file of several parts gives several; the newest counts.
    """

    made_at: datetime | None
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know that does not stop the file."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A register of a service point; `direction` is seen from the customer."""

    point: str
    suffix: str
    serial: str
    unit: Unit
    direction: Direction

    def __str__(self) -> str:
        return f"{self.point} {self.suffix}"


@dataclass(frozen=True, slots=True)
class Read:
    """A value for `[start, end)` in UTC, in the channel's unit; None is missing, never zero.

    `flag` and `reason` are the file's own words for the quality.
    """

    start: datetime
    end: datetime
    value: Decimal | None
    quality: Quality
    flag: str
    reason: str


@dataclass(frozen=True, slots=True)
class Block:
    """Reads of one channel that the file gives together, from `line` on."""

    channel: Channel
    line: int
    reads: tuple[Read, ...]


Item = Origin | Note | Block
Reader = Callable[[BinaryIO, str], Iterator[Item]]


@dataclass(frozen=True, slots=True)
class Format:
    """A way of writing meter data: the name people type, a label, and its reader."""

    name: str
    label: str
    read: Reader
