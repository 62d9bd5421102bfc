"""`manage.py bill --period 2026-10 [--dry-run]`: bills everybody, a region or one account."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import CustomerAccount
from billing.models import BillRun
from billing.selectors import runs
from billing.services import approving, running
from grid.models import Region
from segs_site.lib.quantities import exact_kwh

LEFT, MISUSED = 1, 2  # exit codes: something waits for the clerk; called wrongly
SHOWN = 20  # exceptions
BY = "command bill"


def month(text: str) -> date:
    """Return the first day of `2026-10`."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as fault:
        message = f"{text!r} is no month such as 2026-10"
        raise ArgumentTypeError(message) from fault


class Command(BaseCommand):
    """Makes a bill run and works it off here, beside the workers that may run."""

    help = "Bill a period; exit code 0 all done, 1 something waits for the clerk, 2 misuse."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what is billed."""
        parser.add_argument(
            "--period", required=True, type=month, metavar="YYYY-MM",
            help="each account is billed for its cycle that the month's first day lies in",
        )  # fmt: skip
        parser.add_argument("--region", metavar="CODE", help="only what is supplied there")
        parser.add_argument("--account", metavar="NUMBER", help="only this account")
        parser.add_argument(
            "--dry-run", action="store_true", help="reckon and show, but write no draft"
        )
        parser.add_argument(
            "--issue", action="store_true", help="issue what nothing speaks against"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Request, work off, issue when asked, and say what came of it."""
        if options["dry_run"] and options["issue"]:
            message = "--dry-run writes nothing, so there is nothing to --issue"
            raise CommandError(message, returncode=MISUSED)
        run = running.request(
            day=options["period"],
            region=_region(options["region"]),
            account=_account(options["account"]),
            is_dry=options["dry_run"],
            by=BY,
            now=timezone.now(),
        )
        self._work()
        if options["issue"]:
            self._issue(run)
        self._report(run)

    def _work(self) -> None:
        done = 0
        while step := running.work_due(now=timezone.now()):
            done += step
            self.stderr.write(f"{done} accounts", ending="\r")

    def _issue(self, run: BillRun) -> None:
        try:
            approving.approve(run=run, by=BY)
        except approving.NothingToApprove:
            self.stderr.write(self.style.WARNING("nothing is ready to be issued"))
            return
        self._work()

    def _report(self, run: BillRun) -> None:
        stands = runs.progress(run)
        for state, count in sorted(stands.turns.items()):
            self.stdout.write(f"{state.label}: {count}")
        self.stdout.write(f"total {stands.total:f}, {exact_kwh(stands.energy_mwh)} kWh")
        waiting = runs.exceptions(run).filter(resolved_at=None)
        for one in waiting[:SHOWN]:
            account = one.turn.account.number
            self.stdout.write(f"  {account}: {one.get_trouble_display()}: {one.detail}")
        if stands.unresolved > SHOWN:
            self.stdout.write(f"  and {stands.unresolved - SHOWN} more")
        if stands.unresolved or stands.left:
            message = (
                f"{stands.unresolved} exceptions wait for the clerk, {stands.left} turns are left"
            )
            raise CommandError(message, returncode=LEFT)


def _region(code: str | None) -> Region | None:
    if code is None:
        return None
    found = Region.objects.filter(code=code).first()
    if found is None:
        message = f"there is no region {code!r}"
        raise CommandError(message, returncode=MISUSED)
    return found


def _account(number: str | None) -> CustomerAccount | None:
    if number is None:
        return None
    found = CustomerAccount.objects.filter(number=number).first()
    if found is None:
        message = f"there is no account {number!r}"
        raise CommandError(message, returncode=MISUSED)
    return found
