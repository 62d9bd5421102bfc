"""What the clerk decides of a run: let be, try again, let go out."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from billing.choices import RunState, TurnState
from billing.models import BillException, BillRun, Turn
from billing.selectors import doubts, runs

log = logging.getLogger(__name__)


class NothingToApprove(Exception):
    """No turn of the run is ready: it was dry, is not done, or waits for exceptions."""


class StillHeld(Exception):
    """The trouble cannot be waived: some part has no price."""


@transaction.atomic
def approve(*, run: BillRun, by: str, turns: Iterable[Turn] | None = None) -> int:
    """Let the rated turns be issued, all or some; return how many.

    Held ones are among them once each of their exceptions is resolved. Raises NothingToApprove.
    """
    ready = runs.approvable(run)
    if turns is not None:
        ready = ready.filter(pk__in=[turn.pk for turn in turns])
    approved = ready.update(state=TurnState.APPROVED)
    if not approved:
        raise NothingToApprove
    BillRun.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING, finished_at=None, approved_by=by
    )
    log.info("run %s: %s turns approved by %s", run.pk, approved, by)
    return approved


def resolve(*, exception: BillException, note: str, by: str, now: datetime) -> BillException:
    """Let an exception be; the first reason stands. Raises StillHeld where a price is missing."""
    if exception.trouble in doubts.CANNOT_WAIVE:
        raise StillHeld
    unresolved = BillException.objects.filter(pk=exception.pk, resolved_at=None)
    unresolved.update(resolved_at=now, resolved_by=by, note=note)
    exception.refresh_from_db()
    return exception


@transaction.atomic
def retry(*, run: BillRun) -> int:
    """Give parked and held turns their turn again, from what is known by now; return how many."""
    again = Turn.objects.filter(run=run, state__in=[TurnState.PARKED, TurnState.HELD])
    BillException.objects.filter(turn__in=again).delete()
    count = again.update(state=TurnState.WAITING, claimed_until=None)
    if count:
        BillRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, finished_at=None)
    return count
