"""Issues invoices, once for an account and period, and takes them back by credit notes.

What is read is one snapshot; what is written is one short transaction whose last lock is the
number, so numbers have no hole and nobody waits for a rating.
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
INSERT INTO billing_numberseries AS s (prefix, next_number) VALUES (%s, 2)
ON CONFLICT (prefix) DO UPDATE SET next_number = s.next_number + 1
RETURNING next_number - 1
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


class Overtaken(Exception):
    """Another invoice of the account was issued since the snapshot: corrections may be on it."""


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
    """Issue invoices of different accounts, read together and each written by itself.

    Return for each what `issue` would return or raise. A fault of the database is raised.
    """
    found: dict[int, Invoice | Exception] = {
        **supplies.live_invoices({order.account.pk: order.cycle for order in orders}),
        **{order.account.pk: NotOver() for order in orders if order.period.end > now},
    }
    due = [order for order in orders if order.account.pk not in found]
    for order, outcome in zip(due, _snapshot(due, now=now), strict=True):
        found[order.account.pk] = (
            outcome if isinstance(outcome, Exception) else _written(order, outcome, by, now)
        )
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


def _written(order: Order, reckoning: Reckoning, by: str, now: datetime) -> Invoice | Exception:
    try:
        return _issue(reckoning, order.account, by=by, note=order.waived, now=now)
    except Overtaken:
        return supplies.live_invoice(order.account.pk, order.cycle) or NotSummed()
    except IntegrityError as refusal:
        if CLAIM_ONCE not in str(refusal):
            raise
        return supplies.live_invoice(order.account.pk, order.cycle) or Overlapping()


@transaction.atomic
def _issue(
    reckoning: Reckoning, account: CustomerAccount, *, by: str, note: str, now: datetime
) -> Invoice:
    CustomerAccount.objects.select_for_update().only("pk").get(pk=account.pk)
    if supplies.issued_count(account.pk) != reckoning.issued_before:
        raise Overtaken
    draft = writing.draft(reckoning=reckoning, account=account, now=now)
    writing.freeze(draft, period=reckoning.period)
    invoice, period = draft.invoice, (reckoning.period.start, reckoning.period.end)
    PeriodClaim.objects.create(invoice=invoice, account=account, during=period)
    InvoiceEvent.objects.create(
        invoice=invoice, state=InvoiceState.ISSUED, at=now, by=by, note=note
    )
    InvoiceDocument.objects.create(invoice=invoice, wanted_at=now, try_at=now)
    invoice.issued_at, invoice.issued_by = now, by
    invoice.due_on = _due_on(account, now)
    invoice.number = take_number(INVOICES)
    invoice.save(update_fields=["issued_at", "issued_by", "due_on", "number"])
    return invoice


def _due_on(account: CustomerAccount, now: datetime) -> date:
    terms = getattr(account, "billing_terms", None) or BillingTerms()
    today = now.astimezone(ZoneInfo(settings.SEGS_SITE_ZONE)).date()
    return today + timedelta(days=terms.due_days)


def take_number(series: str) -> str:
    """Return the next number of a series; whoever takes one waits for who took the one before.

    Call it last: the row stays locked until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [series])
        return f"{series}{cursor.fetchone()[0]:06d}"


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
