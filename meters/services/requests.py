"""What is asked of meters through their head-ends: rows that these fetch and answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from meters.choices import RequestAction, RequestState
from meters.models import GatewayRequest, Meter

PING_LASTS = timedelta(minutes=5)
FETCHED_AT_ONCE = 100


class NotYours(Exception):
    """The request does not exist, or is another head-end's."""


class NotWaiting(Exception):
    """The request is answered or has expired."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a head-end says: whether the meter answered, and anything else it has to say."""

    succeeded: bool
    text: str = ""


def ping(*, meters: Iterable[Meter], reason: str, now: datetime, by: str = "") -> int:
    """Ask meters whether they are there; one that is being asked already is not asked again."""
    wanted = list(meters)
    busy = set(
        GatewayRequest.objects.waiting(now=now)
        .filter(meter__in=wanted, action=RequestAction.PING)
        .values_list("meter_id", flat=True)
    )
    rows = [
        GatewayRequest(
            gateway_id=meter.gateway_id,
            meter=meter,
            action=RequestAction.PING,
            reason=reason,
            requested_at=now,
            requested_by=by,
            expires_at=now + PING_LASTS,
        )
        for meter in wanted
        if meter.pk not in busy
    ]
    return len(GatewayRequest.objects.bulk_create(rows))


@transaction.atomic
def fetch(*, key_prefix: str, now: datetime) -> list[GatewayRequest]:
    """Return, oldest first, what waits for the head-end with this key, and mark it as sent.

    What was fetched and is not answered comes again: a head-end may have lost it.
    """
    waiting = GatewayRequest.objects.waiting(now=now).filter(_of(key_prefix))
    rows = list(waiting.select_related("meter").order_by("id")[:FETCHED_AT_ONCE])
    GatewayRequest.objects.filter(
        pk__in=[row.pk for row in rows], state=RequestState.REQUESTED
    ).update(state=RequestState.SENT, sent_at=now)
    return rows


def answer(*, request_id: int, key_prefix: str, answer: Answer, now: datetime) -> None:
    """Write down what a head-end says, once. Raises NotYours or NotWaiting."""
    if not GatewayRequest.objects.filter(_of(key_prefix), pk=request_id).exists():
        raise NotYours
    answered = (
        GatewayRequest.objects.waiting(now=now)
        .filter(pk=request_id)
        .update(
            state=RequestState.ANSWERED,
            answered_at=now,
            succeeded=answer.succeeded,
            answer=answer.text[:500],
        )
    )
    if answered != 1:
        raise NotWaiting


def expire(*, now: datetime) -> int:
    """Close what nobody answered in time."""
    late = GatewayRequest.objects.filter(state__in=RequestState.waiting(), expires_at__lte=now)
    return late.update(state=RequestState.EXPIRED)


def _of(key_prefix: str) -> Q:
    """Match what a key may fetch: its own gateways', and those of gateways without a key."""
    return Q(gateway__key_prefix__in=[key_prefix, ""]) | Q(gateway=None)
