"""Which meters hang where, and what each said last."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from meters import selectors
from meters.models import LatestReading, Meter
from segs_site.lib import periods
from tests import worlds

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def epoch_us(moment: datetime) -> int:
    return (moment - periods.EPOCH) // timedelta(microseconds=1)


def said(meter: Meter, power_mw: int, ts: datetime, received_at: datetime) -> None:
    LatestReading.objects.create(meter=meter, power_mw=power_mw, ts=ts, received_at=received_at)


class TestInstalled:
    def test_holds_meters_in_order_of_id(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        them = selectors.installed(now=now)

        meters = [*small_grid.north_meters, *small_grid.south_meters]
        assert them.meter_ids.tolist() == [meter.pk for meter in meters]
        assert set(them.limit_mw.tolist()) == {100_000_000}
        assert set(them.interval_us.tolist()) == {10_000_000}

    def test_leaves_out_what_hangs_nowhere(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        removed = small_grid.north_meters[0]
        removed.installations.update(during=DateTimeTZRange(now - HOUR, now))

        assert removed.pk not in selectors.installed(now=now).meter_ids

    def test_is_current_until_a_planned_exchange(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        [installation] = small_grid.north_meters[0].installations.all()
        installation.during = DateTimeTZRange(installation.during.lower, now + HOUR)
        installation.save()

        them = selectors.installed(now=now)

        version = selectors.registry_version()
        assert them.is_current(registry_version=version, now=now)
        assert not them.is_current(registry_version=version, now=now + HOUR)
        assert not them.is_current(registry_version=version + 1, now=now)
        assert selectors.topology_version(now=now) == them.version
        assert selectors.topology_version(now=now + HOUR) != them.version

    def test_may_be_none(self, db: None, now: datetime) -> None:
        assert len(selectors.installed(now=now).meter_ids) == 0


class TestLatest:
    def test_is_aligned_to_the_meters_asked_for(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        first, silent, negative = small_grid.north_meters
        said(first, 1_500_000, now - HOUR, now)
        said(negative, -2_000_000, now, now)

        latest = selectors.latest().of(np.array([meter.pk for meter in (first, silent, negative)]))

        assert latest.power_mw.tolist() == [1_500_000, 0, -2_000_000]
        assert latest.received_us.tolist() == [epoch_us(now), 0, epoch_us(now)]
        assert latest.ts_us.tolist() == [epoch_us(now - HOUR), 0, epoch_us(now)]

    def test_may_be_empty(self, db: None) -> None:
        latest = selectors.latest()

        assert len(latest.meter_ids) == 0
        assert latest.of(np.array([7])).received_us.tolist() == [0]
