"""The shelf: alerts put aside by a person, with a reason, until a moment that comes by itself."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from alerts import lifecycle
from alerts.choices import Step
from alerts.models import Alert, Shelving
from alerts.services import stepping
from alerts.services.acting import NotPossible


class NoReason(Exception):
    """Nothing is put aside without a reason."""


class NotAtAll(Exception):
    """The time on the shelf would end before it begins."""


class TooLong(Exception):
    """Nothing is put aside for longer than `lifecycle.LONGEST_SHELF`."""


class AlreadyShelved(Exception):
    """The alert is on the shelf."""


class NotShelved(Exception):
    """The alert is not on the shelf."""


@transaction.atomic
def shelve_all(
    *, ids: Collection[int], until: datetime, reason: str, by: str, now: datetime
) -> list[int]:
    """Put open alerts aside until a moment; return which were not there already.

    Raises NoReason, NotAtAll or TooLong.
    """
    _check(until=until, reason=reason, now=now)
    stepping.hold_desk()
    _end(Alert.objects.filter(pk__in=ids), by="", now=now, only_over=True)
    found = Alert.objects.open().filter(pk__in=ids, shelved_until=None)
    done = list(found.order_by("pk").values_list("pk", flat=True))
    Shelving.objects.bulk_create(
        Shelving(alert_id=pk, shelved_at=now, until=until, by=by, reason=reason.strip())
        for pk in done
    )
    Alert.objects.filter(pk__in=done).update(shelved_until=until, changed_at=now)
    data = {"until": until.isoformat()}
    stepping.write(
        alerts=dict.fromkeys(done, data), step=Step.SHELVED, by=by, note=reason.strip(), now=now
    )
    return done


def shelve(*, alert: Alert, until: datetime, reason: str, by: str, now: datetime) -> Alert:
    """See `shelve_all`; raises AlreadyShelved and NotPossible too."""
    done = shelve_all(ids=[alert.pk], until=until, reason=reason, by=by, now=now)
    alert.refresh_from_db()
    if not done:
        raise AlreadyShelved if alert.shelved_until else NotPossible
    return alert


@transaction.atomic
def unshelve_all(*, ids: Collection[int], by: str, now: datetime, note: str = "") -> list[int]:
    """Take alerts from the shelf before their time; return which were there."""
    stepping.hold_desk()
    return _end(Alert.objects.filter(pk__in=ids), by=by, note=note, now=now)


def unshelve(*, alert: Alert, by: str, now: datetime, note: str = "") -> Alert:
    """See `unshelve_all`; raises NotShelved."""
    if not unshelve_all(ids=[alert.pk], by=by, note=note, now=now):
        raise NotShelved
    alert.refresh_from_db()
    return alert


def end_due(*, now: datetime) -> int:
    """Take down what has been on the shelf for its time; return how many."""
    due = Alert.objects.filter(shelved_until__lte=now)
    if not due.exists():
        return 0
    with transaction.atomic():
        stepping.hold_desk()
        return len(_end(due, by="", now=now))


def _check(*, until: datetime, reason: str, now: datetime) -> None:
    if not reason.strip():
        raise NoReason
    if until <= now:
        raise NotAtAll
    if until > now + lifecycle.LONGEST_SHELF:
        raise TooLong


def _end(
    alerts: QuerySet[Alert], *, by: str, now: datetime, note: str = "", only_over: bool = False
) -> list[int]:
    """Take alerts from the shelf; by nobody when their time was up."""
    shelved = alerts.filter(shelved_until__lte=now) if only_over else alerts
    found = shelved.filter(shelved_until__isnull=False).order_by("pk")
    done = list(found.values_list("pk", flat=True))
    if not done:
        return []
    Shelving.objects.filter(alert__in=done, ended_at=None).update(ended_at=now, ended_by=by)
    Alert.objects.filter(pk__in=done).update(shelved_until=None, changed_at=now)
    stepping.write(alerts={pk: {} for pk in done}, step=Step.UNSHELVED, by=by, note=note, now=now)
    stepping.tell_desk(done, now=now)
    return done
