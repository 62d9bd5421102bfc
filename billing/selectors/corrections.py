"""What late data changes in issued invoices: found, priced, and put on the next bill."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from billing.invoicing import Cycle
from billing.models import Invoice, InvoiceLine
from billing.rating import corrections
from billing.rating.corrections import Booked
from billing.rating.lines import Line
from billing.selectors import supplies
from billing.selectors.reckoned import Correction, Reckoning
from billing.selectors.reckoning import Reckoner
from tariffs.models import RatePlan

# A live invoice is looked at again when a quarter-hour of its meters was revised after it was
# issued, or after a later invoice corrected it.
_LATE = """
SELECT i.id FROM billing_invoice i
JOIN billing_periodclaim c ON c.invoice_id = i.id AND c.released_at IS NULL
WHERE i.account_id = ANY(%s) AND EXISTS (
    SELECT 1 FROM accounts_serviceagreement a
    JOIN meters_meterinstallation m ON m.service_point_id = a.service_point_id
     AND m.during && (a.during * i.during)
    JOIN meters_quarter q ON q.meter_id = m.meter_id
     AND q.start >= lower(i.during) AND q.start < upper(i.during)
    WHERE a.account_id = i.account_id AND a.during && i.during
      AND q.revised_at > coalesce((
          SELECT max(n.issued_at) FROM billing_invoiceline l
          JOIN billing_invoiceline o ON o.id = l.corrects_id AND o.invoice_id = i.id
          JOIN billing_invoice n ON n.id = l.invoice_id
          JOIN billing_periodclaim p ON p.invoice_id = n.id AND p.released_at IS NULL
      ), i.issued_at)
)
ORDER BY i.id
"""


def late_invoices(*, account_ids: Sequence[int]) -> list[Invoice]:
    """Return the live invoices of some accounts that late data touched."""
    with connection.cursor() as cursor:
        cursor.execute(_LATE, [list(account_ids)])
        ids = [row[0] for row in cursor.fetchall()]
    return list(Invoice.objects.filter(pk__in=ids).select_related("account").order_by("pk"))


def of_accounts(
    *, account_ids: Sequence[int], zone: ZoneInfo, now: datetime
) -> dict[int, list[Correction]]:
    """Return, by account, what its issued invoices owe beyond what is booked of them."""
    found: dict[int, list[Correction]] = {}
    for invoice in late_invoices(account_ids=account_ids):
        changed = of_invoice(invoice, zone=zone, now=now)
        found.setdefault(invoice.account_id, []).extend(changed)
    return {account: changed for account, changed in found.items() if changed}


def of_invoice(invoice: Invoice, *, zone: ZoneInfo, now: datetime) -> list[Correction]:
    """Return what changed of an invoice: its lines as they would be now, on its own plans.

    Nothing is corrected while some part of it cannot be priced any more.
    """
    cycle = Cycle(invoice.starts_on, invoice.ends_on)
    reckoner = Reckoner(zone=zone, now=now, frozen=_plans(invoice))
    (reckoning,) = reckoner.reckon({invoice.account_id: cycle})
    if not reckoning.is_whole:
        return []
    now_by_line = {
        (section.part.agreement_id, line.of.value, line.label): line
        for section in reckoning.sections
        for line in section.rated.bill.lines
    }
    lines = invoice.lines.filter(corrects=None).select_related("invoice")
    before = _booked(invoice)
    found = [
        _correction(line, now_by_line.get(_key(invoice, line)), before[line.pk]) for line in lines
    ]
    return [each for each in found if each is not None]


def _plans(invoice: Invoice) -> Mapping[int, RatePlan]:
    """Return the plans of an invoice as they were billed, by agreement."""
    return {
        section["agreement"]: RatePlan(currency=invoice.currency, **section["plan"])
        for section in invoice.sections
    }


def _key(invoice: Invoice, line: InvoiceLine) -> tuple[int, str, str]:
    return (invoice.sections[line.section]["agreement"], line.of, line.label)


def _booked(invoice: Invoice) -> dict[int, Booked]:
    """Return what is booked of each line, with the corrections that live invoices carry."""
    later = InvoiceLine.objects.filter(
        corrects__invoice=invoice, invoice__claim__released_at=None,
        invoice__issued_at__isnull=False,
    )  # fmt: skip
    parts: dict[int, list[Booked]] = {}
    for line in (*invoice.lines.filter(corrects=None), *later):
        parts.setdefault(line.corrects_id or line.pk, []).append(
            Booked(line.amount, corrections.read(line.components))
        )
    return {pk: corrections.booked(lines) for pk, lines in parts.items()}


def _correction(line: InvoiceLine, now: Line | None, before: Booked) -> Correction | None:
    today = Booked(Decimal(0), ()) if now is None else Booked(now.amount, now.components)
    changed = corrections.difference(now=today, before=before)
    return None if changed is None else Correction(line, changed)


def with_corrections(
    reckonings: Sequence[Reckoning], *, zone: ZoneInfo, now: datetime
) -> list[Reckoning]:
    """Put on each bill what late data changed in the account's invoices for earlier periods."""
    accounts = [one.account_id for one in reckonings]
    counts = supplies.issued_counts(accounts)
    found = of_accounts(account_ids=list(counts), zone=zone, now=now)
    return [
        replace(
            one,
            corrections=_earlier(one, found.get(one.account_id, ())),
            issued_before=counts.get(one.account_id, 0),
        )
        for one in reckonings
    ]


def _earlier(reckoning: Reckoning, found: Sequence[Correction]) -> list[Correction]:
    return [
        each
        for each in found
        if each.line.invoice.ends_on <= reckoning.cycle.start
        and each.line.invoice.currency == reckoning.currency
    ]
