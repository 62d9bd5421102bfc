"""Closed minutes for tests of the grid."""

from datetime import datetime, timedelta
from typing import Any

from grid.models import Region, RegionMinute
from segs_site.lib import periods

MINUTE = timedelta(minutes=1)


def closed_minute(region: Region, start: datetime, **columns: Any) -> RegionMinute:
    """A minute in which 3 of 4 meters drew 75 of 100 kW together."""
    known = {
        "load_mw": 75_000_000,
        "mean_mw": 25_000_000,
        "min_mw": 5_000_000,
        "max_mw": 40_000_000,
        "energy_mwh": 1_250_000,
        "meters_reporting": 3,
        "meters_expected": 4,
        "capacity_mw": 100_000_000,
        "load_known": True,
    }
    values = known | columns
    return RegionMinute.objects.create(
        region=region, start=start, revised_at=start + MINUTE, **values
    )


def last_minute(now: datetime) -> datetime:
    """The newest minute that can be closed."""
    return periods.floor(now, MINUTE) - MINUTE
