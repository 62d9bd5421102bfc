"""How an alert takes a step: state, journal and events in one transaction, for any number.

Whoever writes to the desk holds it until his transaction ends. Writers follow one another, so
that no two deadlock and the journal's ids rise in the order in which they are committed.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from alerts import lifecycle, live
from alerts.choices import State, Step
from alerts.models import Alert, AlertEvent
from alerts.models.alerts import AlertQuerySet
from alerts.selectors import concerned
from segs_site.lib.locks import Lock

PLACE = ("region", "feeder", "transformer", "meter", "parent")

_STAMPS: dict[Step, str] = {
    Step.ACKNOWLEDGED: "acknowledged_at = %(now)s, acknowledged_by = %(by)s",
    Step.CLEARED: "cleared_at = %(now)s",
    Step.RESOLVED: "resolved_by = %(by)s",
}
_TAKE = """
WITH led (origin, target) AS (SELECT * FROM unnest(%(befores)s::text[], %(thens)s::text[])),
changed AS (
    UPDATE alerts_alert a
    SET state = led.target, changed_at = %(now)s, {stamps},
        note = CASE WHEN %(note)s = '' THEN a.note ELSE %(note)s END,
        resolved_at = CASE WHEN led.target = 'resolved' THEN %(now)s::timestamptz END,
        shelved_until = CASE WHEN led.target <> 'resolved' THEN a.shelved_until END
    FROM led
    WHERE a.id = ANY(%(ids)s) AND a.state = led.origin
    RETURNING a.id, a.state
), written AS (
    INSERT INTO alerts_alertevent (alert_id, step, at, by, note, data)
    SELECT id, %(step)s, %(now)s, %(by)s, %(note)s, jsonb_build_object('status', state)
    FROM changed ORDER BY id
), taken_down AS (
    UPDATE alerts_shelving s SET ended_at = %(now)s, ended_by = %(by)s
    FROM changed
    WHERE s.alert_id = changed.id AND changed.state = 'resolved' AND s.ended_at IS NULL
)
SELECT id, state FROM changed ORDER BY id
"""


def hold_desk() -> None:
    """Wait for the desk, and keep it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.DESK])


def take(
    *, ids: Collection[int], step: Step, now: datetime, by: str = "", note: str = ""
) -> dict[int, State]:
    """Let alerts take a step that changes their state, in one statement with its journal.

    Returns the new state of each that could; the caller holds the desk.
    """
    return lead(
        ids=ids, step=step, ways=lifecycle.ways(lifecycle.Step(step)), now=now, by=by, note=note
    )


def lead(
    *,
    ids: Collection[int],
    step: Step,
    ways: Mapping[lifecycle.State, lifecycle.State],
    now: datetime,
    by: str = "",
    note: str = "",
) -> dict[int, State]:
    """See `take`; `ways` say which state leads to which."""
    if not ids:
        return {}
    told: dict[str, Any] = {
        "ids": list(ids), "befores": list(ways), "thens": list(ways.values()),
        "step": step, "now": now, "by": by, "note": note,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(stamps=_STAMPS[step]), told)
        states = {pk: State(state) for pk, state in cursor.fetchall()}
    tell(states=states, step=step, now=now, by=by, note=note)
    return states


def journal(
    *,
    alerts: Mapping[int, Mapping[str, Any]],
    step: Step,
    now: datetime,
    by: str = "",
    note: str = "",
) -> None:
    """Put a step into the journal, with data for each alert, and tell nobody."""
    AlertEvent.objects.bulk_create(
        AlertEvent(alert_id=pk, step=step, at=now, by=by, note=note, data=dict(data))
        for pk, data in sorted(alerts.items())
    )


def write(
    *,
    alerts: Mapping[int, Mapping[str, Any]],
    step: Step,
    now: datetime,
    by: str = "",
    note: str = "",
) -> None:
    """Let alerts take a step that leaves their state as it is, and tell who listens."""
    if not alerts:
        return
    journal(alerts=alerts, step=step, now=now, by=by, note=note)
    rows = Alert.objects.filter(pk__in=list(alerts)).values_list("pk", "state")
    states = {pk: State(state) for pk, state in rows}
    tell(states=states, step=step, now=now, by=by, note=note)


def tell(
    *, states: Mapping[int, State], step: Step, now: datetime, by: str = "", note: str = ""
) -> None:
    """Tell who listens that alerts took a step."""
    live.announce_step(states=states, step=step, by=by, note=note, now=now)
    ended = [pk for pk, state in states.items() if state == State.RESOLVED]
    if ended:
        live.announce_ended(fetch(ended).causes(), now=now)
    if step in _STAMPS:
        tell_customers(fetch(states).filter(meter__isnull=False), now=now)


def tell_desk(ids: Collection[int], *, now: datetime) -> None:
    """Tell the desk how alerts are now, whatever explains them."""
    if ids:
        live.announce_alerts(fetch(ids), now=now)


def tell_customers(alerts: Iterable[Alert], *, now: datetime) -> None:
    """Tell customers how the alerts of their meters are now."""
    own = list(alerts)
    users = concerned.users_of(meter_ids=[each.meter_id for each in own if each.meter_id], now=now)
    live.announce_to_customers(own, users=users, now=now)


def fetch(ids: Iterable[int]) -> AlertQuerySet:
    """Return alerts with their places, in order of id."""
    return Alert.objects.filter(pk__in=list(ids)).select_related(*PLACE).order_by("pk")
