"""Issues invoices, once for an account and period, and takes them back by credit notes.

What is read is one snapshot; what is written is one short transaction whose last lock is the
number, so numbers have no hole and nobody waits for a rating. Accounts that are billed together
are written together; when the database refuses one of them, each is written by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from accounts.models import CustomerAccount
from billing.choices import InvoiceState
from billing.invoicing import Cycle
from billing.models import (
    BillingTerms,
    CreditNote,
    Invoice,
    InvoiceDocument,
    InvoiceEvent,
    PeriodClaim,
)
from billing.models.invoices import CLAIM_ONCE
from billing.selectors import corrections, readiness, supplies
from billing.selectors.readiness import Readiness
from billing.selectors.reckoned import Reckoning
from billing.selectors.reckoning import Reckoner
from billing.services import writing
from segs_site.lib.periods import Period

INVOICES, CREDIT_NOTES = "INV-", "CN-"  # prefixes of their series
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_TAKE = """
INSERT INTO billing_numberseries AS s (prefix, next_number) VALUES (%(prefix)s, %(count)s + 1)
ON CONFLICT (prefix) DO UPDATE SET next_number = s.next_number + %(count)s
RETURNING next_number - %(count)s
"""
_ISSUE = """
UPDATE billing_invoice i SET issued_at = %s, issued_by = %s, due_on = d.due_on, number = d.number
FROM unnest(%s::bigint[], %s::date[], %s::text[]) AS d (id, due_on, number) WHERE i.id = d.id
"""


class NotOver(Exception):
    """The billing period is not over: it can be drafted, not issued."""


class NotSummed(Exception):
    """Readings of the account in the period are stored and not summed yet: come again soon."""


class Quarantined(Exception):
    """Readings of the account in the period wait in quarantine, and nobody has waived them."""


class NotWhole(Exception):
    """Some part of the bill has no price; the text says which and why."""


class Overlapping(Exception):
    """A live invoice of the account covers some of the period under other bounds."""


class NotLive(Exception):
    """The invoice is a draft, or was made void."""


def issue(
    *, account: CustomerAccount, cycle: Cycle, by: str, now: datetime, waived: str = ""
) -> Invoice:
    """Issue an account's invoice for a period, or return the one that is issued.

    `waived` is the reason for which the clerk lets quarantined readings be. Raises NotOver,
    NotSummed, Quarantined, NotWhole or Overlapping; then nothing is written.
    """
    order = Order(account, cycle, waived)
    (outcome,) = issue_all(orders=[order], by=by, now=now)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@dataclass(frozen=True, slots=True)
class Order:
    """Whose invoice for which period is issued."""

    account: CustomerAccount
    cycle: Cycle
    waived: str = ""

    @property
    def period(self) -> Period:
        """The billing period as instants."""
        return supplies.period_of(self.cycle, ZoneInfo(settings.SEGS_SITE_ZONE))


def issue_all(*, orders: Sequence[Order], by: str, now: datetime) -> list[Invoice | Exception]:
    """Issue invoices of different accounts; return for each what `issue` would return or raise.

    A fault of the database is raised.
    """
    found: dict[int, Invoice | Exception] = {
        **supplies.live_invoices({order.account.pk: order.cycle for order in orders}),
        **{order.account.pk: NotOver() for order in orders if order.period.end > now},
    }
    due = [order for order in orders if order.account.pk not in found]
    whole = []
    for order, outcome in zip(due, _snapshot(due, now=now), strict=True):
        if isinstance(outcome, Exception):
            found[order.account.pk] = outcome
        else:
            whole.append(_Billed(order, outcome))
    found |= _written(whole, by, now)
    return [found[order.account.pk] for order in orders]


@transaction.atomic(durable=True)
def _snapshot(orders: Sequence[Order], *, now: datetime) -> list[Reckoning | Exception]:
    """Read everything that invoices are made of as it stood at one moment."""
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOT)
    periods = {order.account.pk: order.period for order in orders}
    ready = readiness.of(periods=periods)
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    found = Reckoner(zone=zone, now=now).reckon({o.account.pk: o.cycle for o in orders})
    reckonings = corrections.with_corrections(found)
    return [
        _refusal(order, ready[order.account.pk], reckoning) or reckoning
        for order, reckoning in zip(orders, reckonings, strict=True)
    ]


def _refusal(order: Order, ready: Readiness, reckoning: Reckoning) -> Exception | None:
    if ready.unsummed:
        return NotSummed()
    if ready.quarantined and not order.waived:
        return Quarantined()
    if not reckoning.is_whole:
        return NotWhole("; ".join(reckoning.troubles.values()))
    return None


@dataclass(frozen=True, slots=True)
class _Billed:
    """An order with its reckoning."""

    order: Order
    reckoning: Reckoning

    @property
    def account(self) -> CustomerAccount:
        """Whose invoice it is."""
        return self.order.account

    def issued(self) -> Invoice | None:
        """Return what somebody else has issued of it by now."""
        return supplies.live_invoice(self.account.pk, self.order.cycle)


def _written(billed: Sequence[_Billed], by: str, now: datetime) -> dict[int, Invoice | Exception]:
    """Return, by account, what was issued; one that the database refuses hinders no other."""
    if not billed:
        return {}
    try:
        return _issue(billed, by=by, now=now)
    except IntegrityError as refusal:
        if len(billed) > 1:
            found = (_written([each], by, now) for each in billed)
            return {account: outcome for one in found for account, outcome in one.items()}
        if CLAIM_ONCE not in str(refusal):
            raise
        return {each.account.pk: each.issued() or Overlapping() for each in billed}


@transaction.atomic
def _issue(billed: Sequence[_Billed], *, by: str, now: datetime) -> dict[int, Invoice | Exception]:
    """Issue all that nobody has overtaken since the snapshot."""
    accounts = [each.account.pk for each in billed]
    writing.lock(accounts)
    counts = supplies.issued_counts(accounts)
    found: dict[int, Invoice | Exception] = {}
    left = []
    for each in billed:
        if counts.get(each.account.pk, 0) == each.reckoning.issued_before:
            left.append(each)
        else:  # corrections may be on the other one
            found[each.account.pk] = each.issued() or NotSummed()
    drafts = writing.drafts(reckoned=[(each.account, each.reckoning) for each in left], now=now)
    writing.freeze(drafts)
    invoices = [draft.invoice for draft in drafts]
    _record(invoices, [each.order.waived for each in left], by=by, now=now)
    _number(invoices, by=by, now=now)
    return found | {invoice.account_id: invoice for invoice in invoices}


def _record(invoices: Sequence[Invoice], notes: Sequence[str], *, by: str, now: datetime) -> None:
    """Take the time of the accounts, and say what became of the invoices."""
    PeriodClaim.objects.bulk_create(
        PeriodClaim(invoice=invoice, account_id=invoice.account_id, during=invoice.during)
        for invoice in invoices
    )
    InvoiceEvent.objects.bulk_create(
        InvoiceEvent(invoice=invoice, state=InvoiceState.ISSUED, at=now, by=by, note=note)
        for invoice, note in zip(invoices, notes, strict=True)
    )
    InvoiceDocument.objects.bulk_create(
        InvoiceDocument(invoice=invoice, wanted_at=now, try_at=now) for invoice in invoices
    )


def _number(invoices: Sequence[Invoice], *, by: str, now: datetime) -> None:
    """Give invoices their numbers, by which they are issued: nothing may come after."""
    if not invoices:
        return
    numbers = _take(INVOICES, len(invoices))
    for invoice, number in zip(invoices, numbers, strict=True):
        invoice.issued_at, invoice.issued_by = now, by
        invoice.due_on, invoice.number = _due_on(invoice.account, now), number
    columns = zip(*((each.pk, each.due_on, each.number) for each in invoices), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_ISSUE, [now, by, *map(list, columns)])


def _due_on(account: CustomerAccount, now: datetime) -> date:
    terms = getattr(account, "billing_terms", None) or BillingTerms()
    today = now.astimezone(ZoneInfo(settings.SEGS_SITE_ZONE)).date()
    return today + timedelta(days=terms.due_days)


def take_number(series: str) -> str:
    """Return the next number of a series; whoever takes one waits for who took the one before.

    Call it last: the row stays locked until the transaction ends.
    """
    return _take(series, 1)[0]


def _take(series: str, count: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"prefix": series, "count": count})
        first = cursor.fetchone()[0]
    return [f"{series}{number:06d}" for number in range(first, first + count)]


@transaction.atomic
def void(*, invoice: Invoice, reason: str, by: str, now: datetime) -> CreditNote:
    """Take an invoice back as a whole; its period can be billed again. Raises NotLive."""
    released = PeriodClaim.objects.filter(invoice=invoice, released_at=None)
    if released.update(released_at=now) != 1:
        raise NotLive
    InvoiceEvent.objects.create(
        invoice=invoice, state=InvoiceState.VOID, at=now, by=by, note=reason
    )
    return CreditNote.objects.create(
        invoice=invoice,
        total=invoice.total,
        reason=reason,
        issued_at=now,
        issued_by=by,
        number=take_number(CREDIT_NOTES),
    )
