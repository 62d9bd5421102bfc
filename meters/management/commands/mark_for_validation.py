"""`manage.py mark_for_validation FROM UNTIL`: have a past period judged again."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from meters.services import validating
from segs_site.lib.manners import site_zone
from segs_site.lib.periods import Period, local_day

MISUSED = 2
MOST_DAYS = 400  # each quarter-hour of them is judged for every meter


class Command(BaseCommand):
    """Marks the quarter-hours of local days; workers judge them in the background."""

    help = "Have the quarter-hours from one local day until another (left out) judged again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the days."""
        parser.add_argument("start", type=date.fromisoformat, metavar="FROM")
        parser.add_argument("end", type=date.fromisoformat, metavar="UNTIL")

    def handle(self, *args: Any, **options: Any) -> None:
        """Mark them and say how many quarter-hours there are."""
        first, last = options["start"], options["end"]
        if not 0 < (last - first).days <= MOST_DAYS:
            message = f"UNTIL comes after FROM, by {MOST_DAYS} days at most"
            raise CommandError(message, returncode=MISUSED)
        zone = site_zone()
        if last > timezone.now().astimezone(zone).date():
            message = "days that are over are meant"
            raise CommandError(message, returncode=MISUSED)
        marked = validating.mark(Period(local_day(first, zone).start, local_day(last, zone).start))
        self.stdout.write(f"{marked} quarter-hours are marked; workers judge them")
