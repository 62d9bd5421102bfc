"""Fixtures of the tests of prices: a priced region and an empty cache."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from grid.models import Region, RegionQuarter
from segs_site.lib.periods import MINUTE, QUARTER, floor
from tariffs.models import RegionPrice
from tests import worlds
from tests.accounts.builders import point_of, takes_service
from tests.tariffs import builders


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def priced(small_grid: worlds.SmallGrid, now: datetime) -> list[RegionPrice]:
    """The last two slots of North and the present one, decided by 80, 40 and 95 %."""
    builders.policy()
    start = floor(now, QUARTER) - 2 * QUARTER
    rows = []
    for place, pct in enumerate((80, 40, 95)):
        decided = start + place * QUARTER - MINUTE
        builders.load(small_grid.north, pct, until=decided)
        # the first slot is a short one: North had no price before
        rows += builders.decide(small_grid.north, now=decided if place else start - QUARTER)
        rows += builders.decide(small_grid.north, now=decided) if not place else []
    return rows[1:]


@pytest.fixture
def used(
    priced: list[RegionPrice], small_grid: worlds.SmallGrid, carl: User, now: datetime
) -> list[RegionPrice]:
    """The priced slots, 10 kWh used in each of them, and Carl as the customer of one meter."""
    for row in priced:
        RegionQuarter.objects.create(
            region_id=row.region_id,
            start=row.starts_at,
            energy_mwh=10_000_000,
            meters_reporting=3,
            meters_expected=3,
            load_known=True,
            revised_at=now,
        )
    meter = small_grid.north_meters[0]
    takes_service(carl, point_of(meter), since=now - timedelta(days=9))
    return priced


@pytest.fixture
def north(small_grid: worlds.SmallGrid) -> Region:
    return small_grid.north


def by_token(user: User) -> Client:
    """A client of the API."""
    return Client(headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})


def ahead(now: datetime) -> tuple[datetime, datetime]:
    """A window of an hour that is still undecided."""
    start = floor(now, QUARTER) + 2 * QUARTER
    return start, start + timedelta(hours=1)
