"""Whether everything that was received for an account in a period has been summed."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from billing.selectors import supplies
from segs_site.lib.periods import Period

# Marks name a meter, or the whole shard for minutes that were read in time.
_OWN = """
WITH own AS (
    SELECT DISTINCT k.account, k.period, m.id, m.serial, m.shard
    FROM unnest(%s::bigint[], %s::tstzrange[]) AS k (account, period)
    JOIN accounts_serviceagreement a ON a.account_id = k.account AND a.during && k.period
    JOIN meters_meterinstallation i ON i.service_point_id = a.service_point_id
     AND i.during && (a.during * k.period)
    JOIN meters_meter m ON m.id = i.meter_id
), marked AS (
    SELECT DISTINCT own.account FROM meters_windowmark w
    JOIN own ON own.shard = w.shard AND own.period @> w.minute
    WHERE w.meter_id IS NULL OR w.meter_id = own.id
), held AS (
    SELECT own.account, count(*) AS readings FROM meters_quarantinedreading q
    JOIN own ON own.serial = q.serial AND q.ts > lower(own.period) AND q.ts <= upper(own.period)
    WHERE q.state = 'open' GROUP BY own.account
)
SELECT k.account, marked.account IS NOT NULL, coalesce(held.readings, 0)
FROM unnest(%s::bigint[]) AS k (account)
LEFT JOIN marked ON marked.account = k.account
LEFT JOIN held ON held.account = k.account
"""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What stands between an account's readings and its bill."""

    unsummed: bool
    quarantined: int


def of(*, periods: Mapping[int, Period]) -> dict[int, Readiness]:
    """Return, by account, whether marks touch its own meters, and how many readings are held."""
    accounts = list(periods)
    ranges = [supplies.as_range(periods[account]) for account in accounts]
    with connection.cursor() as cursor:
        cursor.execute(_OWN, [accounts, ranges, accounts])
        return {account: Readiness(*row) for account, *row in cursor.fetchall()}
