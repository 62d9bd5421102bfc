"""`manage.py demo`: all of SEGS on one machine, with a grid that never was."""

import os
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from workers import embedded
from workers.demo import grid, launcher, orders, people


class Command(BaseCommand):
    """Runs the demo; `make demo` calls it."""

    help = (
        "Start PostgreSQL, Valkey and every process of SEGS with a demo grid; Ctrl-C stops all."
        " Reads PORT, SEGS_HOME, DEMO_METERS, DEMO_INTERVAL, DATABASE_URL and REDIS_URL."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer the part that needs no server of its own."""
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="only make tables, grid and accounts in the database of DATABASE_URL",
        )

    def handle(self, *args: Any, prepare: bool, **options: Any) -> None:
        """Run; exit code 1 with what to do when a step fails."""
        try:
            asked = orders.read(os.environ, root=settings.BASE_DIR)
            if prepare:
                self._prepare(asked)
            else:
                people.refuse_production()
                launcher.Launcher(asked, root=settings.BASE_DIR, given=os.environ).run()
        except (orders.Refused, embedded.CannotStart) as refusal:
            raise CommandError(str(refusal)) from refusal

    def _prepare(self, asked: orders.Orders) -> None:
        began, now = time.monotonic(), datetime.now(UTC)
        call_command("migrate", verbosity=0)
        self.stdout.write(f"tables are there ({time.monotonic() - began:.1f} s)")
        began = time.monotonic()
        laid = grid.lay(meters=asked.meters, interval_s=asked.interval_s, now=now)
        people.admit(now=now)
        state = "laid" if laid else "found"
        took = time.monotonic() - began
        self.stdout.write(f"grid of {asked.meters} meters {state} ({took:.1f} s)")
