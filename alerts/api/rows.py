"""Rows as they are answered."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alerts.choices import UNITS, Severity
from alerts.models import Alert, AlertEvent, PlannedWork, ShiftNote
from alerts.selectors import desk

_AS_IT_IS = (
    "kind", "subject", "message", "value", "limit", "baseline", "customers", "price",
    "first_at", "raised_at", "last_at", "occurrences", "cleared_at", "acknowledged_at",
    "acknowledged_by", "resolved_at", "resolved_by", "shelved_until", "escalated_at", "note",
    "is_quiet",
)  # fmt: skip


def alert(row: Alert, *, children: int) -> dict[str, Any]:
    """Return an alert whose places and owner were fetched with it."""
    return {
        "id": row.pk,
        "severity": Severity(row.severity).name.lower(),
        "status": row.state,
        "region": row.region.code if row.region else None,
        "feeder": row.feeder.code if row.feeder else None,
        "transformer": row.transformer.code if row.transformer else None,
        "meter": row.meter.serial if row.meter else None,
        "unit": UNITS.get(row.kind),
        "assigned_to": row.assigned_to.email if row.assigned_to else None,
        "parent": row.parent_id,
        "planned_work": row.planned_work_id,
        "children": children,
        "metadata": row.facts,
    } | {name: getattr(row, name) for name in _AS_IT_IS}


def alerts(rows: Iterable[Alert]) -> list[dict[str, Any]]:
    """Return alerts with the number of those that each explains."""
    shown = list(rows)
    counts = desk.children_of(row.pk for row in shown)
    return [alert(row, children=counts.get(row.pk, 0)) for row in shown]


def step(row: AlertEvent) -> dict[str, Any]:
    """Return a step."""
    return {
        "id": row.pk,
        "alert": row.alert_id,
        "kind": row.alert.kind,
        "subject": row.alert.subject,
        "step": row.step,
        "at": row.at,
        "by": row.by,
        "note": row.note,
        "data": row.data,
    }


def work(row: PlannedWork, *, now: datetime) -> dict[str, Any]:
    """Return planned work whose place was fetched with it."""
    return {
        "id": row.pk,
        "region": row.region.code if row.region else None,
        "feeder": row.feeder.code if row.feeder else None,
        "transformer": row.transformer.code if row.transformer else None,
        "start": row.during.lower,
        "end": row.during.upper,
        "reason": row.reason,
        "state": _state(row, now),
        "planned_by": row.planned_by,
        "planned_at": row.planned_at,
        "cancelled_by": row.cancelled_by,
        "cancelled_at": row.cancelled_at,
    }


def _state(row: PlannedWork, now: datetime) -> str:
    if row.cancelled_at is not None:
        return "cancelled"
    if row.during.upper <= now:
        return "over"
    return "planned" if now < row.during.lower else "going_on"


def shift_note(row: ShiftNote) -> dict[str, Any]:
    """Return a note."""
    return {
        "id": row.pk,
        "text": row.text,
        "written_by": row.written_by,
        "written_at": row.written_at,
    }
