"""Whom an alert of a meter concerns as a customer."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

_USERS = """
SELECT DISTINCT i.meter_id, c.user_id
FROM meters_meterinstallation i
JOIN accounts_serviceagreement a
  ON a.service_point_id = i.service_point_id AND a.during @> %(now)s
JOIN accounts_customeraccount n ON n.id = a.account_id
JOIN accounts_customer c ON c.id = n.customer_id AND c.user_id IS NOT NULL
WHERE i.meter_id = ANY(%(meters)s) AND i.during @> %(now)s
"""


def users_of(*, meter_ids: Collection[int], now: datetime) -> dict[int, list[int]]:
    """Return the users whose agreement covers a meter's service point now, by meter."""
    found: dict[int, list[int]] = {}
    if not meter_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_USERS, {"meters": list(meter_ids), "now": now})
        for meter_id, user_id in cursor.fetchall():
            found.setdefault(meter_id, []).append(user_id)
    return found
