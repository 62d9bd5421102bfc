"""Which service points lie in the dark by an outage that stands, and who takes service there."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

# Each outage alert with the service points it darkens; `{which}` chooses alerts `a`.
_DARKENED = """
SELECT a.id AS alert_id, a.first_at, i.service_point_id AS point_id FROM alerts_alert a
JOIN meters_meterinstallation i ON i.meter_id = a.meter_id AND i.during @> %(now)s
WHERE a.kind = 'outage' AND {which}
UNION ALL
SELECT a.id, a.first_at, p.id FROM alerts_alert a
JOIN meters_servicepoint p ON p.transformer_id = a.transformer_id
WHERE a.kind = 'transformer_outage' AND {which}
UNION ALL
SELECT a.id, a.first_at, p.id FROM alerts_alert a
JOIN grid_transformer t ON t.feeder_id = a.feeder_id
JOIN meters_servicepoint p ON p.transformer_id = t.id
WHERE a.kind = 'feeder_outage' AND {which}
UNION ALL
SELECT a.id, a.first_at, p.id FROM alerts_alert a
JOIN meters_servicepoint p ON p.region_id = a.region_id
WHERE a.kind = 'region_outage' AND {which}
"""
_STANDING = "a.state IN ('active', 'acknowledged')"
_OF = f"a.id = ANY(%(alerts)s) AND {_STANDING}"

_DWELLERS = f"""
SELECT DISTINCT ON (c.user_id, d.point_id) c.user_id, d.point_id, d.alert_id, d.first_at
FROM ({_DARKENED.format(which=_OF)}) d
JOIN accounts_serviceagreement g ON g.service_point_id = d.point_id AND g.during @> %(now)s
JOIN accounts_customeraccount n ON n.id = g.account_id
JOIN accounts_customer c ON c.id = n.customer_id
JOIN accounts_user u ON u.id = c.user_id AND u.is_active
LEFT JOIN accounts_preferences f ON f.user_id = u.id
WHERE coalesce(f.notify_outages, true)
ORDER BY c.user_id, d.point_id, d.first_at
"""  # noqa: S608 of constants alone
_STILL_DARK = f"""
SELECT DISTINCT d.point_id FROM ({_DARKENED.format(which=_STANDING)}) d
WHERE d.point_id = ANY(%(points)s)
"""  # noqa: S608 of constants alone


@dataclass(frozen=True, slots=True)
class Dweller:
    """A user who takes service at a point that an alert darkens, since when."""

    user_id: int
    point_id: int
    alert_id: int
    since: datetime


def dwellers(*, alert_ids: Collection[int], now: datetime) -> list[Dweller]:
    """Return whom standing outages darken now by their current agreements, once a point.

    Those who want no word of outages are absent, and so is whoever has no user.
    """
    return [Dweller(*row) for row in _ask(_DWELLERS, alerts=list(alert_ids), now=now)]


def still_dark(*, point_ids: Collection[int], now: datetime) -> set[int]:
    """Return those of the points that some standing outage darkens, explained or not."""
    if not point_ids:
        return set()
    return {row[0] for row in _ask(_STILL_DARK, points=list(point_ids), now=now)}


def _ask(question: str, **told: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, told)
        return cursor.fetchall()
