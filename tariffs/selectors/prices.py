"""What electricity costs: now and next.

The prices in force are cached until the next one begins; a cache that is away costs a query.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.cache import cache
from django.db import connection
from django.db.models import Min, QuerySet

from tariffs.models import RegionPrice

logger = logging.getLogger(__name__)

LONGEST_S = 60


@dataclass(frozen=True, slots=True)
class Tariff:
    """A decided price of one region per kWh in `currency`, and how it arose.

    `band_from_pct` is None where no load decided; `multiplier` where an override named a price.
    """

    tariff_id: int
    region: str
    name: str
    price_per_kwh: Decimal
    currency: str
    effective_from: datetime
    effective_until: datetime
    base_price: Decimal
    multiplier: Decimal | None
    band_from_pct: Decimal | None
    load_pct: Decimal | None
    coverage_pct: Decimal | None
    reason: str
    triggered_by: str
    flag: str
    old_price: Decimal | None
    decided_at: datetime
    policy_version: int
    override_id: int | None


def newest_slot(*, region_id: int) -> RegionPrice | None:
    """Return the last slot that was decided for a region."""
    return RegionPrice.objects.of(region_id).order_by("-starts_at").first()


def newest_by_load(*, region_id: int) -> RegionPrice | None:
    """Return the last slot of a region that a known load decided."""
    by_load = RegionPrice.objects.of(region_id).filter(triggered_by="AUTO")
    return by_load.order_by("-starts_at").first()


def with_names(rows: QuerySet[RegionPrice]) -> QuerySet[RegionPrice]:
    """Fetch what `tariff` reads along with the rows."""
    return rows.select_related("region", "policy")


def tariff(row: RegionPrice) -> Tariff:
    """Return a row as it leaves the app."""
    return Tariff(
        tariff_id=row.pk,
        region=row.region.code,
        name=row.region.name,
        price_per_kwh=row.price,
        currency=row.currency,
        effective_from=row.starts_at,
        effective_until=row.ends_at,
        base_price=row.base_price,
        multiplier=row.multiplier,
        band_from_pct=row.band_from_pct,
        load_pct=row.load_pct,
        coverage_pct=row.coverage_pct,
        reason=row.reason,
        triggered_by=row.triggered_by,
        flag=row.flag,
        old_price=row.old_price,
        decided_at=row.decided_at,
        policy_version=row.policy.version,
        override_id=row.override_id,
    )


def current(*, now: datetime) -> dict[str, Tariff]:
    """Return the price in force in each region, by code; a region without one is absent."""
    cached = _cached(now)
    if cached is not None:
        return cached
    rows = RegionPrice.objects.filter(starts_at__lte=now, ends_at__gt=now)
    found = [tariff(row) for row in with_names(rows).order_by("region__code")]
    if found:
        _keep(found, until=_next_change(found, now))
    return {each.region: each for each in found}


def _next_change(found: Iterable[Tariff], now: datetime) -> datetime:
    """Return when a price ends, or that of a region that has none yet begins."""
    undue = RegionPrice.objects.filter(ends_at__gt=now, starts_at__gt=now)
    first: datetime | None = undue.aggregate(first=Min("starts_at"))["first"]
    ends = [each.effective_until for each in found]
    return min(ends if first is None else [*ends, first])


def decided_next(*, now: datetime) -> dict[str, Tariff]:
    """Return the price of each region's next slot, by code, where it is decided already."""
    rows = RegionPrice.objects.filter(ends_at__gt=now, starts_at__gt=now).order_by("-starts_at")
    return {row.region.code: tariff(row) for row in with_names(rows)}


def _key() -> str:
    """Return where the prices in force are kept, with when they end: for this database alone."""
    return f"tariffs:current:{connection.settings_dict['NAME']}"


def forget_current() -> None:
    """Forget the cached prices: another one was decided."""
    try:
        cache.delete(_key())
    except Exception as problem:  # noqa: BLE001 each cache has errors of its own
        logger.warning("prices stay cached: %s", problem)


def _cached(now: datetime) -> dict[str, Tariff] | None:
    try:
        found: tuple[datetime, list[Tariff]] | None = cache.get(_key())
    except Exception as problem:  # noqa: BLE001 each cache has errors of its own
        logger.warning("prices are not cached: %s", problem)
        return None
    if found is None or now >= found[0] or any(now < each.effective_from for each in found[1]):
        return None
    return {each.region: each for each in found[1]}


def _keep(found: list[Tariff], *, until: datetime) -> None:
    try:
        cache.set(_key(), (until, found), LONGEST_S)
    except Exception as problem:  # noqa: BLE001
        logger.warning("prices are not cached: %s", problem)
