"""Webhooks: signed posts to addresses that administrators of other systems gave."""

import ipaddress
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings

from alerts.notifications.carriers import Broken, Parcel, Receipt
from workers.carriers import addresses, posting


class WebhookCarrier:
    """Posts to the open Internet alone, and to networks that a setting names."""

    def __init__(self, *, total_s: float | None = None) -> None:
        self._total_s = total_s or posting.TOTAL_S
        self._own = [ipaddress.ip_network(text) for text in settings.SEGS_WEBHOOK_NETWORKS]

    def carry(self, parcel: Parcel, *, now: datetime) -> Receipt:
        """Post one message."""
        _check(parcel.to)
        return posting.post(
            parcel.to,
            body=parcel.body,
            headers=parcel.headers,
            resolve=partial(addresses.resolve, own=self._own),
            total_s=self._total_s,
        )


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (settings.SEGS_WEBHOOK_HTTP and parts.scheme == "http"):
        raise Broken("webhooks go by https alone")
    if parts.username or parts.password:
        raise Broken("a webhook's address holds no password")
