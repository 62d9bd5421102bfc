"""The days before a run, as quarter-hours that are stored already.

A utility brings its history along: what is usual need not be played for weeks. The same life is
looked at a few times a quarter-hour; how the detector learns from it is the product's business.
"""

from datetime import UTC, datetime

import numpy as np

from benchmarks.alerts_life import Floats, Life
from benchmarks.alerts_world import World
from meters.models.readings import QUARTERS
from segs_site.lib import bulk, partitions, pgcopy
from segs_site.lib.quantities import MW_PER_KW, Quality

DAYS = 14
QUARTER_MS, DAY_MS = 900_000, 86_400_000
LOOKS = 3  # a quarter-hour
COLUMNS = (
    "start, mean_mw, min_mw, max_mw, energy_mwh, estimated_mwh, revised_at, meter_id, count,"
    " expected, quality"
)


def lay(world: World, life: Life, *, until_ms: int) -> None:
    """Store the quarter-hours of the two weeks before `until_ms`."""
    first = until_ms - DAYS * DAY_MS
    days = [datetime.fromtimestamp((first + day * DAY_MS) / 1000, UTC) for day in range(DAYS + 1)]
    partitions.ensure(QUARTERS, [day.date() for day in days])
    for start_ms in range(first, until_ms, DAY_MS):
        starts = range(start_ms, start_ms + DAY_MS, QUARTER_MS)
        body = pgcopy.rows(
            _columns(world, np.stack([_quarter(life, ms) for ms in starts]), starts)
        )
        bulk.copy_in(table="meters_quarter", columns=COLUMNS, body=body)


def _quarter(life: Life, start_ms: int) -> Floats:
    """Return mean, lowest and highest power of each meter, in milliwatts."""
    step = QUARTER_MS // LOOKS
    seen = np.stack([life.power_kw(start_ms + step // 2 + look * step) for look in range(LOOKS)])
    return np.rint(MW_PER_KW * np.stack([seen.mean(0), seen.min(0), seen.max(0)]))


def _columns(world: World, told: Floats, starts: range) -> list[pgcopy.Field]:
    quarters, _, meters = told.shape
    count = quarters * meters
    mean, low, high = (told[:, place].ravel().astype(np.int64) for place in range(3))
    start_us = np.repeat(np.array(starts, np.int64) * 1000, meters)
    return [
        pgcopy.timestamps(start_us),
        pgcopy.Fixed(mean, ">i8"),
        pgcopy.Fixed(low, ">i8"),
        pgcopy.Fixed(high, ">i8"),
        pgcopy.Fixed(mean // 4, ">i8"),
        pgcopy.Fixed(np.zeros(count, np.int64), ">i8"),
        pgcopy.timestamps(start_us + QUARTER_MS * 1000),
        pgcopy.Fixed(np.tile(world.meter_ids, quarters), ">i4"),
        pgcopy.Fixed(np.full(count, LOOKS), ">i4"),
        pgcopy.Fixed(np.full(count, LOOKS), ">i4"),
        pgcopy.Fixed(np.full(count, int(Quality.ACTUAL)), ">i2"),
    ]
