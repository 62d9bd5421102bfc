"""What electricity costs: now and next.

The prices in force are cached until the next one begins; a cache that is away costs a query.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

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


_ELSEWHERE = {  # what is not a column of its own name
    "tariff_id": "pk",
    "region": "region__code",
    "name": "region__name",
    "price_per_kwh": "price",
    "effective_from": "starts_at",
    "effective_until": "ends_at",
    "policy_version": "policy__version",
}
_COLUMNS = {field.name: _ELSEWHERE.get(field.name, field.name) for field in fields(Tariff)}


def newest_slot(*, region_id: int) -> RegionPrice | None:
    """Return the last slot that was decided for a region."""
    return RegionPrice.objects.of(region_id).order_by("-starts_at").first()


def newest_by_load(*, region_id: int) -> RegionPrice | None:
    """Return the last slot of a region that a known load decided."""
    by_load = RegionPrice.objects.of(region_id).filter(triggered_by="AUTO")
    return by_load.order_by("-starts_at").first()


def as_rows(prices: QuerySet[RegionPrice]) -> QuerySet[RegionPrice, dict[str, Any]]:
    """Read what `tariff` takes, a dict a row: three models a row cost more than the question."""
    return prices.values(*_COLUMNS.values())


def tariff(row: Mapping[str, Any]) -> Tariff:
    """Return a row of `as_rows` as it leaves the app."""
    return Tariff(**{name: row[column] for name, column in _COLUMNS.items()})


def current(*, now: datetime) -> dict[str, Tariff]:
    """Return the price in force in each region, by code; a region without one is absent."""
    cached = _cached(now)
    if cached is not None:
        return cached
    rows = RegionPrice.objects.filter(starts_at__lte=now, ends_at__gt=now)
    found = [tariff(row) for row in as_rows(rows).order_by("region__code")]
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
    return {row["region__code"]: tariff(row) for row in as_rows(rows)}


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
