"""Bill runs: asked for as rows, worked off turn by turn by whoever comes, safe to start twice.

A chunk of turns is leased by a conditional update, worked off together, one by one when one of
them fails, and taken over by another worker when its lease ends: kill -9 costs a minute, never an
invoice.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q

from accounts.models import CustomerAccount
from billing.choices import RunState, Trouble, TurnState
from billing.invoicing import Cycle
from billing.models import BillException, BillingTerms, BillRun, Invoice, Turn
from billing.selectors import corrections, doubts, supplies
from billing.selectors.reckoned import Reckoning
from billing.selectors.reckoning import Reckoner
from billing.services import issuing, writing
from grid.models import Region

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
CHUNK = 100  # accounts read at once: a month of their usage is some 12 MB

# An account takes part when an agreement of it may touch the billing period around the day.
_INVITE = """
INSERT INTO billing_turn (run_id, account_id, state)
SELECT DISTINCT %(run)s, a.account_id, 'waiting'
FROM accounts_serviceagreement a JOIN meters_servicepoint p ON p.id = a.service_point_id
LEFT JOIN billing_billingterms t ON t.account_id = a.account_id
WHERE (%(account)s::bigint IS NULL OR a.account_id = %(account)s)
  AND (%(region)s::int IS NULL OR p.region_id = %(region)s)
  AND a.during && tstzrange(
      %(day)s::timestamptz - make_interval(months => coalesce(t.months, 1)),
      %(day)s::timestamptz + make_interval(months => coalesce(t.months, 1)))
ON CONFLICT (run_id, account_id) DO NOTHING
"""
# A chunk is of one run, so that no account is in it twice.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT t.id, t.run_id FROM billing_turn t JOIN billing_billrun r ON r.id = t.run_id
    WHERE t.state = %(state)s AND r.state = 'running'
      AND (t.claimed_until IS NULL OR t.claimed_until < %(now)s)
), chosen AS MATERIALIZED (
    SELECT t.id FROM billing_turn t
    WHERE t.id IN (SELECT id FROM due WHERE run_id = (SELECT min(run_id) FROM due))
      AND t.state = %(state)s
    ORDER BY t.account_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE billing_turn t SET claimed_until = %(until)s FROM chosen WHERE t.id = chosen.id
RETURNING t.id
"""
_TELL = """
UPDATE billing_turn t SET state = d.state, total = d.total, energy_mwh = d.energy_mwh,
    invoice_id = coalesce(d.invoice, t.invoice_id), claimed_until = NULL
FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::bigint[], %s::bigint[])
     AS d (id, state, total, energy_mwh, invoice)
WHERE t.id = d.id
"""
_SETTLE = """
UPDATE billing_turn t SET state = 'issued', invoice_id = d.invoice, total = d.total,
    claimed_until = NULL
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[]) AS d (id, invoice, total)
WHERE t.id = d.id
"""


def request(
    *,
    day: date,
    by: str,
    now: datetime,
    region: Region | None = None,
    account: CustomerAccount | None = None,
    is_dry: bool = False,
) -> BillRun:
    """Ask for a run; a worker takes it up."""
    return BillRun.objects.create(
        day=day, region=region, account=account, is_dry=is_dry, requested_by=by, requested_at=now
    )


def work_due(*, now: datetime) -> int:
    """Do one step of what is due in any run; return how many turns were worked off.

    Safe to call from many workers at once. 0 means that nothing is due.
    """
    for run in BillRun.objects.filter(state=RunState.REQUESTED):
        _begin(run)
    waiting = _claim(TurnState.WAITING, now)
    if waiting:
        return _work(waiting, _rate, now)
    approved = _claim(TurnState.APPROVED, now)
    done = _work(approved, _issue, now) if approved else 0
    _finish(now)
    return done


def is_due(*, now: datetime) -> bool:
    """Tell whether a turn of some run waits for a worker."""
    if BillRun.objects.filter(state=RunState.REQUESTED).exists():
        return True
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    waiting = Turn.objects.filter(free, state__in=[TurnState.WAITING, TurnState.APPROVED])
    return waiting.filter(run__state=RunState.RUNNING).exists()


def _work(
    turns: Sequence[Turn], step: Callable[[Sequence[Turn], datetime], int], now: datetime
) -> int:
    """Take a step with a chunk; when that fails, one by one, so that only one is parked."""
    try:
        return step(turns, now)
    except (OperationalError, InterfaceError):
        raise  # the database is away: that is no account's fault
    except Exception as fault:
        if len(turns) > 1:
            left = Turn.objects.filter(pk__in=[turn.pk for turn in turns], state=turns[0].state)
            still = set(left.values_list("pk", flat=True))
            return sum(_work([turn], step, now) for turn in turns if turn.pk in still)
        log.exception("account %s could not be billed", turns[0].account_id)
        return _park(turns[0], fault)


