"""`manage.py import_readings FILE …`: meter files into interval reads, and back out of them."""

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from meters.formats.base import HEAD, Format, Note, Refused
from meters.formats.tally import Summary
from meters.models import ReadFile
from meters.selectors import formats
from meters.services import files, undoing, uploading

REFUSED = 1  # exit codes: some file was refused; the command was called wrongly
MISUSED = 2
NOTES_SHOWN = 5  # of one kind; a file of 10,000 points would say the same thing 10,000 times
FAULTS_SHOWN = 20
DAYS_SHOWN = 10  # of a channel that are not whole, or not of 24 hours
COLUMNS = ("point", "suffix", "unit", "direction", "minutes", "intervals", "total", "days")


class Command(BaseCommand):
    """Takes in meter files, each whole or not at all, and says what was in them."""

    help = "Read meter files into interval reads; exit code 0 all in, 1 some refused, 2 misuse."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare files, format, the dry run and the undo."""
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
        parser.add_argument(
            "--format", help="nem12, espi or an import profile; found out when it is plain"
        )
        parser.add_argument(
            "--dry-run", "--preview", action="store_true", help="read and compare, keep nothing"
        )
        parser.add_argument("--days", action="store_true", help="say every day of every channel")
        parser.add_argument(
            "--undo", type=int, metavar="NUMBER", help="take back the file of this number"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Take in one file after the other; a refused one does not stop the rest."""
        paths: list[Path] = options["files"]
        if (options["undo"] is None) == (not paths):
            message = "files to take in are meant, or --undo and a number"
            raise CommandError(message, returncode=MISUSED)
        if options["undo"] is not None:
            self._undo(options["undo"])
            return
        for path in paths:
            _check(path)
        known = formats.formats()
        chosen = [_format(path, options["format"], known) for path in paths]
        pairs = zip(paths, chosen, strict=True)
        refused = sum(not self._take_in(path, reader, options) for path, reader in pairs)
        if refused:
            message = f"{refused} of {len(paths)} files refused; nothing of them was kept"
            raise CommandError(message, returncode=REFUSED)

    def _undo(self, number: int) -> None:
        file = ReadFile.objects.filter(pk=number).first()
        if file is None:
            message = f"no file has number {number}"
            raise CommandError(message, returncode=MISUSED)
        try:
            undone = undoing.undo(file_id=file.pk, now=timezone.now())
        except undoing.AlreadyUndone:
            self.stdout.write(f"{file.name}: nothing to do, already undone")
        except undoing.Superseded as error:
            message = f"{file.name}: {error}, which is --undo {error.later.pk}"
            raise CommandError(message, returncode=REFUSED) from None
        else:
            said = f"{undone.removed} reads taken back, {undone.restored} of before restored"
            self.stdout.write(self.style.SUCCESS(f"{file.name}: {said}"))

    def _take_in(self, path: Path, reader: Format, options: dict[str, Any]) -> bool:
        try:
            with path.open("rb") as stream:
                imported = files.import_file(
                    stream=stream,
                    name=path.name,
                    reader=reader,
                    now=timezone.now(),
                    dry_run=options["dry_run"],
                )
        except files.AlreadyImported as known:
            self.stdout.write(f"{path.name}: nothing to do, already {known}")
        except Refused as refusal:
            for line in _faults(refusal):
                self.stderr.write(self.style.ERROR(line))
            return False
        else:
            if imported.file_id is not None:
                uploading.record(
                    imported=imported,
                    size=path.stat().st_size,
                    by="import_readings",
                    now=timezone.now(),
                )
            self._report(imported, every_day=options["days"])
        return True

    def _report(self, imported: files.Imported, *, every_day: bool) -> None:
        made = f", made {imported.made_at:%Y-%m-%d %H:%M} UTC" if imported.made_at else ""
        number = imported.file_id
        kept = "dry run, nothing kept" if number is None else f"taken in as number {number}"
        self.stdout.write(self.style.SUCCESS(f"{imported.name}: {kept}{made}"))
        for line in _table([_cells(summary) for summary in imported.summaries]):
            self.stdout.write(f"  {line}")
        self.stdout.write(f"  {_outcome(imported)}")
        for summary in imported.summaries:
            for line in _days(summary, every_day=every_day):
                self.stdout.write(f"  {line}")
        for line in _notes(imported.notes):
            self.stdout.write(f"  {line}")


