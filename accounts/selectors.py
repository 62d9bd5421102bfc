"""Questions about people and keys, and the one rule for what a customer may see.

A customer sees the service points of his agreements, in their periods, and nothing else. Pages,
API, exports and sockets ask `supplies`; nothing else decides it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from accounts.choices import KeyScope
from accounts.models import ApiKey, Passkey, ServiceAgreement, Totp, User
from meters.registry import Key
from meters.selectors.energy import Span
from segs_site.lib import access, keys
from segs_site.lib.periods import Period


def users() -> QuerySet[User]:
    """Return everybody, each with `has_second_factor`."""
    app = Totp.objects.filter(user=OuterRef("pk")).exclude(confirmed_at=None)
    passkey = Passkey.objects.filter(user=OuterRef("pk"))
    return User.objects.annotate(has_second_factor=Exists(app) | Exists(passkey))


def ingest_keys() -> dict[str, Key]:
    """Return the keys that send telemetry, by digest, each with its end.

    Those that have ended are among them, so that their holders are told. The demo's key, which
    stands in the documentation, opens nothing where DEBUG is off.
    """
    found = _that_send()
    return {key.sha256: Key(key.name, _end(key.expires_at, key.revoked_at)) for key in found}


def ingest_key(key: str) -> ApiKey | None:
    """Return the row of a key that sends telemetry, ended or not; None where it is unknown."""
    return _that_send().filter(sha256=keys.digest(key)).first()


def _that_send() -> QuerySet[ApiKey]:
    found = ApiKey.objects.filter(scope=KeyScope.INGEST)
    if not settings.DEBUG:
        found = found.exclude(sha256=keys.digest(access.DEMO_KEY))
    return found


def _end(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


_SUPPLIES = """
SELECT p.id, p.code, p.address, r.code, lower(a.during), upper(a.during),
       m.id, m.serial, m.reading_interval_s,
       lower(i.during * a.during), upper(i.during * a.during)
FROM accounts_customer c
JOIN accounts_customeraccount n ON n.customer_id = c.id
JOIN accounts_serviceagreement a ON a.account_id = n.id AND NOT isempty(a.during)
JOIN meters_servicepoint p ON p.id = a.service_point_id
JOIN grid_region r ON r.id = p.region_id
LEFT JOIN meters_meterinstallation i ON i.service_point_id = p.id AND i.during && a.during
LEFT JOIN meters_meter m ON m.id = i.meter_id
WHERE c.user_id = %s
ORDER BY p.code, lower(a.during) NULLS FIRST, lower(i.during) NULLS FIRST
"""


@dataclass(frozen=True, slots=True)
class Stay:
    """Half-open; None where it has no beginning or no end."""

    start: datetime | None
    end: datetime | None

    def within(self, period: Period) -> Period | None:
        """Return the part of a period that lies in the stay; None when there is none."""
        start = max(self.start or period.start, period.start)
        end = min(self.end or period.end, period.end)
        return Period(start, end) if start < end else None

    def includes(self, moment: datetime) -> bool:
        """Tell whether a moment lies in the stay."""
        return (self.start is None or self.start <= moment) and (
            self.end is None or moment < self.end
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """A meter, for as long as it counted for the customer."""

    meter_id: int
    serial: str
    interval_s: int
    stay: Stay


@dataclass(frozen=True, slots=True)
class Supply:
    """A service point that a customer takes service at, for one agreement's time."""

    point_id: int
    point: str
    address: str
    region: str
    stay: Stay
    meters: tuple[Counted, ...]


def supplies(*, user_id: int) -> list[Supply]:
    """Return everything that a user, as a customer, may see of meters: one query.

    In order of service point and time. Empty for whoever is no customer.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SUPPLIES, [user_id])
        rows = cursor.fetchall()
    found: dict[tuple[Any, ...], list[Counted]] = {}
    for row in rows:
        meters = found.setdefault(row[:6], [])
        if row[6] is not None:
            meters.append(Counted(row[6], row[7], row[8], Stay(row[9], row[10])))
    return [_supply(head, meters) for head, meters in found.items()]


def _supply(head: tuple[Any, ...], meters: Iterable[Counted]) -> Supply:
    point_id, point, address, region, start, end = head
    return Supply(point_id, point, address, region, Stay(start, end), tuple(meters))


def spans_of(supplies: Iterable[Supply], *, period: Period) -> list[Span]:
    """Return the meters that count within a period, by service point."""
    return [
        Span(supply.point_id, meter.meter_id, part, supply.stay.within(period))
        for supply in supplies
        for meter in supply.meters
        if (part := meter.stay.within(period)) is not None
    ]


def spans_of_meter(supplies: Iterable[Supply], *, serial: str, period: Period) -> list[Span]:
    """Return when one meter counts within a period; raises NotYours when it never does."""
    own = [
        (supply, meter) for supply in supplies for meter in supply.meters if meter.serial == serial
    ]
    if not own:
        raise NotYours
    return [
        Span(0, meter.meter_id, part, supply.stay.within(period))
        for supply, meter in own
        if (part := meter.stay.within(period)) is not None
    ]


class NotYours(LookupError):
    """What was named is not the customer's, or does not exist: he is not told which."""


def customers_in(*, region_id: int, period: Period) -> int:
    """Return how many customers are supplied in a region at some instant of a period."""
    agreements = ServiceAgreement.objects.filter(
        service_point__region=region_id, during__overlap=(period.start, period.end)
    )
    return agreements.values("account__customer").distinct().count()
