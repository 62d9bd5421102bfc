"""What happens when nobody acts: escalation, and an alert that nobody is there."""

from datetime import datetime

from django.db import connection, transaction

from alerts.choices import Step
from alerts.models import Alert
from alerts.services import stepping

# A rule of the alert's own region outranks the one for every region. Whoever comes back to the
# desk by itself, or is taken from the shelf, waits from then on.
_DUE = """
SELECT a.id, extract(epoch FROM %(now)s - w.since)
FROM alerts_alert a
CROSS JOIN LATERAL (
    SELECT r.escalate_after_s FROM alerts_alertrule r
    WHERE r.kind = a.kind AND (r.region_id = a.region_id OR r.region_id IS NULL)
    ORDER BY r.region_id NULLS LAST LIMIT 1
) AS r
CROSS JOIN LATERAL (
    SELECT coalesce(max(e.at), a.raised_at) AS since FROM alerts_alertevent e
    WHERE e.alert_id = a.id
      AND e.step IN ('raised', 'returned', 'unlinked', 'unsuppressed', 'unshelved')
) AS w
WHERE a.state = 'active' AND a.escalated_at IS NULL AND a.parent_id IS NULL
  AND a.planned_work_id IS NULL AND (a.shelved_until IS NULL OR a.shelved_until <= %(now)s)
  AND a.raised_at <= %(now)s - make_interval(secs => r.escalate_after_s)
  AND w.since <= %(now)s - make_interval(secs => r.escalate_after_s)
"""


def escalate_due(*, now: datetime) -> int:
    """Escalate what nobody has acknowledged in its rule's time; return how many."""
    if not _due(now):
        return 0
    with transaction.atomic():
        stepping.hold_desk()
        waited = {pk: {"waited_s": waited_s} for pk, waited_s in _due(now)}
        Alert.objects.filter(pk__in=waited).update(escalated_at=now, changed_at=now)
        stepping.write(alerts=waited, step=Step.ESCALATED, now=now)
    return len(waited)


def _due(now: datetime) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": now})
        return [(pk, int(waited_s)) for pk, waited_s in cursor.fetchall()]