def _format(path: Path, name: str | None, known: Mapping[str, Format]) -> Format:
    """Return the format of a file: as named, or as its beginning shows."""
    if name is not None and name not in known:
        message = f"{name!r} is no format: known are {', '.join(map(repr, sorted(known)))}"
        raise CommandError(message, returncode=MISUSED)
    if name is not None:
        return known[name]
    with path.open("rb") as stream:
        found = formats.detect(stream.read(HEAD), known)
    if found is None:
        message = f"{path.name}: its format is not plain, name it with --format"
        raise CommandError(message, returncode=MISUSED)
    return found


def _faults(refusal: Refused) -> Iterable[str]:
    """Say each line that is wrong, and how many more there are."""
    for fault in refusal.faults[:FAULTS_SHOWN]:
        yield f"{refusal.file}, line {fault.line}: {fault.reason}"
    more = len(refusal.faults) - FAULTS_SHOWN + refusal.more
    if more > 0:
        yield f"{refusal.file}: {more} more lines are wrong"


def _days(summary: Summary, *, every_day: bool) -> Iterable[str]:
    """Say a channel's days, or those that are not whole or not of 24 hours."""
    unusual = [day for day in summary.days if day.found != day.expected or day.hours != 24]
    shown = summary.days if every_day else unusual[:DAYS_SHOWN]
    for day in shown:
        yield f"{summary.channel} on {day}, {day.total:f} {summary.channel.unit}"
    if not every_day and len(unusual) > DAYS_SHOWN:
        yield f"{summary.channel}: {len(unusual) - DAYS_SHOWN} more days, see --days"


def _check(path: Path) -> None:
    if not path.is_file():
        why = "is a folder, a file is meant" if path.is_dir() else "does not exist"
        message = f"{path} {why}"
        raise CommandError(message, returncode=MISUSED)
    try:
        path.open("rb").close()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise CommandError(message, returncode=MISUSED) from error


def _cells(summary: Summary) -> tuple[str, ...]:
    channel = summary.channel
    qualities = ", ".join(
        f"{count} {quality.name.lower()}" for quality, count in summary.qualities.items()
    )
    return (
        channel.point,
        channel.suffix,
        channel.unit,
        channel.direction,
        "/".join(f"{length.total_seconds() / 60:g}" for length in summary.lengths),
        str(summary.intervals),
        f"{summary.total:f}",
        f"{summary.days_found} of {summary.days_expected}",
        qualities,
    )


def _table(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """Align the cells below their headings."""
    table = [(*COLUMNS, "quality"), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _outcome(imported: files.Imported) -> str:
    outcome = imported.outcome
    counts = [
        (outcome.added, "added"),
        (outcome.revised, "revised"),
        (outcome.unchanged, "unchanged"),
        (outcome.outdated, "outdated (a file made later stands)"),
        (outcome.kept, "missing here, known before: kept"),
        (outcome.repeated, "repeated in the file, counted once"),
    ]
    said = ", ".join(f"{count} {word}" for count, word in counts if count)
    return f"channels: {len(imported.summaries)}; reads: {said or 'none'}"


def _notes(notes: Sequence[Note]) -> Iterable[str]:
    """Say each kind's first notes with their lines, and how many more there are."""
    by_code = sorted(notes, key=lambda note: (note.code, note.line))
    for code, group in groupby(by_code, key=lambda note: note.code):
        said = list(group)
        for note in said[:NOTES_SHOWN]:
            yield f"note, line {note.line}: {note.message} [{code}]"
        if len(said) > NOTES_SHOWN:
            yield f"note: {len(said) - NOTES_SHOWN} more of [{code}]"
