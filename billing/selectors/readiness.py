"""Whether everything that was received for an account in a period has been summed."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from segs_site.lib.periods import Period

# Marks name a meter, or the whole shard for minutes that were read in time.
_OWN = """
WITH own AS (
    SELECT DISTINCT m.id, m.serial, m.shard
    FROM accounts_serviceagreement a
    JOIN meters_meterinstallation i ON i.service_point_id = a.service_point_id
     AND i.during && a.during * tstzrange(%(start)s, %(end)s)
    JOIN meters_meter m ON m.id = i.meter_id
    WHERE a.account_id = %(account)s AND a.during && tstzrange(%(start)s, %(end)s)
)
SELECT EXISTS (
    SELECT 1 FROM meters_windowmark w JOIN own ON own.shard = w.shard
    WHERE w.minute >= %(start)s AND w.minute < %(end)s
      AND (w.meter_id IS NULL OR w.meter_id = own.id)
), (
    SELECT count(*) FROM meters_quarantinedreading q JOIN own ON own.serial = q.serial
    WHERE q.state = 'open' AND q.ts > %(start)s AND q.ts <= %(end)s
)
"""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What stands between an account's readings and its bill."""

    unsummed: bool
    quarantined: int


def of(*, account_id: int, period: Period) -> Readiness:
    """Return whether marks touch the account's own meters, and how many readings are held."""
    parameters: dict[str, Any] = {"account": account_id, "start": period.start, "end": period.end}
    with connection.cursor() as cursor:
        cursor.execute(_OWN, parameters)
        unsummed, quarantined = cursor.fetchone()
    return Readiness(unsummed, quarantined)
