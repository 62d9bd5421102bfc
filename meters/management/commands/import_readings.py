"""`manage.py import_readings FILE … --format nem12`: meter files into interval reads."""

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from meters.formats import FORMATS
from meters.formats.base import Note, Refused
from meters.formats.tally import Summary
from meters.services import files

REFUSED = 1  # exit codes: some file was refused; the command was called wrongly
MISUSED = 2
NOTES_SHOWN = 5  # of one kind; a file of 10,000 points would say the same thing 10,000 times
COLUMNS = ("point", "suffix", "unit", "direction", "minutes", "intervals", "total", "days")


class Command(BaseCommand):
    """Takes in meter files, each whole or not at all, and says what was in them."""

    help = "Read meter files into interval reads; exit code 0 all in, 1 some refused, 2 misuse."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare files, format and the dry run."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--format", required=True, choices=sorted(FORMATS))
        parser.add_argument(
            "--dry-run", action="store_true", help="read and compare, but keep nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Take in one file after the other; a refused one does not stop the rest."""
        paths: list[Path] = options["files"]
        for path in paths:
            _check(path)
        refused = sum(not self._take_in(path, options) for path in paths)
        if refused:
            message = f"{refused} of {len(paths)} files refused; nothing of them was kept"
            raise CommandError(message, returncode=REFUSED)

    def _take_in(self, path: Path, options: dict[str, Any]) -> bool:
        try:
            with path.open("rb") as stream:
                imported = files.import_file(
                    stream=stream,
                    name=path.name,
                    reader=FORMATS[options["format"]],
                    now=timezone.now(),
                    dry_run=options["dry_run"],
                )
        except files.AlreadyImported as known:
            self.stdout.write(f"{path.name}: nothing to do, already {known}")
        except Refused as refusal:
            self.stderr.write(self.style.ERROR(f"{refusal}"))
            return False
        else:
            self._report(imported, dry_run=options["dry_run"])
        return True

    def _report(self, imported: files.Imported, *, dry_run: bool) -> None:
        made = f", made {imported.made_at:%Y-%m-%d %H:%M} UTC" if imported.made_at else ""
        kept = "dry run, nothing kept" if dry_run else "taken in"
        self.stdout.write(self.style.SUCCESS(f"{imported.name}: {kept}{made}"))
        for line in _table([_cells(summary) for summary in imported.summaries]):
            self.stdout.write(f"  {line}")
        self.stdout.write(f"  {_outcome(imported)}")
        for line in _notes(imported.notes):
            self.stdout.write(f"  {line}")


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
