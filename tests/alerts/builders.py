"""Triggers and alerts for tests."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from alerts.conditions.kinds import Kind, On, Severity, Subject, Trigger
from alerts.models import Alert
from alerts.services import raising
from grid.models import Feeder, Region, Transformer
from meters.models import Meter

Thing = Meter | Transformer | Feeder | Region

_SORTS: dict[type[Thing], On] = {
    Meter: On.METER,
    Transformer: On.TRANSFORMER,
    Feeder: On.FEEDER,
    Region: On.REGION,
}


def subject(thing: Thing) -> Subject:
    return Subject(_SORTS[type(thing)], thing.pk)


def trigger(
    thing: Thing,
    kind: Kind = Kind.OUTAGE,
    *,
    at: datetime,
    severity: Severity = Severity.MEDIUM,
    parent: Thing | None = None,
    **more: Any,
) -> Trigger:
    return Trigger(
        kind=kind,
        subject=subject(thing),
        severity=severity,
        since=more.pop("since", at - timedelta(seconds=30)),
        parent=None if parent is None else subject(parent),
        **more,
    )


def raised(thing: Thing, kind: Kind = Kind.OUTAGE, *, at: datetime, **more: Any) -> Alert:
    """Raise an alert and return it as it is stored."""
    raising.raise_all(triggers=[trigger(thing, kind, at=at, **more)], now=at)
    return Alert.objects.open().get(kind=kind, subject=subject(thing).key)


def steps(alert: Alert) -> Sequence[str]:
    """Return what the journal says happened, in order."""
    return list(alert.events.values_list("step", flat=True))
