"""What people do at the desk: acknowledge, resolve, assign, note; one alert or thousands.

A verb for many skips those it cannot be done to and returns the others; a verb for one raises.
`by` is the address of whoever acts.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from alerts import lifecycle
from alerts.choices import Step
from alerts.models import Alert
from alerts.services import linking, stepping
from segs_site.lib.access import Action, may

NotPossible = lifecycle.NotPossible


class NoText(Exception):
    """A note says nothing."""


class NotAnOperator(Exception):
    """Alerts are given to those who may work on them."""


@transaction.atomic
def acknowledge_all(*, ids: Collection[int], by: str, now: datetime, note: str = "") -> list[int]:
    """Say that somebody has seen alerts; one that has cleared is over with that."""
    stepping.hold_desk()
    done = list(stepping.take(ids=ids, step=Step.ACKNOWLEDGED, by=by, note=note, now=now))
    stepping.tell_customers(stepping.fetch(linking.below(done)), now=now)
    return done


def acknowledge(*, alert: Alert, by: str, now: datetime, note: str = "") -> Alert:
    """See `acknowledge_all`; raises NotPossible."""
    done = acknowledge_all(ids=[alert.pk], by=by, note=note, now=now)
    return _after(alert, done)


@transaction.atomic
def resolve_all(*, ids: Collection[int], by: str, now: datetime, note: str = "") -> list[int]:
    """Say that alerts are over, and those that they explain with them.

    What is found to hold after that is another alert.
    """
    stepping.hold_desk()
    below = linking.below(Alert.objects.open().filter(pk__in=ids).values_list("pk", flat=True))
    done = stepping.take(ids=ids, step=Step.RESOLVED, by=by, note=note, now=now)
    stepping.take(ids=below, step=Step.RESOLVED, by=by, note=note, now=now)
    return list(done)


def resolve(*, alert: Alert, by: str, now: datetime, note: str = "") -> Alert:
    """See `resolve_all`; raises NotPossible."""
    return _after(alert, resolve_all(ids=[alert.pk], by=by, note=note, now=now))


@transaction.atomic
def assign_all(
    *, ids: Collection[int], to: User | None, by: str, now: datetime, note: str = ""
) -> list[int]:
    """Give open alerts to a person, or to nobody; raises NotAnOperator."""
    if to is not None and not may(to, Action.OPERATE_GRID):
        raise NotAnOperator
    changed: dict[str, Any] = {"assigned_to": to}
    data = {"assigned_to": None if to is None else to.email}
    return _write(ids, Step.ASSIGNED, changed, data, by=by, note=note, now=now)


def assign(*, alert: Alert, to: User | None, by: str, now: datetime, note: str = "") -> Alert:
    """See `assign_all`; raises NotPossible too."""
    return _after(alert, assign_all(ids=[alert.pk], to=to, by=by, note=note, now=now))


@transaction.atomic
def note_all(*, ids: Collection[int], text: str, by: str, now: datetime) -> list[int]:
    """Write a note to open alerts; raises NoText."""
    if not text.strip():
        raise NoText
    return _write(ids, Step.NOTED, {}, {}, by=by, note=text.strip(), now=now)


def note(*, alert: Alert, text: str, by: str, now: datetime) -> Alert:
    """See `note_all`; raises NotPossible too."""
    return _after(alert, note_all(ids=[alert.pk], text=text, by=by, now=now))


def _write(
    ids: Collection[int],
    step: Step,
    changed: dict[str, Any],
    data: dict[str, Any],
    *,
    by: str,
    note: str,
    now: datetime,
) -> list[int]:
    stepping.hold_desk()
    found = Alert.objects.open().filter(pk__in=ids)
    done = list(found.order_by("pk").values_list("pk", flat=True))
    noted = {"note": note} if note else {}
    found.update(changed_at=now, **noted, **changed)
    stepping.write(alerts=dict.fromkeys(done, data), step=step, by=by, note=note, now=now)
    return done


def _after(alert: Alert, done: Collection[int]) -> Alert:
    if not done:
        raise NotPossible
    alert.refresh_from_db()
    return alert
