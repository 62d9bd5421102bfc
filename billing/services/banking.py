"""Bank files taken in: all of a file or nothing of it, and each entry of a bank once.

A file is quickly in; a worker matches its entries afterwards, see `billing.services.matching`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import BinaryIO

from django.db import connection, transaction

from billing.models import BankEntry, BankFile
from billing.selectors import banking
from billing.selectors.banking import Match
from billing.services import issuing
from billing.statements.base import LARGEST, Entry
from meters.formats.base import HEAD, Refused

JUDGED = 500  # entries of a preview; what is beyond is counted
_LOCK = "LOCK TABLE billing_bankfile IN SHARE ROW EXCLUSIVE MODE"
_BATCH = 1000


class AlreadyTaken(Exception):
    """The very same bytes were taken in before; carries that file."""

    def __init__(self, file: BankFile) -> None:
        super().__init__(f"taken in on {file.taken_at:%Y-%m-%d %H:%M} UTC as {file.name}")
        self.file = file


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of a file: its new entries with whose they are, and how many there are.

    Only the first are judged; each by what is booked now, not by what stands before it.
    """

    format: str
    entries: int
    known: int
    added: int
    judged: Sequence[tuple[BankEntry, Match]]


@dataclass(frozen=True, slots=True)
class _Read:
    format: str
    sha256: str
    entries: list[Entry]


@transaction.atomic
def take_in(*, stream: BinaryIO, name: str, format_name: str, by: str, now: datetime) -> BankFile:
    """Take in a file. Raises AlreadyTaken, `banking.UnknownFormat`, or Refused with the line."""
    read = _read(stream, name, format_name)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)  # one file after the other, so that none counts what another brings
    _refuse_known(read.sha256)
    added = _new(read.entries)
    file = BankFile.objects.create(
        name=name[-200:],
        format=read.format,
        sha256=read.sha256,
        taken_at=now,
        taken_by=by,
        entries=len(read.entries),
        added=len(added),
    )
    BankEntry.objects.bulk_create((_row(each, file) for each in added), batch_size=_BATCH)
    return file


def preview(*, stream: BinaryIO, name: str, format_name: str) -> Preview:
    """Say what would become of a file and keep nothing; raises as `take_in` does."""
    read = _read(stream, name, format_name)
    _refuse_known(read.sha256)
    added = _new(read.entries)
    rows = [_row(each, None) for each in added[:JUDGED]]
    judged = [(row, banking.match(row, prefix=issuing.INVOICES)) for row in rows]
    known = len(read.entries) - len(added)
    return Preview(read.format, len(read.entries), known, len(added), judged)


def _read(stream: BinaryIO, name: str, format_name: str) -> _Read:
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Refused(name, 1, f"longer than {LARGEST} bytes")
    chosen = banking.chosen(format_name, content[:HEAD])
    reader = banking.formats()[chosen]
    entries = list(reader(BytesIO(content), name))
    if not entries:
        raise Refused(name, 1, "holds no booked entry")
    return _Read(chosen, hashlib.sha256(content).hexdigest(), entries)


def _refuse_known(sha256: str) -> None:
    file = BankFile.objects.filter(sha256=sha256).first()
    if file is not None:
        raise AlreadyTaken(file)


def _new(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that no file told of before, each once."""
    by_key = {entry.key: entry for entry in reversed(entries)}
    keys = list(by_key)
    for start in range(0, len(keys), _BATCH):
        some = keys[start : start + _BATCH]
        for known in BankEntry.objects.filter(key__in=some).values_list("key", flat=True):
            del by_key[known]
    return list(reversed(by_key.values()))


def _row(entry: Entry, file: BankFile | None) -> BankEntry:
    same = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    return BankEntry(file=file, **same)
