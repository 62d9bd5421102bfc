"""What pings have shown: who is there, and which alert each was asked for."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from alerts.choices import Step
from alerts.conditions import fleet
from alerts.conditions.fleet import Ints
from alerts.conditions.kinds import On, Subject
from alerts.conditions.moment import ANSWER_HOLDS_US
from alerts.conditions.nodes import KINDS
from alerts.models import AlertEvent
from alerts.selectors import places
from meters.choices import RequestAction, RequestState
from meters.models import GatewayRequest
from segs_site.lib import periods

HOLDS = timedelta(microseconds=ANSWER_HOLDS_US)
LATEST = 5_000  # of all requests, which are looked through: in that time nobody can ask more
SPOKE = (Step.RAISED, Step.RETURNED, Step.CLEARED)  # what a sample is asked at

_ALIVE = """
SELECT DISTINCT ON (meter_id) meter_id, succeeded, answered_at
FROM (SELECT * FROM meters_gatewayrequest ORDER BY id DESC LIMIT %(latest)s) r
WHERE action = %(ping)s AND answered_at > %(since)s
ORDER BY meter_id, answered_at DESC
"""


def alive(*, meters: Ints, now: datetime) -> Ints:
    """Return when each meter (ids, in order) last answered a ping; 0 where it did not of late."""
    told: dict[str, Any] = {"latest": LATEST, "ping": RequestAction.PING, "since": now - HOLDS}
    with connection.cursor() as cursor:
        cursor.execute(_ALIVE, told)
        rows = [(pk, periods.microseconds(at)) for pk, succeeded, at in cursor if succeeded]
    ids, moments = np.array(rows, np.int64).reshape(-1, 2).T
    found, known = fleet.align(ids, meters)
    return np.where(known, moments[found], 0) if len(ids) else np.zeros(len(meters), np.int64)


def done(*, now: datetime) -> list[GatewayRequest]:
    """Return the pings that were answered of late, or fetched and not answered in time.

    What no head-end has fetched says nothing.
    """
    newest = GatewayRequest.objects.order_by("-pk").values("pk")[:LATEST]
    over = GatewayRequest.objects.filter(
        pk__in=newest,
        action=RequestAction.PING,
        state__in=(RequestState.ANSWERED, RequestState.EXPIRED),
        sent_at__isnull=False,
        expires_at__gt=now - HOLDS,
    )
    return list(over.select_related("meter").order_by("pk"))


def asked_for(pings: Iterable[GatewayRequest]) -> dict[int, int]:
    """Return by ping the alert of the highest node that it was asked for; some have none."""
    wanted = list(pings)
    where = places.places(
        {Subject(On.METER, ping.meter_id) for ping in wanted},
        now=max(ping.requested_at for ping in wanted),
    )
    spoken = {
        (at, key): alert
        for at, key, alert in AlertEvent.objects.filter(
            at__in={ping.requested_at for ping in wanted},
            step__in=SPOKE,
            alert__kind__in=KINDS.values(),
        ).values_list("at", "alert__subject", "alert_id")
    }
    found: dict[int, int] = {}
    for ping in wanted:
        place = where.get(Subject(On.METER, ping.meter_id), places.NOWHERE)
        for node in _above(place):
            alert = spoken.get((ping.requested_at, node.key))
            if alert is not None:
                found[ping.pk] = alert
                break
    return found


def _above(place: places.Place) -> list[Subject]:
    """Return the nodes above a place, the highest first."""
    ids = (
        (On.REGION, place.region_id),
        (On.FEEDER, place.feeder_id),
        (On.TRANSFORMER, place.transformer_id),
    )
    return [Subject(on, pk) for on, pk in ids if pk is not None]
