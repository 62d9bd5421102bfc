"""Who owes how much since when, as it stood on any day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection

from segs_site.lib import money, paging

BUCKETS: Final = ("current", "to_30", "to_60", "to_90", "over_90")  # days past due
_CHUNK: Final = 2000
_SQL: Final = """
WITH paid AS (
    SELECT p.account_id, p.currency, p.invoice_id, sum(p.amount) AS amount
    FROM billing_payment p
    LEFT JOIN billing_paymentreversal r ON r.payment_id = p.id AND r.reversed_on <= %(day)s
    WHERE p.received_on <= %(day)s AND r.id IS NULL
    GROUP BY p.account_id, p.currency, p.invoice_id
), billed AS (
    SELECT i.id, i.account_id, i.currency, i.due_on,
        CASE WHEN c.id IS NULL THEN i.total + coalesce(
            (SELECT sum(m.fee) FROM billing_reminder m
             WHERE m.invoice_id = i.id AND m.made_on <= %(day)s), 0) ELSE 0 END AS amount
    FROM billing_invoice i
    LEFT JOIN billing_creditnote c ON c.invoice_id = i.id
        AND (c.issued_at AT TIME ZONE %(zone)s)::date <= %(day)s
    WHERE (i.issued_at AT TIME ZONE %(zone)s)::date <= %(day)s
), open AS (
    SELECT coalesce(b.account_id, p.account_id) AS account_id,
        coalesce(b.currency, p.currency) AS currency,
        greatest(%(day)s::date - b.due_on, 0) AS late,
        coalesce(b.amount, 0) - coalesce(p.amount, 0) AS amount
    FROM billed b FULL JOIN paid p ON p.invoice_id = b.id
), sums AS (
    SELECT account_id, currency,
        coalesce(sum(amount) FILTER (WHERE amount > 0 AND late = 0), 0) AS current,
        coalesce(sum(amount) FILTER (WHERE amount > 0 AND late BETWEEN 1 AND 30), 0) AS to_30,
        coalesce(sum(amount) FILTER (WHERE amount > 0 AND late BETWEEN 31 AND 60), 0) AS to_60,
        coalesce(sum(amount) FILTER (WHERE amount > 0 AND late BETWEEN 61 AND 90), 0) AS to_90,
        coalesce(sum(amount) FILTER (WHERE amount > 0 AND late > 90), 0) AS over_90,
        coalesce(sum(amount) FILTER (WHERE amount < 0), 0) AS credit
    FROM open GROUP BY account_id, currency
    HAVING bool_or(amount <> 0)
)
"""
_ROWS: Final = """
SELECT a.number, c.name, s.currency, s.current, s.to_30, s.to_60, s.to_90, s.over_90, s.credit
FROM sums s JOIN accounts_customeraccount a ON a.id = s.account_id
JOIN accounts_customer c ON c.id = a.customer_id
WHERE (a.number, s.currency) > (%(number)s, %(currency)s)
ORDER BY a.number, s.currency LIMIT %(limit)s
"""
_TOTALS: Final = """
SELECT '', '', currency, sum(current), sum(to_30), sum(to_60), sum(to_90), sum(over_90),
    sum(credit)
FROM sums GROUP BY currency ORDER BY currency
"""


@dataclass(frozen=True, slots=True)
class Aged:
    """What an account owes in a currency, by how many days it is past due.

    `credit`, never positive, is what was paid beyond what was billed or belongs to no invoice.
    """

    account: str
    customer: str
    currency: str
    current: Decimal
    to_30: Decimal
    to_60: Decimal
    to_90: Decimal
    over_90: Decimal
    credit: Decimal

    @property
    def balance(self) -> Decimal:
        """All of it together: what the account owes; negative is owed to the customer."""
        return money.total([*(getattr(self, name) for name in BUCKETS), self.credit])


def page(*, on: date, limit: int, cursor: str | None = None) -> tuple[list[Aged], str | None]:
    """Return accounts that owe or are owed something at the end of a local day, and the cursor.

    Raises ValidationError for a cursor of another list.
    """
    behind = _behind(cursor) if cursor else ("", "")
    rows = _asked(_ROWS, on=on, limit=limit + 1, number=behind[0], currency=behind[1])
    more = len(rows) > limit
    last = rows[limit - 1] if more else None
    sealed = paging.seal(["aged", last.account, last.currency]) if last else None
    return rows[:limit], sealed


def every(*, on: date) -> Iterator[Aged]:
    """Yield all accounts that owe or are owed something."""
    behind = ("", "")
    while rows := _asked(_ROWS, on=on, limit=_CHUNK, number=behind[0], currency=behind[1]):
        yield from rows
        behind = (rows[-1].account, rows[-1].currency)


def totals(*, on: date) -> list[Aged]:
    """Return the sums of all accounts, a row for each currency."""
    return _asked(_TOTALS, on=on)


def _behind(cursor: str) -> tuple[str, str]:
    values = paging.unseal(cursor)
    if len(values) != 3 or values[0] != "aged" or not all(isinstance(v, str) for v in values):
        raise paging.bad_cursor()
    return values[1], values[2]


def _asked(select: str, *, on: date, **more: Any) -> list[Aged]:
    told = {"day": on, "zone": settings.SEGS_SITE_ZONE, **more}
    with connection.cursor() as cursor:
        cursor.execute(_SQL + select, told)
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return [Aged(*row) for row in rows]
