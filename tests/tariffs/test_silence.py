"""From meters that fall silent to the price that is held, and back: nothing between is faked."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from grid.models import Region
from meters.models import Meter, WindowClock
from meters.services import storing, windows
from segs_site.lib.periods import MINUTE, floor
from tariffs.models import LoadUnknown, RegionPrice
from tests import worlds
from tests.meters import readings
from tests.tariffs import builders

pytestmark = pytest.mark.django_db(transaction=True)

HOLD_MINUTES = 3


@pytest.fixture
def hour(transactional_db: None, now: datetime) -> datetime:
    """A whole hour, some time ago; minutes before it are closed."""
    start = floor(now, timedelta(hours=1)) - timedelta(hours=2)
    WindowClock.objects.update(closed_until=start)
    return start


@pytest.fixture
def north(hour: datetime) -> Region:
    """A region of 100 kW, priced by the minute."""
    builders.policy(slot_minutes=1, lead_s=30, hold_minutes=HOLD_MINUTES)
    return worlds.region("North", capacity_kw=100, since=builders.LONG_AGO)


@pytest.fixture
def ten_meters(north: Region) -> list[Meter]:
    return [
        worlds.meter(f"MTR-{place}", region=north, since=builders.LONG_AGO) for place in range(10)
    ]


def live_through(minute: datetime, meters: list[Meter], *, kw: float, region: Region) -> None:
    """Let meters draw so much for a minute, close it, and decide the next slot by it."""
    rows = [
        row
        for meter in meters
        for row in readings.every(meter, minute, seconds=10, count=6, kw=kw)
    ]
    end = minute + MINUTE
    for shard in sorted({meter.shard for meter in meters}):
        merged = storing.merge([readings.table([row for row in rows if row[0].shard == shard])])
        storing.ensure_partitions(readings=merged.readings, known=set())
        with transaction.atomic():
            marks = storing.read_watermarks(shard=shard)
            storing.store(shard=shard, merged=merged, watermarks=marks, now=end)
    while windows.close(consumed_until=end + windows.GRACE, now=end) != windows.NOTHING:
        pass
    builders.decide(region, now=end + timedelta(seconds=31))


class TestThreeOfTenMetersSilent:
    def test_do_not_lower_the_price_while_it_is_held(
        self, north: Region, ten_meters: list[Meter], hour: datetime
    ) -> None:
        live_through(hour, ten_meters, kw=8, region=north)
        for silent in range(1, 6):
            live_through(hour + silent * MINUTE, ten_meters[:7], kw=1, region=north)
        live_through(hour + 6 * MINUTE, ten_meters, kw=1, region=north)

        rows = list(RegionPrice.objects.order_by("starts_at"))
        assert [row.triggered_by for row in rows] == [
            "AUTO", *["HELD"] * HOLD_MINUTES, *["BASE"] * 2, "AUTO",
        ]  # fmt: skip
        assert [str(row.price) for row in rows] == [
            *["0.300000"] * (1 + HOLD_MINUTES), *["0.200000"] * 2, "0.160000",
        ]  # fmt: skip
        assert [row.coverage_pct for row in rows[1:6]] == [Decimal(70)] * 5
        assert {row.flag for row in rows[1:6]} == {"load_unknown"}
        stretch = LoadUnknown.objects.get()
        assert (stretch.since, stretch.until) == (rows[4].starts_at, rows[6].starts_at)
