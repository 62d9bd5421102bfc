"""`manage.py read_bounces PATH`: takes up mails that came back, from a file or a Maildir."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.bounces import LARGEST
from billing.services import delivering

MISUSED = 2


class Command(BaseCommand):
    """Reads each message; one that is no bounce of a bill is left alone, and none counts twice."""

    help = "Take up bounces of bills from a message, a folder of messages, or a Maildir."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where the messages lie."""
        parser.add_argument("path", type=Path, metavar="PATH")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read them all, and say what came of it."""
        bounced = delayed = unknown = 0
        for path in _messages(options["path"]):
            try:
                with path.open("rb") as stream:
                    content = stream.read(LARGEST + 1)
            except OSError as error:
                message = f"{path} cannot be read: {error.strerror}"
                raise CommandError(message, returncode=MISUSED) from error
            found = delivering.take_bounce(content=content, now=timezone.now())
            bounced += found.bounced
            delayed += found.delayed
            unknown += found.unknown
        self.stdout.write(f"{bounced} bounced, {delayed} delayed, {unknown} of no bill")


def _messages(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    folders = [path / "new", path / "cur"] if (path / "cur").is_dir() else [path]
    for folder in folders:
        if folder.is_dir():
            yield from sorted(each for each in folder.iterdir() if each.is_file())
