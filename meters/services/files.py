"""Meter files taken in: all of a file or nothing of it, and each file once.

How its reads meet those that are stored stands in `meters.services.arrivals`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import BinaryIO

from django.db import connection, transaction

from meters.formats import base
from meters.formats.tally import Summary, Tally
from meters.models import Channel, IntervalRead, ReadFile
from meters.services import arrivals
from segs_site.lib.locks import Lock

CHUNK = 1 << 20
FAULTS_KEPT = 200  # of one file: enough to mend it by


class AlreadyImported(Exception):
    """The very same bytes were taken in before; carries that file."""

    def __init__(self, file: ReadFile) -> None:
        super().__init__(f"taken in on {file.imported_at:%Y-%m-%d %H:%M} UTC as {file.name}")
        self.file = file


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file: its channels and notes in its own order, its reads counted."""

    name: str
    format_name: str
    sha256: str
    file_id: int | None  # None: rehearsed, nothing is kept
    made_at: datetime | None
    summaries: list[Summary]
    notes: list[base.Note]
    outcome: arrivals.Outcome


def import_file(
    *, stream: BinaryIO, name: str, reader: base.Format, now: datetime, dry_run: bool = False
) -> Imported:
    """Take in a file from a seekable `stream`; a dry run does all of it and takes it back.

    Raises AlreadyImported, or `base.Refused`, with nothing of the file kept.
    """
    digest = _digest(stream)
    with transaction.atomic():
        _take_turn(digest)
        content = _Content(name)
        arrivals.copy(content.reads(reader.read(stream, name)))
        content.refuse_faults()
        file = ReadFile.objects.create(
            name=name[-200:],
            format=reader.name,
            sha256=digest,
            intervals=sum(tally.intervals for tally in content.tallies),
            made_at=content.made_at,
            imported_at=now,
        )
        outcome = _enter(content, file)
        if dry_run:
            transaction.set_rollback(True)
    return Imported(
        name=name,
        format_name=reader.name,
        sha256=digest,
        file_id=None if dry_run else file.pk,
        made_at=content.made_at,
        summaries=[tally.summary() for tally in content.tallies],
        notes=sorted(content.notes, key=lambda note: note.line),
        outcome=outcome,
    )


def _digest(stream: BinaryIO) -> str:
    """Return the SHA-256 of a stream and rewind it."""
    digest = hashlib.sha256()
    for chunk in iter(lambda: stream.read(CHUNK), b""):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()


def _take_turn(digest: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.IMPORTS])
    known = ReadFile.objects.filter(sha256=digest, undone_at=None).first()
    if known is not None:
        raise AlreadyImported(known)


def _enter(content: "_Content", file: ReadFile) -> arrivals.Outcome:
    rows = _channel_rows(content)
    try:
        outcome = arrivals.merge(
            file_id=file.pk,
            made_at=file.made_at or file.imported_at,
            channel_ids=[row.pk for row in rows],
        )
    except arrivals.Contradicted as error:
        channel = content.tallies[error.place].channel
        reason = f"{channel} at {error.start:%Y-%m-%d %H:%M} UTC: {error}"
        raise base.Refused(content.name, error.line, reason) from None
    for row, newest in zip(rows, content.newest, strict=True):
        _exchange_serial(row, newest, content.notes)
    return outcome


def _channel_rows(content: "_Content") -> list[Channel]:
    """Return the channels in the file's order; those that are new are made."""
    channels = [tally.channel for tally in content.tallies]
    known = {
        (row.point, row.suffix): row
        for row in Channel.objects.filter(point__in={channel.point for channel in channels})
    }
    for channel, newest in zip(channels, content.newest, strict=True):
        row = known.get((channel.point, channel.suffix))
        if row is not None and (row.unit, row.direction) != (channel.unit, channel.direction):
            reason = f"{channel} is {channel.unit} {channel.direction}, on file it is"
            raise base.Refused(content.name, newest.line, f"{reason} {row.unit} {row.direction}")
    made = Channel.objects.bulk_create(
        Channel(
            point=channel.point,
            suffix=channel.suffix,
            serial=newest.serial,
            unit=channel.unit,
            direction=channel.direction,
        )
        for channel, newest in zip(channels, content.newest, strict=True)
        if (channel.point, channel.suffix) not in known
    )
    known |= {(row.point, row.suffix): row for row in made}
    return [known[channel.point, channel.suffix] for channel in channels]