@transaction.atomic
def _begin(run: BillRun) -> None:
    """Invite the accounts; whoever comes second finds nothing to do."""
    requested = BillRun.objects.filter(pk=run.pk, state=RunState.REQUESTED)
    if requested.update(state=RunState.RUNNING) != 1:
        return
    parameters: dict[str, Any] = {
        "run": run.pk,
        "account": run.account_id,
        "region": run.region_id,
        "day": run.day,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INVITE, parameters)
    if run.account is not None:  # one that was asked for by name has its turn in any case
        Turn.objects.get_or_create(run=run, account=run.account)


def _claim(state: TurnState, now: datetime) -> list[Turn]:
    parameters: dict[str, Any] = {
        "state": state.value,
        "now": now,
        "until": now + LEASE,
        "limit": CHUNK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        ids = [row[0] for row in cursor.fetchall()]
    return list(
        Turn.objects.filter(pk__in=ids)
        .select_related("run", "account__customer", "account__billing_terms")
        .order_by("account_id")
    )


def _rate(turns: Sequence[Turn], now: datetime) -> int:
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    found = Reckoner(zone=zone, now=now).reckon({t.account_id: cycle_of(t) for t in turns})
    reckonings = corrections.with_corrections(found)
    billed = supplies.live_invoices({turn.account_id: cycle_of(turn) for turn in turns})
    _write(
        [
            _Rated(turn, reckoning, troubles, turn.account_id in billed)
            for turn, reckoning, troubles in zip(
                turns, reckonings, doubts.of(reckonings), strict=True
            )
        ],
        now,
    )
    return len(turns)


def cycle_of(turn: Turn) -> Cycle:
    """Return the billing period that a turn is about."""
    terms = getattr(turn.account, "billing_terms", None) or BillingTerms()
    return terms.cycle_of(turn.run.day)


@dataclass(frozen=True, slots=True)
class _Rated:
    """A turn with what its account owes, and whether that is issued already."""

    turn: Turn
    reckoning: Reckoning
    troubles: Mapping[Trouble, str]
    is_billed: bool

    @property
    def is_drafted(self) -> bool:
        """Whether a draft is written of it."""
        return not self.turn.run.is_dry and self.reckoning.is_whole and not self.is_billed

    @property
    def state(self) -> TurnState:
        """Where the turn stands after it."""
        return TurnState.HELD if self.troubles else TurnState.RATED


@transaction.atomic
def _write(rated: Sequence[_Rated], now: datetime) -> None:
    drafted = [(one.turn.account, one.reckoning) for one in rated if one.is_drafted]
    drafts = writing.drafts(reckoned=drafted, now=now) if drafted else []
    invoices = {draft.invoice.account_id: draft.invoice.pk for draft in drafts}
    rows = [
        (one.turn.pk, one.state.value, one.reckoning.total, one.reckoning.energy_mwh,
         invoices.get(one.turn.account_id))
        for one in rated
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_TELL, [list(column) for column in zip(*rows, strict=True)])
    BillException.objects.bulk_create(
        BillException(turn=one.turn, trouble=trouble, detail=detail[:300])
        for one in rated
        for trouble, detail in one.troubles.items()
    )


def _park(turn: Turn, fault: Exception) -> int:
    detail = f"{type(fault).__name__}: {fault}"
    with transaction.atomic():
        BillException.objects.update_or_create(
            turn=turn, trouble=Trouble.FAILED, defaults={"detail": detail[:300]}
        )
        Turn.objects.filter(pk=turn.pk).update(state=TurnState.PARKED, claimed_until=None)
    return 1


def _issue(turns: Sequence[Turn], now: datetime) -> int:
    """Issue a chunk's invoices; what is not summed yet has its turn again when the lease ends."""
    waived = {
        exception.turn_id: exception.note
        for exception in BillException.objects.filter(turn__in=turns, trouble=Trouble.QUARANTINE)
    }
    orders = [
        issuing.Order(turn.account, cycle_of(turn), waived.get(turn.pk, "")) for turn in turns
    ]
    outcomes = issuing.issue_all(orders=orders, by=turns[0].run.approved_by, now=now)
    issued = {
        turn.pk: outcome
        for turn, outcome in zip(turns, outcomes, strict=True)
        if isinstance(outcome, Invoice)
    }
    _settle(issued)
    parked = [
        _park(turn, outcome)
        for turn, outcome in zip(turns, outcomes, strict=True)
        if isinstance(outcome, Exception) and not isinstance(outcome, issuing.NotSummed)
    ]
    return len(issued) + len(parked)


def _settle(issued: Mapping[int, Invoice]) -> None:
    """Say of turns that they are issued; one that is killed before finds its invoice there."""
    pks, invoices = list(issued), list(issued.values())
    totals = [invoice.total for invoice in invoices]
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [pks, [invoice.pk for invoice in invoices], totals])


def _finish(now: datetime) -> None:
    busy = Turn.objects.filter(state__in=[TurnState.WAITING, TurnState.APPROVED])
    running = BillRun.objects.filter(state=RunState.RUNNING)
    running.exclude(pk__in=busy.values("run")).update(state=RunState.DONE, finished_at=now)
