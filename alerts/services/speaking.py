"""The words of a notice, in the language and the zone of its reader."""

import json
from datetime import datetime

from django.utils import translation

from alerts import live
from alerts.choices import Occasion
from alerts.models import Alert, AlertEvent, Notice
from alerts.notifications import wording
from alerts.notifications.wording import Words
from alerts.selectors.hearing import Hearer


def words(notice: Notice, *, hearer: Hearer, now: datetime) -> Words:
    """Return what a person is told."""
    with translation.override(hearer.language):
        return _words(notice, hearer=hearer, now=now)


def _words(notice: Notice, *, hearer: Hearer, now: datetime) -> Words:
    if notice.occasion == Occasion.SUMMARY:
        members = _members(notice)
        return wording.of_many([_words(each, hearer=hearer, now=now).subject for each in members])
    if notice.occasion == Occasion.OUTAGE and notice.outage is not None:
        return wording.of_outage(notice.outage, zone=hearer.zone, now=now)
    if notice.occasion == Occasion.RESTORED and notice.outage is not None:
        return wording.of_restored(notice.outage, zone=hearer.zone, now=now)
    if notice.advice is not None:
        return wording.of_advice(notice.advice, zone=hearer.zone, now=now)
    if notice.alert is None:
        return wording.of_test()
    return wording.of_alert(
        notice.alert,
        occasion=Occasion(notice.occasion),
        zone=hearer.zone,
        now=now,
        note=_note(notice.event),
    )


def _members(notice: Notice) -> list[Notice]:
    related = ("alert", "event", "outage__service_point", "advice")
    return list(notice.members.select_related(*related).order_by("priority", "pk"))


def _note(event: AlertEvent | None) -> str:
    return "" if event is None else event.note


def body(notice: Notice, *, now: datetime) -> bytes:
    """Return what another system is told, as JSON; written anew for each attempt."""
    said = {
        "type": f"alert.{notice.occasion}" if notice.alert else "test",
        "timestamp": live.iso(notice.event.at if notice.event else now),
        "data": _data(notice.alert, notice.event),
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _data(alert: Alert | None, event: AlertEvent | None) -> dict[str, object]:
    if alert is None:
        return {}
    return live.alert_data(alert) | {"note": _note(event), "by": event.by if event else ""}
