"""How strong a region's supply must be for the meters on it: for whoever builds a demo grid."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from workers.simulator import moments
from workers.simulator.fleet import DEMO_REGIONS, DEMO_SEED, DEMO_ZONE, Fleet
from workers.simulator.households import Households

EVENING_PEAK_SHARE: Final = 0.80  # of capacity; scenario `peak` then passes 95 % with ease


def regional_peak_kw(
    *,
    meters: int,
    now: datetime,
    regions: tuple[str, ...] = DEMO_REGIONS,
    seed: int = DEMO_SEED,
    zone: str = DEMO_ZONE,
) -> dict[str, float]:
    """Return each region's highest load in scenario `normal` over the week from `now`, in kW.

    Looked at every quarter-hour from 17 to 22 local time. `meters`, `regions` and `seed` are
    those the simulator will run with. Costs about half a second for 5,000 meters.
    """
    fleet = Fleet(meters, regions)
    clock = ZoneInfo(zone)
    households = Households(fleet, seed=seed, zone=clock)
    first = now.astimezone(clock).replace(hour=17, minute=0, second=0, microsecond=0)
    instants = [
        first + timedelta(days=day, minutes=15 * quarter)
        for day in range(7)
        for quarter in range(21)
    ]
    loads = [
        np.bincount(
            fleet.region_of,
            households.power_kw(moments.milliseconds(instant)),
            len(regions),
        )
        for instant in instants
    ]
    return dict(zip(regions, np.max(loads, axis=0).tolist(), strict=True))


def regional_capacity_kw(
    *,
    meters: int,
    now: datetime,
    regions: tuple[str, ...] = DEMO_REGIONS,
    seed: int = DEMO_SEED,
    zone: str = DEMO_ZONE,
) -> dict[str, float]:
    """Return capacities of which the evening peak of the coming week is 80 %, in kW."""
    peaks = regional_peak_kw(meters=meters, regions=regions, seed=seed, now=now, zone=zone)
    return {region: peak / EVENING_PEAK_SHARE for region, peak in peaks.items()}
