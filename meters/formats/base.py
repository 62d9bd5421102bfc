"""What every reader of meter files gives, whatever the format.

A reader takes a seekable binary stream and yields items in the order of the file, one block at a
time, so that a file of any size is read in little memory. What it cannot vouch for it yields as a
`Fault`, where the next line can be read in spite of it, and raises as `Refused` where it cannot;
whoever consumes the items must then keep nothing of the file.
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
FLAG_LENGTH = 30
NAME_LENGTH = 64  # of a point, a channel or a serial


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that cannot be taken, and why: nothing of its file may be kept."""

    line: int
    reason: str


class Refused(Exception):
    """A file that cannot be taken in: says which, at which line, and why.

    `faults` are all the lines that are known to be wrong, in the order of the file; it was not
    read beyond the last one, or there are more than are kept: see `more`.
    """

    def __init__(
        self, file: str, line: int, reason: str, *, faults: tuple[Fault, ...] = (), more: int = 0
    ) -> None:
        super().__init__(f"{file}, line {line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason
        self.faults = faults or (Fault(line, reason),)
        self.more = more


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


Item = Origin | Note | Fault | Block
Reader = Callable[[BinaryIO, str], Iterator[Item]]
HEAD = 1 << 14  # bytes of a file that its format is told by


def never(_head: bytes) -> bool:
    """Tell no file by its beginning."""
    return False


@dataclass(frozen=True, slots=True)
class Format:
    """A way of writing meter data: the name people type, a label, its reader, and its look.

    `fits` tells from the first `HEAD` bytes of a file whether it is plainly of this format.
    """

    name: str
    label: str
    read: Reader
    fits: Callable[[bytes], bool] = never
