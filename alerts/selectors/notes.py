"""What people at the desk wrote down: notes of shifts, planned work."""

from datetime import datetime

from django.db.models import Count, Q

from alerts import lifecycle
from alerts.models import PlannedWork, ShiftNote
from alerts.models.desk import PlannedWorkQuerySet

NOTES = 10


def newest(*, limit: int = NOTES) -> list[ShiftNote]:
    """Return what was handed over last, the newest first."""
    return list(ShiftNote.objects.all()[:limit])


def work(*, now: datetime) -> PlannedWorkQuerySet:
    """Return work that goes on or comes, the next first, with how many alerts it explains."""
    explained = Count("alerts", filter=Q(alerts__state__in=lifecycle.OPEN))
    return (
        PlannedWork.objects.filter(cancelled_at=None, during__endswith__gt=now)
        .select_related("region", "feeder", "transformer")
        .annotate(explained=explained)
        .order_by("during", "pk")
    )
