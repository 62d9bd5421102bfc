"""`manage.py import_bank_file FILE [--preview]`: takes in a bank's file and matches it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.choices import EntryState, Mismatch
from billing.models import BankEntry
from billing.selectors import banking as questions
from billing.selectors.banking import Match
from billing.services import banking, matching
from meters.formats.base import Refused
from segs_site.lib import money

REFUSED, MISUSED = 1, 2  # exit codes
FAULTS_SHOWN, ROWS_SHOWN = 20, 50
AT_ONCE = 100
BY = "command import_bank_file"


class Command(BaseCommand):
    """Takes a file in whole or not at all; an entry that was known is not booked again."""

    help = "Read a bank's file and book what matches; exit code 0 in, 1 refused, 2 misuse."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file and how it is read."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--format", default="", help="camt053 or a bank layout; found out when it is plain"
        )
        parser.add_argument(
            "--preview", "--dry-run", action="store_true", help="judge it and keep nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, keep, match, and say what came of it."""
        path: Path = options["file"]
        try:
            with path.open("rb") as stream:
                told = {"stream": stream, "name": path.name, "format_name": options["format"]}
                if options["preview"]:
                    self._say(path.name, banking.preview(**told))
                else:
                    self._take_in(path.name, told)
        except banking.AlreadyTaken as known:
            self.stdout.write(f"{path.name}: nothing to do, already {known}")
        except questions.UnknownFormat as unknown:
            message = f"{path.name}: name its format with --format, known are {unknown}"
            raise CommandError(message, returncode=MISUSED) from None
        except OSError as error:
            message = f"{path} cannot be read: {error.strerror}"
            raise CommandError(message, returncode=MISUSED) from error
        except Refused as refusal:
            faults = refusal.faults[:FAULTS_SHOWN]
            said = "\n".join(f"{refusal.file}, line {f.line}: {f.reason}" for f in faults)
            raise CommandError(said, returncode=REFUSED) from None

    def _take_in(self, name: str, told: dict[str, Any]) -> None:
        now = timezone.now()
        file = banking.take_in(**told, by=BY, now=now)
        while matching.match_due(now=timezone.now(), limit=AT_ONCE):
            pass
        states = list(BankEntry.objects.filter(file=file).values_list("state", flat=True))
        counts = [(states.count(state), state.label) for state in EntryState]
        outcome = ", ".join(f"{count} {label}" for count, label in counts if count)
        said = f"{name}: {file.entries} entries, {file.added} new"
        self.stdout.write(self.style.SUCCESS(f"{said}: {outcome}" if outcome else said))

    def _say(self, name: str, found: banking.Preview) -> None:
        self.stdout.write(
            f"{name}: {found.format}, {found.entries} entries, {found.known} known,"
            f" {found.added} new; nothing is kept"
        )
        for entry, match in found.judged[:ROWS_SHOWN]:
            amount = money.bare(entry.amount if entry.is_credit else -entry.amount)
            said = f"{amount} {entry.currency}, {_verdict(match)}"
            self.stdout.write(f"  line {entry.line}, {entry.booked_on}: {said}")
        if found.added > ROWS_SHOWN:
            self.stdout.write(f"  and {found.added - ROWS_SHOWN} more")


def _verdict(match: Match) -> str:
    if match.mismatch:
        return f"waits: {Mismatch(match.mismatch).label}"
    if match.ignored:
        return f"ignored: {match.ignored}"
    if match.payments:
        return f"takes back {', '.join(payment.reference for payment in match.payments)}"
    numbers = [str(invoice.number) for invoice in match.invoices]
    return ", ".join(numbers) or f"account {match.account}"