def _exchange_serial(row: Channel, newest: "_Newest", notes: list[base.Note]) -> None:
    """Note the meter that gave a channel's newest read, unless an earlier file went further."""
    if newest.serial in ("", row.serial):
        return
    if IntervalRead.objects.filter(channel=row, start__gte=newest.end).exists():
        return
    if row.serial:
        message = f"{row} is measured by {newest.serial}, it was {row.serial}"
        notes.append(base.Note(newest.line, "meter-exchanged", message))
    Channel.objects.filter(pk=row.pk).update(serial=newest.serial)


@dataclass(frozen=True, slots=True, order=True)
class _Newest:
    """The last read of a channel in a file: where it ends, its line, and the meter's serial."""

    end: datetime
    line: int
    serial: str


class _Content:
    """What a file holds, gathered while its reads pass through; lists go by a channel's place."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.made_at: datetime | None = None
        self.notes: list[base.Note] = []
        self.faults: list[base.Fault] = []
        self.faulty = 0
        self.tallies: list[Tally] = []
        self.newest: list[_Newest] = []
        self._places: dict[tuple[str, str], int] = {}
        self._zone: tzinfo = UTC

    def reads(self, items: Iterable[base.Item]) -> Iterator[arrivals.Arrived]:
        """Pass on every read with its channel's place; none once the file is refused."""
        try:
            yield from self._reads(items)
        except base.Refused as refusal:
            self._fault(base.Fault(refusal.line, refusal.reason))

    def refuse_faults(self) -> None:
        """Raise Refused, with all that is known to be wrong, when anything is."""
        if self.faults:
            first = self.faults[0]
            raise base.Refused(
                self.name,
                first.line,
                first.reason,
                faults=tuple(self.faults),
                more=self.faulty - len(self.faults),
            )

    def _fault(self, fault: base.Fault) -> None:
        self.faulty += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(fault)

    def _reads(self, items: Iterable[base.Item]) -> Iterator[arrivals.Arrived]:
        for item in items:
            match item:
                case base.Block():
                    place = self._place(item)
                    self._refuse_too_long(item)
                    self.tallies[place].add(item, self._zone)
                    for read in item.reads:
                        yield arrivals.Arrived(place, item.line, read)
                case base.Note():
                    self.notes.append(item)
                case base.Fault():
                    self._fault(item)
                case base.Origin():
                    self._zone = item.zone
                    self.made_at = max(filter(None, (self.made_at, item.made_at)), default=None)

    def _place(self, block: base.Block) -> int:
        channel = block.channel
        newest = _Newest(block.reads[-1].end, block.line, channel.serial)
        place = self._places.setdefault((channel.point, channel.suffix), len(self.tallies))
        if place == len(self.tallies):
            self.tallies.append(Tally(channel))
            self.newest.append(newest)
        self.newest[place] = max(newest, self.newest[place])
        first = self.tallies[place].channel
        if (first.unit, first.direction) != (channel.unit, channel.direction):
            reason = f"{channel} is {channel.unit} {channel.direction} here, before it was"
            raise base.Refused(self.name, block.line, f"{reason} {first.unit} {first.direction}")
        return place

    def _refuse_too_long(self, block: base.Block) -> None:
        for read in block.reads:
            if read.end - read.start > base.LONGEST:
                reason = f"{block.channel} has a read of {read.end - read.start}: no interval"
                raise base.Refused(self.name, block.line, reason)
