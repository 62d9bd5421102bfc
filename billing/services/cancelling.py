"""Calls a bill run off: before anything of it is approved, and its drafts go with it."""

import logging
from datetime import datetime

from django.db import transaction

from billing.choices import RunState, TurnState
from billing.models import BillRun, Invoice, Turn

log = logging.getLogger(__name__)

LET_OUT = (TurnState.APPROVED, TurnState.ISSUED)


class NotCancellable(Exception):
    """Some of the run is approved or issued, or it was cancelled before."""


@transaction.atomic
def cancel(*, run: BillRun, by: str, now: datetime) -> int:
    """Cancel a run and delete its drafts; return how many. Raises NotCancellable.

    A draft has no number, so nothing is taken back. One that another run wrote, too, stays. A
    worker that is at a turn finds it cancelled, and the database lets it write nothing.
    """
    _take_turns(run)
    running = BillRun.objects.filter(pk=run.pk).exclude(state=RunState.CANCELLED)
    cancelled = running.update(state=RunState.CANCELLED, finished_at=now, cancelled_by=by)
    _take_turns(run)  # those of accounts that were invited in the meantime
    if cancelled != 1 or Turn.objects.filter(run=run, state__in=LET_OUT).exists():
        raise NotCancellable
    drafts = _drafts_of(run)
    for draft in drafts:
        draft.delete()
    log.info("run %s cancelled by %s with %s drafts", run.pk, by, len(drafts))
    return len(drafts)


def _take_turns(run: BillRun) -> None:
    kept = [*LET_OUT, TurnState.CANCELLED]
    turns = Turn.objects.filter(run=run).exclude(state__in=kept)
    turns.update(state=TurnState.CANCELLED, claimed_until=None)


def _drafts_of(run: BillRun) -> list[Invoice]:
    """Return the drafts that no other run stands by."""
    others = Turn.objects.exclude(run=run).exclude(state=TurnState.CANCELLED)
    wanted = others.exclude(invoice=None).values("invoice")
    drafts = Invoice.objects.filter(turns__run=run, issued_at=None).exclude(pk__in=wanted)
    return list(drafts.select_for_update(of=("self",)))
