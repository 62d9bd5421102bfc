"""Live events of alerts: to the desk, and in plain words to whoever is supplied there.

The group `alerts` is the desk's. What another alert or planned work explains is not told there,
so that a blackout is one event: it is told when it begins to stand by itself, or ceases to.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from alerts.choices import Severity, State, Step
from alerts.conditions import wording
from alerts.conditions.kinds import Kind
from alerts.models import Alert
from segs_site.lib import live

GROUP = "alerts"
STREAM = "alerts"  # what stands by itself, whenever it comes, changes or comes back
STEPS_STREAM = "alert_status_updates"
ENDED_STREAM = "alerts_processed"  # each cause once more when it is resolved
ENDED_GROUP = "alerts-ended"  # which no socket hears

ONE_BY_ONE = 20  # more alerts that take a step together are told in one event
TOGETHER = 1000


def group_of(user_id: int) -> str:
    """Return the group in which a customer hears of his own service points."""
    return f"user:{user_id}"


def alert_data(alert: Alert) -> dict[str, Any]:
    """Return an alert for listeners; its place must have been fetched with it."""
    return {
        "id": alert.pk,
        "kind": alert.kind,
        "severity": Severity(alert.severity).name.lower(),
        "subject": alert.subject,
        "region": alert.region.code if alert.region else None,
        "feeder": alert.feeder.code if alert.feeder else None,
        "transformer": alert.transformer.code if alert.transformer else None,
        "meter": alert.meter.serial if alert.meter else None,
        "message": alert.message,
        "status": alert.state,
        "occurrences": alert.occurrences,
        "first_at": iso(alert.first_at),
        "last_at": iso(alert.last_at),
        "parent": alert.parent_id,
        "metadata": _metadata(alert),
    }


def _metadata(alert: Alert) -> dict[str, Any]:
    return {
        "value": alert.value,
        "limit": alert.limit,
        "baseline": alert.baseline,
        "customers": alert.customers,
        "price": None if alert.price is None else str(alert.price),
        "raised_at": iso(alert.raised_at),
        "planned_work": alert.planned_work_id,
        "shelved_until": iso(alert.shelved_until),
        "is_quiet": alert.is_quiet,
        "facts": alert.facts,
    }


def announce_alerts(alerts: Iterable[Alert], *, now: datetime) -> None:
    """Tell the desk how alerts are, in the caller's transaction."""
    live.announce(
        (live.Event(GROUP, "alert", alert_data(each), STREAM) for each in alerts), now=now
    )


def announce_ended(alerts: Iterable[Alert], *, now: datetime) -> None:
    """Put resolved alerts into the stream of those that are done with."""
    events = (live.Event(ENDED_GROUP, "alert", alert_data(each), ENDED_STREAM) for each in alerts)
    live.announce(events, now=now)


def announce_step(
    *, states: Mapping[int, State], step: Step, by: str, note: str, now: datetime
) -> None:
    """Tell the desk of a step; see `step_events`."""
    live.announce(step_events(states=states, step=step, by=by, note=note, now=now), now=now)


def step_events(
    *, states: Mapping[int, State], step: Step, by: str, note: str, now: datetime
) -> list[live.Event]:
    """Return events that say that alerts took a step, and where each stands now.

    Few are told one by one; many share events that name them in `alert_ids`, and in `alert_id`
    none.
    """
    events: list[live.Event] = []
    for state in sorted(set(states.values())):
        ids = [pk for pk, its in states.items() if its == state]
        said = {"status": state, "by": by, "note": note, "at": iso(now), "step": step}
        events += [
            live.Event(GROUP, "status_update", named | said, STEPS_STREAM) for named in _named(ids)
        ]
    return events


def _named(ids: Sequence[int]) -> list[dict[str, Any]]:
    if len(ids) <= ONE_BY_ONE:
        return [{"alert_id": pk, "alert_ids": [pk]} for pk in ids]
    starts = range(0, len(ids), TOGETHER)
    return [{"alert_id": None, "alert_ids": ids[at : at + TOGETHER]} for at in starts]


def announce_to_customers(
    alerts: Iterable[Alert], *, users: Mapping[int, Collection[int]], now: datetime
) -> None:
    """Tell customers of their own meters' alerts; `users` are those supplied, by meter."""
    live.announce(
        (
            live.Event(group_of(user_id), "alert", customer_data(each))
            for each in alerts
            for user_id in users.get(each.meter_id or 0, ())
        ),
        now=now,
    )


def customer_data(alert: Alert) -> dict[str, Any]:
    """Return what a customer may know of an alert of his meter, in plain English.

    An event does not know who hears it; the alert itself is told in his language.
    """
    said = wording.for_customer(
        Kind(alert.kind),
        is_explained=alert.parent_id is not None,
        is_planned=alert.planned_work_id is not None,
        is_known=alert.is_known,
    )
    return {
        "id": alert.pk,
        "kind": alert.kind,
        "meter": alert.meter.serial if alert.meter else None,
        "status": alert.state,
        "message": " ".join(said),
        "first_at": iso(alert.first_at),
        "ended_at": iso(alert.cleared_at or alert.resolved_at),
    }


def iso(moment: datetime | None) -> str | None:
    """Return an instant as ISO 8601 in UTC, None for none."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
