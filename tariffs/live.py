"""Live events of prices: a slot's price, in the transaction that decides it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from segs_site.lib import live
from tariffs.models import RegionPrice

GROUP = "grid"
STREAM = "tariff_updates"


def tariff_data(row: RegionPrice, *, region: str) -> dict[str, Any]:
    """Return a price for listeners: decimals as texts, instants as ISO 8601 in UTC."""
    return {
        "tariffId": row.pk,
        "region": region,
        "pricePerKwh": str(row.price),
        "effectiveFrom": _iso(row.starts_at),
        "effectiveUntil": _iso(row.ends_at),
        "reason": row.reason,
        "triggeredBy": row.triggered_by,
        "oldPrice": None if row.old_price is None else str(row.old_price),
    }


def announce_prices(*, rows: Iterable[RegionPrice], region: str, now: datetime) -> None:
    """Announce prices of one region in the caller's transaction, which has written them."""
    events = [live.Event(GROUP, "tariff", tariff_data(row, region=region), STREAM) for row in rows]
    live.announce(events, now=now)


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
