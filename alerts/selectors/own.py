"""What a customer may know of alerts: those of his own meters, in his own time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from accounts.selectors import Counted, Stay, Supply
from alerts.choices import State
from alerts.conditions import wording
from alerts.conditions.kinds import Kind
from alerts.models import Alert
from alerts.models.alerts import AlertQuerySet


@dataclass(frozen=True, slots=True)
class OwnAlert:
    """An alert in plain words, of the language that is active.

    `since` and `until` lie within the customer's own time.
    `expected_until` is the end of planned work, where that is the reason.
    """

    id: int
    kind: str
    status: str
    is_over: bool
    message: str
    service_point: str
    address: str
    meter: str
    since: datetime
    until: datetime | None
    expected_until: datetime | None


def of(supplies: Iterable[Supply]) -> AlertQuerySet:
    """Return the alerts of the meters that counted for a customer, while they did."""
    mine = Q(pk__in=[])
    for supply in supplies:
        for meter in supply.meters:
            mine |= _during(meter)
    found = Alert.objects.annotate(over_at=Coalesce("cleared_at", "resolved_at"))
    return found.filter(mine).select_related("meter", "parent", "planned_work")


def _during(meter: Counted) -> Q:
    found = Q(meter=meter.meter_id)
    if meter.stay.end is not None:
        found &= Q(first_at__lt=meter.stay.end)
    if meter.stay.start is not None:
        found &= Q(over_at=None) | Q(over_at__gt=meter.stay.start)
    return found


def shown(alerts: Iterable[Alert], supplies: Iterable[Supply], *, now: datetime) -> list[OwnAlert]:
    """Return alerts of `of` as their customer sees them."""
    counted = [(supply, meter) for supply in supplies for meter in supply.meters]
    return [_shown(alert, *_his(alert, counted), now) for alert in alerts]


def _his(alert: Alert, counted: Iterable[tuple[Supply, Counted]]) -> tuple[Supply, Stay]:
    """Return the newest stay that an alert touches."""
    over_at = alert.cleared_at or alert.resolved_at
    return [
        (supply, meter.stay)
        for supply, meter in counted
        if meter.meter_id == alert.meter_id
        and (meter.stay.end is None or alert.first_at < meter.stay.end)
        and (meter.stay.start is None or over_at is None or over_at > meter.stay.start)
    ][-1]


def _shown(alert: Alert, supply: Supply, stay: Stay, now: datetime) -> OwnAlert:
    ends = [each for each in (alert.cleared_at or alert.resolved_at, stay.end) if each]
    until = min(ends) if ends and min(ends) <= now else None
    has_left = stay.end is not None and stay.end <= now
    work = alert.planned_work
    return OwnAlert(
        id=alert.pk,
        kind=alert.kind,
        status=State.RESOLVED if has_left else alert.state,
        is_over=until is not None,
        message=_said(alert),
        service_point=supply.point,
        address=supply.address,
        meter=alert.meter.serial if alert.meter else "",
        since=max(alert.first_at, stay.start) if stay.start else alert.first_at,
        until=until,
        expected_until=work.during.upper if work else None,
    )


def _said(alert: Alert) -> str:
    sentences = wording.for_customer(
        Kind(alert.kind),
        is_explained=alert.parent_id is not None,
        is_planned=alert.planned_work_id is not None,
        is_known=alert.is_known,
    )
    return " ".join(gettext(sentence) for sentence in sentences)
