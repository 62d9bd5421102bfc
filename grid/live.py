"""Live events of the grid: a region's load, as soon as its minute is closed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from grid import loading
from grid.models import Region, RegionLoad
from segs_site.lib import live
from segs_site.lib.quantities import to_kw

GROUP = "grid"
STREAM = "aggregates_1m_regional"


def load_data(row: RegionLoad, *, region: str) -> dict[str, Any]:
    """Return a minute's load for listeners: kW and %, None where unknown; start as ISO 8601."""
    load_mw = row.load_mw if row.load_known else None
    return {
        "region": region,
        "timestamp": row.start.isoformat().replace("+00:00", "Z"),
        "meter_count": row.meters_reporting,
        "total_consumption": to_kw(load_mw),
        "avg_consumption": to_kw(row.mean_mw),
        "max_consumption": to_kw(row.max_mw),
        "min_consumption": to_kw(row.min_mw),
        "load_percentage": loading.load_pct(load_mw, row.capacity_mw),
        "coverage_pct": loading.coverage_pct(row.meters_reporting, row.meters_expected),
    }


def load_events(loads: Iterable[RegionLoad], *, codes: dict[int, str]) -> list[live.Event]:
    """Return one event a row; `codes` names the regions by id."""
    return [
        live.Event(GROUP, "load", load_data(row, region=codes[row.region_id]), STREAM)
        for row in loads
    ]


def announce_loads(*, loads: Sequence[RegionLoad], now: datetime) -> None:
    """Announce closed minutes in the caller's transaction, which has written them."""
    regions = Region.objects.filter(pk__in={row.region_id for row in loads})
    codes = dict(regions.values_list("pk", "code"))
    live.announce(load_events(loads, codes=codes), now=now)
