"""Conditions that rows say outright: loads that stay unknown, readings that contradict others."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from alerts.conditions.kinds import SYSTEM, Kind, Matter, On, Subject, Trigger
from alerts.conditions.limits import Limits
from alerts.models import WatchState
from alerts.selectors import matters, watching
from alerts.services import raising
from meters.choices import Quarantine
from meters.models import Meter, QuarantinedReading
from segs_site.lib.locks import Lock
from tariffs.models import LoadUnknown

NAME = "conflicts"


@transaction.atomic
def notice(*, now: datetime) -> int:
    """Bring alerts of these kinds up to what the rows say; return how many triggers there were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.JUDGING])
        if not cursor.fetchone()[0]:
            return 0
    limits = watching.limits()
    return _unknown_loads(limits, now) + _conflicts(limits, now)


def _unknown_loads(limits: Limits, now: datetime) -> int:
    open_now = matters.open_matters(kinds=[Kind.LOAD_UNKNOWN])
    holding: dict[Matter, Trigger] = {}
    for region, since in LoadUnknown.objects.filter(until=None).values_list("region_id", "since"):
        limit = limits.of(Kind.LOAD_UNKNOWN, region)
        if not limit.is_enabled or now - since < timedelta(seconds=limit.on_delay_s):
            continue
        subject = Subject(On.REGION, region)
        trigger = Trigger(
            Kind.LOAD_UNKNOWN, subject, limit.severity, since, parent=_reason(region)
        )
        holding[Matter(trigger.kind, subject)] = trigger
    news = [one for matter, one in holding.items() if matter not in open_now]
    raising.raise_all(triggers=news, now=now)
    over = [m for m, alert in open_now.items() if alert.holds and m not in holding]
    if over:
        raising.clear_all(matters=over, now=now)
    return len(news)


def _reason(region: int) -> Subject | None:
    """Return what explains that a region's load is not known: an outage, or nothing coming in."""
    if any(a.holds for a in matters.open_matters(kinds=[Kind.NO_INPUT]).values()):
        return SYSTEM
    for kind in (Kind.REGION_OUTAGE, Kind.FEEDER_OUTAGE, Kind.GATEWAY_LOST):
        for matter, alert in matters.open_matters(kinds=[kind], region_id=region).items():
            if alert.holds:
                return matter.subject
    return None


def _conflicts(limits: Limits, now: datetime) -> int:
    row, _ = WatchState.objects.select_for_update().get_or_create(
        name=NAME, defaults={"changed_at": now, "done_until": now}
    )
    fresh = QuarantinedReading.objects.filter(
        reason=Quarantine.CONFLICT, received_at__gt=row.done_until, received_at__lte=now
    )
    rows = list(fresh.values_list("serial", "received_at"))
    row.done_until = max([row.done_until or now, *(received for _, received in rows)])
    row.changed_at = now
    row.save()
    ids = dict(Meter.objects.filter(serial__in={s for s, _ in rows}).values_list("serial", "pk"))
    limit = limits.of(Kind.CONFLICT)
    triggers = [
        Trigger(Kind.CONFLICT, Subject(On.METER, ids[serial]), limit.severity, received)
        for serial, received in rows
        if serial in ids and limit.is_enabled
    ]
    raising.raise_all(triggers=triggers, now=now)
    _clear_conflicts(now - timedelta(seconds=limit.off_delay_s), now)
    return len(triggers)


def _clear_conflicts(quiet_since: datetime, now: datetime) -> None:
    over = [
        matter
        for matter, alert in matters.open_matters(kinds=[Kind.CONFLICT]).items()
        if alert.holds and alert.last_at <= quiet_since
    ]
    if over:
        raising.clear_all(matters=over, now=now)
