"""Formats of bank files, and whose an entry is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db.models import QuerySet

from accounts.models import CustomerAccount
from billing.choices import EntryState, Mismatch
from billing.models import BankEntry, BankLayout, Invoice, Payment
from billing.statements import camt, layout, references
from billing.statements.base import Reader
from segs_site.lib import money

CAMT = "camt053"
SHOWN = 20  # payments that are offered for a return
WENT_OUT, NOTHING_CAME = "money that went out", "an amount of nothing"


class UnknownFormat(Exception):
    """The format is not plain, or nobody knows one of this name; carries the known names."""


def formats() -> dict[str, Reader]:
    """Return the readers by the name of their format."""
    found: dict[str, Reader] = {CAMT: camt.read}
    for row in BankLayout.objects.all():
        found[row.name] = partial(layout.read, row.declared())
    return found


def chosen(name: str, head: bytes) -> str:
    """Return a format's name: the one that is named, else what the file shows plainly.

    Raises UnknownFormat.
    """
    rows = {row.name: row.declared() for row in BankLayout.objects.all()}
    if name:
        fitting = [name] if name in {CAMT, *rows} else []
    elif camt.fits(head):
        fitting = [CAMT]
    else:
        fitting = [each for each, declared in rows.items() if layout.fits(declared, head)]
    if len(fitting) != 1:
        raise UnknownFormat(", ".join([CAMT, *rows]))
    return fitting[0]


@dataclass(frozen=True, slots=True)
class Match:
    """Whose an entry is: invoices to pay in their order, of one account; or payments to take back.

    With a `mismatch` nobody but the clerk can say; with `ignored` there is nothing to book.
    """

    account: CustomerAccount | None = None
    invoices: Sequence[Invoice] = field(default_factory=list)
    payments: Sequence[Payment] = field(default_factory=list)
    mismatch: str = ""
    ignored: str = ""


def match(entry: BankEntry, *, prefix: str) -> Match:
    """Return whose an entry is; `prefix` is that of invoices' numbers."""
    if not entry.amount:
        return Match(ignored=NOTHING_CAME)
    if not entry.is_credit:
        return _of_return(entry, prefix) if entry.is_return else Match(ignored=WENT_OUT)
    odd = _oddity(entry)
    found = Match(mismatch=odd) if odd else _of_payment(entry, prefix)
    if found.account is not None and _by_hand(entry, found.account):
        return Match(mismatch=Mismatch.BY_HAND)
    return found


def _oddity(entry: BankEntry) -> str:
    """Return why money that came in is not matched whatever it names; "" where it may be."""
    if entry.is_return:
        return Mismatch.ODD_RETURN
    if entry.is_batch:
        return Mismatch.BATCH
    is_fine = entry.amount == money.rounded(entry.amount, entry.currency)
    return "" if is_fine else Mismatch.BAD_AMOUNT


def _of_payment(entry: BankEntry, prefix: str) -> Match:
    invoices = named(entry, prefix=prefix)
    if not invoices:
        return _of_account(entry)
    if len({invoice.account_id for invoice in invoices}) > 1:
        return Match(mismatch=Mismatch.SEVERAL)
    if any(invoice.currency != entry.currency for invoice in invoices):
        return Match(mismatch=Mismatch.CURRENCY)
    live = Invoice.objects.live().filter(pk__in=[invoice.pk for invoice in invoices]).count()
    if live != len(invoices):
        return Match(mismatch=Mismatch.NOT_LIVE)
    return Match(invoices[0].account, invoices)


def named(entry: BankEntry, *, prefix: str) -> list[Invoice]:
    """Return the issued invoices that an entry's words name, the oldest first."""
    said = f"{entry.text} {entry.end_to_end}"
    numbers = references.found(said, prefix=prefix, are=_are_numbers)
    found = Invoice.objects.filter(number__in=numbers).select_related("account__customer")
    return list(found.order_by("due_on", "pk"))


