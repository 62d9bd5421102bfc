"""`manage.py simulate`: meters that do not exist send believable readings."""

import asyncio
import os
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workers.simulator import appending, options, progress, running, sender
from workers.simulator.options import Options
from workers.simulator.running import Outcome

WRONG_USE = 2


class Command(BaseCommand):
    """Sends readings of simulated meters to ingest or into the stream."""

    help = (
        "Send readings of simulated meters. Every option is also an environment variable,"
        " SEGS_SIM_ and its name; the command line outranks the environment."
        " Ctrl-C stops after what is under way; a second one stops at once."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer every setting; its value stays text until the environment has been asked too."""
        for setting in options.SETTINGS:
            parser.add_argument(
                setting.flag,
                metavar="VALUE",
                help=f"{setting.help}: {setting.allowed} (default {setting.default})".replace(
                    "%", "%%"
                ),
            )

    def handle(self, *args: Any, **given: Any) -> None:
        """Run; exit code 2 for orders that cannot be used, 1 when readings were lost."""
        try:
            orders = options.read(given, os.environ, now=datetime.now(UTC))
        except options.Refused as refusal:
            raise CommandError(str(refusal), returncode=WRONG_USE) from refusal
        try:
            outcome = asyncio.run(_run(orders))
        except appending.Unfit as fault:
            raise CommandError(str(fault)) from fault
        self._report(outcome)

    def _report(self, outcome: Outcome) -> None:
        if outcome.tally.codes:
            self.stdout.write(f"simulate: codes {outcome.tally.codes_line()}")
        self.stdout.write(outcome.tally.closing_line(outcome.elapsed_s))
        missing = outcome.tally.lost + outcome.tally.refused
        if missing and not outcome.stopped:
            message = f"{missing} readings were lost or refused"
            raise CommandError(message)


async def _run(orders: Options) -> Outcome:
    stop = running.Stop()
    total = orders.meters * orders.iterations or None
    async with _target(orders) as target:
        with stop.on_signals():
            return await running.Run(orders, target, progress.progress(total=total)).go(stop)


@asynccontextmanager
async def _target(orders: Options) -> AsyncIterator[sender.Target]:
    if orders.target == "stream":
        async with appending.stream_target() as stream:
            yield stream
    else:
        async with sender.http_client(orders.concurrency) as client:
            yield sender.HttpTarget(client, url=orders.url, key=orders.key)
