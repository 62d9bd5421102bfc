"""Which service points are without supply by an outage that is told, and who lives there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from alerts import lifecycle
from alerts.choices import Kind
from alerts.models import Alert, Interruption
from alerts.selectors import journal
from segs_site.lib.periods import Period

OUTAGES = (Kind.OUTAGE, Kind.TRANSFORMER_OUTAGE, Kind.FEEDER_OUTAGE, Kind.REGION_OUTAGE)

_NOT_TOLD = """
SELECT DISTINCT ON (c.user_id, o.service_point_id)
       c.user_id, o.service_point_id, a.id, o.started_at
FROM alerts_interruption o
LEFT JOIN grid_transformer t ON t.id = o.transformer_id
JOIN alerts_alert a ON a.id = ANY(%(causes)s) AND (
    a.kind = 'outage' AND a.meter_id = o.meter_id
    OR a.kind = 'transformer_outage' AND a.transformer_id = o.transformer_id
    OR a.kind = 'feeder_outage' AND a.feeder_id = t.feeder_id
    OR a.kind = 'region_outage' AND a.region_id = o.region_id)
JOIN accounts_serviceagreement g
  ON g.service_point_id = o.service_point_id AND g.during @> %(now)s
JOIN accounts_customeraccount n ON n.id = g.account_id
JOIN accounts_customer c ON c.id = n.customer_id
JOIN accounts_user u ON u.id = c.user_id AND u.is_active
LEFT JOIN accounts_preferences f ON f.user_id = u.id
WHERE o.ended_at IS NULL AND NOT o.is_planned AND coalesce(f.notify_outages, true)
  AND NOT EXISTS (
      SELECT FROM alerts_addressoutage x
      WHERE x.user_id = c.user_id AND x.service_point_id = o.service_point_id
        AND x.ended_at IS NULL)
ORDER BY c.user_id, o.service_point_id, o.started_at
"""


@dataclass(frozen=True, slots=True)
class Dweller:
    """A user who takes service at a point that is without supply, since when, by which cause."""

    user_id: int
    point_id: int
    alert_id: int
    since: datetime


def causes(*, now: datetime) -> list[int]:
    """Return the outages that stand and are told: by themselves, not shelved, not quiet."""
    told = Alert.objects.on_desk(now=now).filter(
        kind__in=OUTAGES, state__in=lifecycle.STANDING, is_quiet=False
    )
    told = told.exclude(journal.held("subject", "raised_at", now=now))
    return list(told.values_list("pk", flat=True))


def not_told(*, now: datetime) -> list[Dweller]:
    """Return who is in the dark by a cause that is told, and has not heard of it.

    By current agreements, once a point. Who wants no word of outages, or has no user, is absent.
    """
    found = causes(now=now)
    if not found:
        return []
    told: dict[str, Any] = {"causes": found, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_NOT_TOLD, told)
        return [Dweller(*row) for row in cursor.fetchall()]


def still_dark(*, point_ids: Collection[int]) -> set[int]:
    """Return those of the points that are without supply, whatever explains it."""
    if not point_ids:
        return set()
    running = Interruption.objects.running().filter(service_point__in=list(point_ids))
    return set(running.values_list("service_point_id", flat=True))


def lit_since(*, point_ids: Collection[int]) -> dict[int, datetime]:
    """Return when the newest interruption of each point ended."""
    ended = Interruption.objects.filter(service_point__in=list(point_ids), ended_at__isnull=False)
    return dict(ended.values_list("service_point_id").annotate(Max("ended_at")).order_by())


def of_meters(*, meter_ids: Collection[int], period: Period) -> Mapping[int, Sequence[Period]]:
    """Return when meters were without supply within a period, planned or not, by meter."""
    rows = Interruption.objects.touching(period.start, period.end).filter(meter__in=meter_ids)
    found: dict[int, list[Period]] = {}
    for meter, start, end in rows.values_list("meter_id", "started_at", "ended_at"):
        within = Period(max(start, period.start), min(end or period.end, period.end))
        found.setdefault(meter, []).append(within)
    return found