def _are_numbers(numbers: Collection[str]) -> set[str]:
    found = Invoice.objects.issued().filter(number__in=numbers).values_list("number", flat=True)
    return {number for number in found if number}


def _of_account(entry: BankEntry) -> Match:
    words = references.words(f"{entry.text} {entry.end_to_end}")
    accounts = list(
        CustomerAccount.objects.filter(number__in=words).select_related("customer")[:2]
    )
    if not accounts:
        return Match(mismatch=Mismatch.NO_REFERENCE)
    if len(accounts) > 1:
        return Match(mismatch=Mismatch.SEVERAL)
    billed = Invoice.objects.issued().filter(account=accounts[0])
    currencies = set(billed.order_by().values_list("currency", flat=True).distinct())
    if currencies and entry.currency not in currencies:
        return Match(mismatch=Mismatch.CURRENCY)
    return Match(accounts[0], owed_by(accounts[0], currency=entry.currency))


def owed_by(account: CustomerAccount, *, currency: str) -> list[Invoice]:
    """Return the live invoices of an account in a currency that ask for money, oldest first."""
    live = Invoice.objects.live().filter(account=account, currency=currency, total__gt=0)
    return list(live.select_related("account__customer").order_by("due_on", "pk"))


def _by_hand(entry: BankEntry, account: CustomerAccount) -> bool:
    """Tell whether somebody has typed this payment in before the bank told of it."""
    told = {entry.bank_reference, entry.end_to_end} - {""}
    typed = Payment.objects.standing().filter(entry=None, account=account, reference__in=told)
    return typed.filter(amount=entry.amount, currency=entry.currency).exists()


def _of_return(entry: BankEntry, prefix: str) -> Match:
    groups = _originals(entry, prefix)
    if len(groups) != 1:
        return Match(mismatch=Mismatch.NO_ORIGINAL)
    return Match(groups[0][0].account, payments=groups[0])


def _originals(entry: BankEntry, prefix: str) -> list[list[Payment]]:
    """Return the payments that a return may mean, those of one entry together."""
    same = BankEntry.objects.filter(
        state=EntryState.BOOKED, is_credit=True, amount=entry.amount, currency=entry.currency,
        booked_on__lte=entry.booked_on,
    )  # fmt: skip
    standing = Payment.objects.standing().select_related("account", "invoice")
    ways: list[QuerySet[Payment]] = []
    if entry.end_to_end:
        ways.append(standing.filter(entry__in=same.filter(end_to_end=entry.end_to_end)))
        ways.append(_alike(entry).filter(reference=entry.end_to_end))
    numbers = [invoice.number for invoice in named(entry, prefix=prefix)]
    if numbers:
        of_invoice = standing.filter(invoice__number__in=numbers).values("entry")
        ways.append(standing.filter(entry__in=same.filter(pk__in=of_invoice)))
        ways.append(_alike(entry).filter(invoice__number__in=numbers, entry=None))
    for way in ways:
        groups: dict[int, list[Payment]] = {}
        for payment in way.order_by("pk"):
            groups.setdefault(payment.entry_id or -payment.pk, []).append(payment)
        if groups:
            return list(groups.values())
    return []


def _alike(entry: BankEntry) -> QuerySet[Payment]:
    alike = Payment.objects.standing().filter(amount=entry.amount, currency=entry.currency)
    return alike.select_related("account", "invoice")


def offered(entry: BankEntry) -> list[Payment]:
    """Return payments of a return's amount, newest first, for the clerk to choose from."""
    return list(_alike(entry).order_by("-received_on", "-pk")[:SHOWN])


def entries(*, state: str = "", file: int | None = None) -> QuerySet[BankEntry]:
    """Return entries with what was booked of them."""
    found = BankEntry.objects.select_related("file")
    if state:
        found = found.filter(state=state)
    if file is not None:
        found = found.filter(file=file)
    return found.prefetch_related("payments__invoice", "payments__account", "payments__reversal")
