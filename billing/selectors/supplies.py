"""What an account is billed for: its agreements in a period, their places, plans and meters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count

from billing.invoicing import Cycle
from billing.models import Invoice
from segs_site.lib.periods import Period, local_day

_PARTS = """
SELECT k.account, a.id, a.plan_id, p.id, p.code, p.address, p.region_id,
       lower(a.during * k.period), upper(a.during * k.period),
       m.id, m.serial, m.shard,
       lower(i.during * a.during * k.period), upper(i.during * a.during * k.period)
FROM unnest(%s::bigint[], %s::tstzrange[]) AS k (account, period)
JOIN accounts_serviceagreement a ON a.account_id = k.account AND a.during && k.period
JOIN meters_servicepoint p ON p.id = a.service_point_id
LEFT JOIN meters_meterinstallation i ON i.service_point_id = p.id
 AND i.during && (a.during * k.period)
LEFT JOIN meters_meter m ON m.id = i.meter_id
ORDER BY k.account, p.code, lower(a.during * k.period), lower(i.during)
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """A meter, for as long as it measured a part."""

    meter_id: int
    serial: str
    shard: int
    period: Period


@dataclass(frozen=True, slots=True)
class Part:
    """One agreement of an account, as far as it lies in the billing period."""

    agreement_id: int
    plan_id: int
    point_id: int
    point: str
    address: str
    region_id: int
    period: Period
    meters: tuple[Installed, ...]


def as_range(period: Period) -> str:
    """Return a period as PostgreSQL writes it, for an array of them."""
    return f"[{period.start.isoformat()},{period.end.isoformat()})"


def period_of(cycle: Cycle, zone: ZoneInfo) -> Period:
    """Return a billing period of local days as instants."""
    return Period(local_day(cycle.start, zone).start, local_day(cycle.end, zone).start)


def parts(*, periods: dict[int, Period]) -> dict[int, list[Part]]:
    """Return, by account, the parts of its period: one query for all accounts."""
    accounts = list(periods)
    ranges = [as_range(periods[account]) for account in accounts]
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, [accounts, ranges])
        rows = cursor.fetchall()
    heads: dict[tuple[Any, ...], list[Installed]] = {}
    for row in rows:
        meters = heads.setdefault(row[:9], [])
        if row[9] is not None:
            meters.append(Installed(row[9], row[10], row[11], Period(row[12], row[13])))
    found: dict[int, list[Part]] = {account: [] for account in accounts}
    for head, meters in heads.items():
        found[head[0]].append(_part(head, meters))
    return found


def _part(head: tuple[Any, ...], meters: Sequence[Installed]) -> Part:
    _, agreement, plan, point_id, point, address, region, start, end = head
    return Part(
        agreement, plan, point_id, point, address, region, Period(start, end), tuple(meters)
    )


def days_between(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """Return how many local days a stay counts: whoever is served at a day's end has the day.

    So stays that follow each other share no day and leave none out.
    """
    first: date = start.astimezone(zone).date()
    return (end.astimezone(zone).date() - first).days


def live_invoice(account_id: int, cycle: Cycle) -> Invoice | None:
    """Return the invoice that was issued for exactly this period and not made void."""
    return live_invoices({account_id: cycle}).get(account_id)


def live_invoices(cycles: Mapping[int, Cycle]) -> dict[int, Invoice]:
    """Return the same of many accounts, each for its period."""
    starts = {cycle.start for cycle in cycles.values()}
    live = Invoice.objects.live().filter(account__in=list(cycles), starts_on__in=starts)
    return {
        invoice.account_id: invoice
        for invoice in live
        if Cycle(invoice.starts_on, invoice.ends_on) == cycles[invoice.account_id]
    }


def issued_count(account_id: int) -> int:
    """Return how many invoices of an account were ever issued."""
    return issued_counts([account_id]).get(account_id, 0)


def issued_counts(account_ids: Sequence[int]) -> dict[int, int]:
    """Return the same of many accounts; one without any is not among them."""
    issued = Invoice.objects.issued().filter(account__in=account_ids)
    return dict(issued.order_by().values_list("account").annotate(count=Count("pk")))
