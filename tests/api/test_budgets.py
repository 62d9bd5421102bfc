"""How many questions each list puts to the database: as many for many rows as for few.

`make bench-api` prints the same at 5,000 meters and 30 days of quarter-hours.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.choices import UserRole
from accounts.models import User
from accounts.services import keys
from benchmarks import quarters
from grid.models import RegionCapacity
from meters.models import LatestReading, Meter, QuarantinedReading
from segs_site.lib.models import DeadLetter
from segs_site.lib.periods import QUARTER, floor
from tariffs.models import PriceOverride, RatePlan, RegionPrice
from tests import worlds
from tests.accounts.builders import point_of, signed_in, takes_service
from tests.grid.builders import closed_minute, last_minute
from tests.tariffs import builders as pricing
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

FEW, MANY = 2, 12
HOUR = timedelta(hours=1)

# The first is always who asks: his token, his preferences and whether his sign-in goes on.
BUDGETS = {
    "/api/admin/grid/status": 2,
    "/api/admin/grid/load?minutes=1440": 4,
    "/api/admin/grid/topology": 2,
    "/api/admin/regions/stats": 2,
    "/api/admin/regions/North/capacities": 3,
    "/api/admin/meters": 2,
    "/api/admin/meters?search=MTR&state=reporting&ordering=-seen_at": 2,
    "/api/admin/meters.csv": 2,
    "/api/admin/meters/{meter}": 4,
    "/api/admin/meters/{meter}/history": 3,
    "/api/admin/top-consumers?region=North": 2,
    "/api/admin/quarantine": 2,
    "/api/admin/dead-letters": 2,
    "/api/admin/metrics": 1,
    "/api/admin/users": 2,
    "/api/admin/users?search=neighbour": 2,
    "/api/admin/api-keys": 2,
    "/api/admin/audit": 2,
    "/api/tariffs/current": 2,
    "/api/tariffs/regions/North": 4,
    "/api/tariffs/history?region=North": 3,
    "/api/tariffs/estimate?region=North&kwh=100": 4,
    "/api/tariffs/forecast?region=North": 2,
    "/api/tariffs/plans": 2,
    "/api/admin/tariffs/analytics?region=North": 4,
    "/api/admin/tariffs/override": 2,
    "/api/telemetry/my-meters": 3,
    "/api/telemetry/history?meter=MTR-OWN-0": 3,
    "/api/telemetry/export.csv?meter=MTR-OWN-0": 4,
    "/api/telemetry/export.xml?meter=MTR-OWN-0": 4,
    "/api/telemetry/stats": 3,
    "/api/telemetry/daily": 3,
    "/api/telemetry/monthly": 3,
    "/api/users/{ada}/consumption?granularity=15m": 3,
    "/api/users/{ada}/consumption/summary": 3,
}


class World:
    """A grid that grows: Ada administers it, and is supplied in it."""

    def __init__(self, grid: SmallGrid, ada: User, now: datetime) -> None:
        self._grid, self._ada, self._now = grid, ada, now
        self._made = 0
        pricing.policy()
        closed_minute(grid.north, last_minute(now))
        for back in range(3):
            pricing.decide(grid.north, now=now - (2 - back) * HOUR)

    def grow(self, count: int) -> None:
        """Add so many rows to every list."""
        for number in range(self._made, self._made + count):
            self._add(number)
        self._made += count

    def _add(self, number: int) -> None:
        now, since = self._now, self._now - timedelta(days=2)
        meter = worlds.meter(f"MTR-OWN-{number}", region=self._grid.north, since=since)
        takes_service(self._ada, point_of(meter), since=since)
        end = floor(now, QUARTER)
        quarters.fill([meter.pk], start=end - HOUR * (1 + number % 3), end=end)
        LatestReading.objects.create(meter=meter, ts=now, power_mw=1, received_at=now)
        QuarantinedReading.objects.create(
            serial=meter.serial, reason="conflict", raw="{}", received_at=now, origin=f"1-{number}"
        )
        DeadLetter.objects.create(
            shard=0, letter=f"{number}-0", origin="1-1", reason="broken", size=9
        )
        RegionCapacity.objects.create(
            region=self._grid.north, capacity_kw=100, effective_from=now + HOUR * (1 + number)
        )
        User.objects.create_user(f"neighbour-{number}@home.example", role=UserRole.CUSTOMER)
        keys.hand_out(name=f"head-end {number}", expires_at=None, now=now)
        RatePlan.objects.create(code=f"PLAN-{number}", name="Plan")
        PriceOverride.objects.create(
            region=self._grid.north,
            starts_at=now + HOUR * number,
            ends_at=now + HOUR * (number + 1),
            price=Decimal("0.3"),
            reason="storm",
            requester_id=self._ada.pk,
            needs_approval=False,
            requested_by=self._ada.email,
            requested_at=now,
        )


@pytest.fixture
def world(small_grid: SmallGrid, ada: User, now: datetime) -> World:
    cache.clear()
    return World(small_grid, ada, now)


@pytest.fixture
def counted(ada: User) -> Callable[[], dict[str, int]]:
    """Ask everything twice, and return how many questions the second time took."""

    def count() -> dict[str, int]:
        names = {"ada": ada.pk, "meter": Meter.objects.get(serial="MTR-OWN-0").pk}
        cache.clear()
        return {path: questions(path.format(**names)) for path in BUDGETS}

    def questions(path: str) -> int:
        client: Any = signed_in(ada)
        read(client.get(path))
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
            read(answer)
        assert answer.status_code == 200, (path, answer.content)
        return len(asked)

    def read(answer: Any) -> bytes:
        return b"".join(answer)

    return count


class TestLists:
    def test_cost_as_many_queries_for_many_rows_as_for_few(
        self, world: World, counted: Callable[[], dict[str, int]]
    ) -> None:
        world.grow(FEW)
        few = counted()
        world.grow(MANY)

        assert (few, counted()) == (BUDGETS, BUDGETS)
        assert RegionPrice.objects.exists()
