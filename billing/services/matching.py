"""Books the entries of bank files, and what the clerk decides of those that do not match.

A payment is spread over the invoices it names, the oldest first; what is more than they ask for
is the account's. What is booked is never changed: to undo is to take it back by a row.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import CustomerAccount
from billing.choices import EntryState, Mismatch
from billing.models import BankEntry, Invoice, Payment
from billing.selectors import banking, standing
from billing.services import issuing, receiving
from billing.statements import allocation

BY = "bank file"
RETURNED = "returned by the bank"
KEPT_REFERENCE = 90  # of a payment that is booked anew: leaves room for which time it is


class NotWaiting(Exception):
    """The entry waits for nobody: it is booked, ignored, or not matched yet."""


class NotDecided(Exception):
    """There is nothing to undo: the entry is neither booked nor ignored."""


class OtherWay(Exception):
    """Money that came in is assigned; money that went out takes a payment back."""


class TakenBack(Exception):
    """A payment of the entry was taken back by another entry: undo that one first."""


class WrongCurrency(Exception):
    """The entry has another currency than what it is booked to."""


def match_due(*, now: datetime, limit: int) -> int:
    """Match entries that nobody has looked at, at most `limit`; return how many it were."""
    matched = 0
    while matched < limit and _match_next(now=now):
        matched += 1
    return matched


@transaction.atomic
def _match_next(*, now: datetime) -> bool:
    """Match one entry under the lock of its row; tell whether there was one."""
    entry = BankEntry.objects.new().select_for_update(skip_locked=True).order_by("pk").first()
    if entry is None:
        return False
    found = banking.match(entry, prefix=issuing.INVOICES)
    if found.mismatch:
        _decide(entry, EntryState.WAITING, mismatch=found.mismatch)
    elif found.ignored:
        _decide(entry, EntryState.IGNORED, by=BY, note=found.ignored, now=now)
    elif found.payments:
        _take_back(entry, found.payments, by=BY, now=now)
    elif found.account is not None:
        _book(entry, found.account, found.invoices, by=BY, now=now)
    return True


@transaction.atomic
def assign(
    *,
    entry: BankEntry,
    by: str,
    now: datetime,
    invoice: Invoice | None = None,
    account: CustomerAccount | None = None,
) -> BankEntry:
    """Book money that came in for an invoice, or for an account and what it owes.

    Raises NotWaiting, OtherWay, WrongCurrency, `receiving.NotTheirs` or `receiving.BadAmount`.
    """
    mine = _waiting(entry)
    if not mine.is_credit:
        raise OtherWay
    if invoice is not None:
        if invoice.currency != mine.currency:
            raise WrongCurrency
        if not Invoice.objects.live().filter(pk=invoice.pk).exists():
            raise receiving.NotTheirs
        return _book(mine, invoice.account, [invoice], by=by, now=now)
    if account is None:
        message = "an invoice or an account is meant"
        raise ValueError(message)
    owed = banking.owed_by(account, currency=mine.currency)
    return _book(mine, account, owed, by=by, now=now)


@transaction.atomic
def take_back(*, entry: BankEntry, payment: Payment, by: str, now: datetime) -> BankEntry:
    """Take back the payment that a return means, with what else was booked of its entry.

    Raises NotWaiting, OtherWay, WrongCurrency or `receiving.Reversed`.
    """
    mine = _waiting(entry)
    if mine.is_credit:
        raise OtherWay
    if payment.currency != mine.currency:
        raise WrongCurrency
    together = Payment.objects.standing().filter(entry=payment.entry_id).order_by("pk")
    payments = list(together) if payment.entry_id else [payment]
    return _take_back(mine, payments or [payment], by=by, now=now)


@transaction.atomic
def ignore(*, entry: BankEntry, reason: str, by: str, now: datetime) -> BankEntry:
    """Let an entry be, with the reason. Raises NotWaiting."""
    return _decide(_waiting(entry), EntryState.IGNORED, by=by, note=reason, now=now)


@transaction.atomic
def undo(*, entry: BankEntry, reason: str, by: str, now: datetime) -> BankEntry:
    """Take back what was decided of an entry: it waits again. Raises NotDecided or TakenBack."""
    mine = BankEntry.objects.select_for_update().get(pk=entry.pk)
    if mine.state == EntryState.BOOKED:
        if mine.is_credit:
            _unbook(mine, reason=reason, by=by, now=now)
        else:
            _book_anew(mine, by=by, now=now)
    elif mine.state != EntryState.IGNORED:
        raise NotDecided
    return _decide(mine, EntryState.WAITING, mismatch=Mismatch.UNDONE, by=by, note=reason, now=now)


def _waiting(entry: BankEntry) -> BankEntry:
    mine = BankEntry.objects.select_for_update().get(pk=entry.pk)
    if mine.state != EntryState.WAITING:
        raise NotWaiting
    return mine


def _book(
    entry: BankEntry,
    account: CustomerAccount,
    invoices: Sequence[Invoice],
    *,
    by: str,
    now: datetime,
) -> BankEntry:
    entry.turns += 1
    locked = list(
        Invoice.objects.select_for_update(of=("self",))
        .filter(pk__in=[invoice.pk for invoice in invoices])
        .order_by("due_on", "pk")
    )
    owed = [standing.open_amount(invoice) for invoice in locked]
    shares, rest = allocation.shares(entry.amount, owed)
    parts = [*zip(locked, shares, strict=True), (None, rest)]
    booked = [(invoice, share) for invoice, share in parts if share]
    for place, (invoice, share) in enumerate(booked, start=1):
        receiving.receive(
            account=account,
            invoice=invoice,
            amount=share,
            currency=entry.currency,
            received_on=entry.booked_on,
            reference=_reference(entry, place),
            by=by,
            now=now,
            entry=entry,
        )
    return _decide(entry, EntryState.BOOKED, by=by, now=now)


def _reference(entry: BankEntry, place: int) -> str:
    turn = f"#{entry.turns}" if entry.turns > 1 else ""
    return f"{entry.key}{turn}" + (f"/{place}" if place > 1 else "")


def _take_back(
    entry: BankEntry, payments: Sequence[Payment], *, by: str, now: datetime
) -> BankEntry:
    entry.turns += 1
    for payment in payments:
        receiving.reverse(
            payment=payment,
            reversed_on=entry.booked_on,
            reason=f"{RETURNED} {entry.reason}".strip(),
            by=by,
            now=now,
            entry=entry,
        )
    return _decide(entry, EntryState.BOOKED, by=by, now=now)


def _unbook(entry: BankEntry, *, reason: str, by: str, now: datetime) -> None:
    """Take back the payments of an entry that were booked wrongly."""
    standing_ones = list(Payment.objects.standing().filter(entry=entry).order_by("pk"))
    if not standing_ones:
        raise TakenBack
    for payment in standing_ones:
        receiving.reverse(
            payment=payment, reversed_on=payment.received_on, reason=reason, by=by, now=now
        )


def _book_anew(entry: BankEntry, *, by: str, now: datetime) -> None:
    """Book the payments again that a return has taken back wrongly."""
    ending = f"~{entry.pk}.{entry.turns}"
    when = entry.decided_at or now
    last = entry.reversals.filter(recorded_at=when)  # not those undone before
    for reversal in last.select_related("payment__invoice", "payment__account"):
        payment = reversal.payment
        receiving.receive(
            account=payment.account,
            invoice=_live(payment.invoice),
            amount=payment.amount,
            currency=payment.currency,
            received_on=payment.received_on,
            reference=f"{payment.reference[: KEPT_REFERENCE - len(ending)]}{ending}",
            by=by,
            now=now,
            entry=payment.entry,
        )


def _live(invoice: Invoice | None) -> Invoice | None:
    """Return the invoice unless it was made void: then the payment is the account's."""
    if invoice is None or not Invoice.objects.live().filter(pk=invoice.pk).exists():
        return None
    return invoice


def _decide(
    entry: BankEntry,
    state: EntryState,
    *,
    mismatch: str = "",
    by: str = "",
    note: str = "",
    now: datetime | None = None,
) -> BankEntry:
    entry.state, entry.mismatch, entry.note = state, mismatch, note
    entry.decided_by, entry.decided_at = by, now
    entry.save(update_fields=["state", "mismatch", "note", "decided_by", "decided_at", "turns"])
    return entry
