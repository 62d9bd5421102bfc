"""Planned work: what it explains is suppressed from its start to its end."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from alerts.choices import Step
from alerts.conditions import kinds
from alerts.models import Alert, PlannedWork
from alerts.services import stepping
from grid.models import Feeder, Region, Transformer
from segs_site.lib.periods import Period

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


@dataclass(frozen=True, slots=True)
class Order:
    """Work that is planned in one place: a region, a feeder or a transformer."""

    during: Period
    reason: str
    region: Region | None = None
    feeder: Feeder | None = None
    transformer: Transformer | None = None


class NoReason(Exception):
    """Nothing is suppressed without a reason."""


class NothingLeft(Exception):
    """The work would be over before it is planned."""


class NotOpen(Exception):
    """The work is over, or was called off."""


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


def plan(*, order: Order, by: str, now: datetime) -> PlannedWork:
    """Keep planned work, which explains at once what is dark already if it goes on now.

    Raises NoReason or NothingLeft.
    """
    if not order.reason.strip():
        raise NoReason
    if order.during.end <= now:
        raise NothingLeft
    with transaction.atomic():
        stepping.hold_desk()
        made = PlannedWork.objects.create(
            region=order.region,
            feeder=order.feeder,
            transformer=order.transformer,
            during=(order.during.start, order.during.end),
            reason=order.reason.strip(),
            planned_by=by,
            planned_at=now,
        )
        _apply_to_open(now)
    return made


def cancel(*, work: PlannedWork, by: str, now: datetime) -> PlannedWork:
    """Call work off, or end it early; what it explained stands by itself. Raises NotOpen."""
    with transaction.atomic():
        stepping.hold_desk()
        still_open = PlannedWork.objects.filter(
            pk=work.pk, cancelled_at=None, during__endswith__gt=now
        )
        if still_open.update(cancelled_at=now, cancelled_by=by) != 1:
            raise NotOpen
        _release(now)
    work.refresh_from_db()
    return work


def run_due(*, now: datetime) -> None:
    """Let work that has begun explain what is open, and work that has ended let go of it."""
    begun = PlannedWork.objects.at(now).exists()
    over = Alert.objects.open().filter(_over(now)).exists()
    if not begun and not over:
        return
    with transaction.atomic():
        stepping.hold_desk()
        _release(now)
        _apply_to_open(now)


def _apply_to_open(now: datetime) -> None:
    stepping.tell_desk(apply(ids=None, now=now), now=now)


def _over(now: datetime) -> Q:
    return Q(planned_work__cancelled_at__lte=now) | Q(planned_work__during__endswith__lte=now)


def _release(now: datetime) -> None:
    """Let go of what work that is over explained; other work may explain it now."""
    rows = Alert.objects.open().filter(_over(now)).values_list("pk", "planned_work_id")
    released = {pk: {"planned_work": work} for pk, work in rows}
    if not released:
        return
    Alert.objects.filter(pk__in=released).update(planned_work=None, changed_at=now)
    stepping.write(alerts=released, step=Step.UNSUPPRESSED, now=now)
    apply(ids=released, now=now)
    stepping.tell_desk(released, now=now)
