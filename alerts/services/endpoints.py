"""Endpoints of webhooks: made with a secret that is shown once, and what is sent to them."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from alerts.choices import Channel, Occasion, Priority, Severity
from alerts.models import Notice, WebhookEndpoint
from alerts.notifications import signing
from alerts.notifications.carriers import Parcel
from alerts.services import lanes, speaking
from grid.models import Region
from segs_site.lib import vault

PURPOSE = "alerts.webhooks"


def add(
    *,
    name: str,
    url: str,
    now: datetime,
    severity_from: Severity = Severity.LOW,
    regions: Collection[Region] = (),
    is_enabled: bool = True,
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint and return its secret once, as receivers need it."""
    secret = signing.new_secret()
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.create(
            name=name,
            url=url,
            secret=_sealed(secret),
            severity_from=severity_from,
            is_enabled=is_enabled,
            created_at=now,
        )
        endpoint.regions.set(regions)
    return endpoint, signing.spelled(secret)


def renew_secret(*, endpoint: WebhookEndpoint) -> str:
    """Give an endpoint another secret, and return it once; the old one signs nothing more."""
    secret = signing.new_secret()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(secret=_sealed(secret))
    return signing.spelled(secret)


def ask_for_test(*, endpoint: WebhookEndpoint, now: datetime) -> None:
    """Send a test to an endpoint, at once even if it was at rest."""
    lanes.wake(names=[endpoint.lane])
    Notice.objects.create(
        occasion=Occasion.TEST,
        channel=Channel.WEBHOOK,
        lane=endpoint.lane,
        priority=Priority.URGENT,
        endpoint=endpoint,
        created_at=now,
        due_at=now,
    )


def parcel(notice: Notice, *, now: datetime) -> Parcel:
    """Return what an endpoint is sent, signed."""
    endpoint = notice.endpoint
    if endpoint is None:
        raise NoEndpoint
    body = speaking.body(notice, now=now)
    secret = vault.of(PURPOSE).decrypt(bytes(endpoint.secret))
    message_id = str(notice.key)
    signed = signing.headers(secret=secret, message_id=message_id, body=body, now=now)
    headers = {"content-type": "application/json", "user-agent": "SEGS", **signed}
    return Parcel(id=message_id, to=endpoint.url, body=body, headers=headers)


class NoEndpoint(Exception):
    """The notice is a person's."""


def _sealed(secret: bytes) -> bytes:
    return vault.of(PURPOSE).encrypt(secret)
