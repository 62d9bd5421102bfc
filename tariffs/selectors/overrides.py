"""What an override would do: which slots it prices, and what that is worth."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from grid.models import Region
from segs_site.lib.quantities import exact_kwh
from tariffs import pricing
from tariffs.models import PriceOverride, PricingPolicy
from tariffs.selectors import policies, prices

LOOK_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots that a window would price: start of the first and end of the last, if any."""

    policy: PricingPolicy | None
    first: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Worth:
    """What an override means in money.

    `energy_kwh` is the region's energy of the last 30 days as far as it is known, and
    `difference` what it would have cost more at the override's price than at the prices of then
    (at the base price where there were none).
    """

    price: Decimal
    base_price: Decimal
    currency: str
    energy_kwh: Decimal
    difference: Decimal


def slots(*, region_id: int, start: datetime, end: datetime, now: datetime) -> Slots:
    """Return which undecided slots begin in `[start, end)`, by the policies known now."""
    known = policies.policies()
    undecided = _next_to_decide(known, region_id, now)
    policy = known.at(max(undecided, start), region_id=region_id) if undecided else None
    if undecided is None or policy is None:
        return Slots(None, None, None)
    first = max(undecided, policies.ceiling(start, policy.slot))
    if first >= end:
        return Slots(policy, None, None)
    return Slots(policy, first, policies.ceiling(end, policy.slot))


def _next_to_decide(known: policies.Policies, region_id: int, now: datetime) -> datetime | None:
    """Return where the next slot begins that is not decided and not missed either."""
    newest = prices.newest_slot(region_id=region_id)
    newest_end = newest.ends_at if newest else None
    start = policies.next_start(newest_end, known, region_id=region_id, now=now)
    ruling = known.at(now, region_id=region_id)
    if start is None or start > now or ruling is None:
        return start
    return policies.slot_end(now, ruling.slot)


def worth(
    *, region: Region, policy: PricingPolicy, override: pricing.Override, now: datetime
) -> Worth:
    """Return what an override means in money, from the last 30 days."""
    price = pricing.overridden(policy.rules(), override).price
    parameters = {
        "region": region.pk,
        "start": now - LOOK_BACK,
        "end": now,
        "price": price,
        "base": policy.base_price,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WORTH, parameters)
        energy_mwh, difference = cursor.fetchone()
    return Worth(
        price=price,
        base_price=policy.base_price,
        currency=policy.currency,
        energy_kwh=exact_kwh(int(energy_mwh)),
        difference=Decimal(difference).quantize(Decimal("0.01")),
    )


def open_overrides(*, now: datetime) -> list[PriceOverride]:
    """Return the overrides that wait, act or will act, the next to end first."""
    return list(PriceOverride.objects.open(now).select_related("region").order_by("ends_at"))


def recent_overrides(*, now: datetime, limit: int = 20) -> list[PriceOverride]:
    """Return the newest of those that are over, ended or lapsed."""
    still_open = PriceOverride.objects.open(now).values("pk")
    closed = PriceOverride.objects.exclude(pk__in=still_open).select_related("region")
    return list(closed.order_by("-requested_at")[:limit])


# A quarter-hour's energy is taken to be spread evenly over its slots.
_WORTH = """
SELECT coalesce(sum(q.energy_mwh), 0),
       coalesce(sum(q.energy_mwh * (%(price)s - coalesce(p.price, %(base)s))), 0) / 1000000
FROM grid_regionquarter q
LEFT JOIN LATERAL (
    SELECT sum(price * seconds) / sum(seconds) AS price
    FROM tariffs_regionprice r
    CROSS JOIN LATERAL (SELECT extract(epoch FROM
        least(r.ends_at, q.start + interval '15 minutes') - greatest(r.starts_at, q.start)
    ) AS seconds) s
    WHERE r.region_id = q.region_id AND r.starts_at < q.start + interval '15 minutes'
      AND r.starts_at > q.start - interval '60 minutes' AND r.ends_at > q.start
) p ON true
WHERE q.region_id = %(region)s AND q.start >= %(start)s AND q.start < %(end)s
"""
