"""What is open at the desk, for whoever compares it with what holds now."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from alerts import lifecycle
from alerts.conditions.kinds import Kind, Matter, Severity, Subject
from alerts.models import Alert
from alerts.models.alerts import AlertQuerySet


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """What a judgement needs to know of an open alert; a cleared one holds no more.

    `parent_id` and `planned_work_id` say what explains it.
    """

    id: int
    state: lifecycle.State
    severity: Severity
    first_at: datetime
    last_at: datetime
    parent_id: int | None
    planned_work_id: int | None

    @property
    def holds(self) -> bool:
        """Whether its condition was last found to hold."""
        return self.state in lifecycle.STANDING

    @property
    def is_suppressed(self) -> bool:
        """Whether another alert, or planned work, explains it."""
        return self.parent_id is not None or self.planned_work_id is not None


def open_matters(
    *, kinds: Collection[Kind] | None = None, region_id: int | None = None
) -> dict[Matter, OpenAlert]:
    """Return every open alert, of some kinds or one region only."""
    found = Alert.objects.open()
    if kinds is not None:
        found = found.filter(kind__in=kinds)
    if region_id is not None:
        found = found.filter(region_id=region_id)
    return _by_matter(found)


def open_among(wanted: Iterable[Matter]) -> dict[Matter, OpenAlert]:
    """Return the open alerts of these matters."""
    asked = set(wanted)
    found = Alert.objects.open().filter(
        kind__in={matter.kind for matter in asked},
        subject__in={matter.subject.key for matter in asked},
    )
    return {matter: alert for matter, alert in _by_matter(found).items() if matter in asked}


def _by_matter(found: AlertQuerySet) -> dict[Matter, OpenAlert]:
    rows = found.values_list(
        "kind", "subject", "id", "state", "severity",
        "first_at", "last_at", "parent_id", "planned_work_id",
    ).order_by()  # fmt: skip
    return {
        Matter(Kind(kind), Subject.read(key)): OpenAlert(
            pk, lifecycle.State(state), Severity(severity), first_at, last_at, parent_id, work_id
        )
        for kind, key, pk, state, severity, first_at, last_at, parent_id, work_id in rows
    }
