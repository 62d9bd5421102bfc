"""Planned work: what it explains is suppressed from its start to its end."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from alerts.choices import Step
from alerts.conditions import kinds
from alerts.services import stepping

_COVER = """
UPDATE alerts_alert a SET planned_work_id = w.id, changed_at = %(now)s
FROM (
    SELECT DISTINCT ON (a.id) a.id AS alert_id, w.id
    FROM alerts_alert a
    JOIN alerts_plannedwork w
      ON w.during @> %(now)s AND w.cancelled_at IS NULL
     AND (w.region_id = a.region_id OR w.feeder_id = a.feeder_id
          OR w.transformer_id = a.transformer_id)
    WHERE a.planned_work_id IS NULL AND a.state <> 'resolved' AND a.kind = ANY(%(kinds)s)
      AND (%(ids)s::bigint[] IS NULL OR a.id = ANY(%(ids)s))
    ORDER BY a.id, upper(w.during) DESC, w.id
) AS w
WHERE a.id = w.alert_id
RETURNING a.id, w.id
"""


def apply(*, ids: Collection[int] | None, now: datetime) -> list[int]:
    """Let the work that goes on now explain alerts (None: any open one); return which.

    The caller holds the desk.
    """
    told: dict[str, Any] = {
        "now": now,
        "kinds": [str(kind) for kind in kinds.PLANNABLE],
        "ids": None if ids is None else list(ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COVER, told)
        covered = {pk: {"planned_work": work} for pk, work in cursor.fetchall()}
    stepping.write(alerts=covered, step=Step.SUPPRESSED, now=now)
    return list(covered)
