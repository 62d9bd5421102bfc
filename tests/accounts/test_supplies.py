"""The one rule for what a customer may see of meters."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts import selectors
from accounts.models import User
from meters.models import MeterInstallation
from segs_site.lib.periods import Period
from tests import worlds
from tests.accounts.builders import point_of, takes_service
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


class TestSupplies:
    def test_are_none_for_a_user_who_is_no_customer(
        self, olga: User, small_grid: SmallGrid
    ) -> None:
        assert selectors.supplies(user_id=olga.pk) == []

    def test_end_with_the_agreement_though_the_meter_stays(
        self, carl: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        meter = small_grid.north_meters[0]
        since, until = now - 9 * DAY, now - 3 * DAY
        takes_service(carl, point_of(meter), since=since, until=until)

        (supply,) = selectors.supplies(user_id=carl.pk)

        assert (supply.stay.start, supply.stay.end) == (since, until)
        (counted,) = supply.meters
        assert (counted.serial, counted.stay.start, counted.stay.end) == (
            meter.serial,
            since,
            until,
        )

    def test_follow_an_exchange_of_the_meter(
        self, carl: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        old_meter = small_grid.north_meters[0]
        point = point_of(old_meter)
        exchanged = now - 2 * DAY
        since = now - 5 * DAY
        takes_service(carl, point, since=since)
        hanging = MeterInstallation.objects.get(meter=old_meter)
        hanging.during = (hanging.during.lower, exchanged)
        hanging.save()
        new_meter = worlds.meter("MTR-NEW", region=small_grid.north, since=now)
        MeterInstallation.objects.filter(meter=new_meter).update(
            service_point=point, during=(exchanged, None)
        )

        (supply,) = selectors.supplies(user_id=carl.pk)

        assert [(m.serial, m.stay.start, m.stay.end) for m in supply.meters] == [
            (old_meter.serial, since, exchanged),
            ("MTR-NEW", exchanged, None),
        ]

    def test_show_a_service_point_at_which_nothing_hangs(
        self, carl: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        point = point_of(small_grid.north_meters[0])
        MeterInstallation.objects.filter(service_point=point).delete()
        takes_service(carl, point, since=now - DAY)

        (supply,) = selectors.supplies(user_id=carl.pk)

        assert (supply.point, supply.meters) == (point.code, ())

    def test_cost_one_query(
        self, carl: User, small_grid: SmallGrid, now: datetime, django_assert_num_queries
    ) -> None:
        for meter in small_grid.north_meters:
            takes_service(carl, point_of(meter), since=now - DAY)

        with django_assert_num_queries(1):
            assert len(selectors.supplies(user_id=carl.pk)) == 3


class TestSpansOfMeter:
    def test_cuts_a_period_to_the_stay(
        self, carl: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        meter = small_grid.north_meters[0]
        takes_service(carl, point_of(meter), since=now - 2 * DAY, until=now - DAY)
        supplies = selectors.supplies(user_id=carl.pk)

        (span,) = selectors.spans_of_meter(
            supplies, serial=meter.serial, period=Period(now - 9 * DAY, now)
        )

        assert span.period == Period(now - 2 * DAY, now - DAY)

    def test_refuses_a_meter_of_somebody_else_and_one_that_is_not_there(
        self, carl: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        takes_service(carl, point_of(small_grid.north_meters[0]), since=now - DAY)
        supplies = selectors.supplies(user_id=carl.pk)
        period = Period(now - DAY, now)

        for serial in (small_grid.south_meters[0].serial, "MTR-NOWHERE"):
            with pytest.raises(selectors.NotYours):
                selectors.spans_of_meter(supplies, serial=serial, period=period)


class TestStay:
    @pytest.mark.parametrize(
        ("start", "end"),
        [(None, None), (datetime(2000, 1, 1, tzinfo=UTC), None)],
        ids=["ever", "since 2000"],
    )
    def test_without_an_end_leaves_a_period_whole(
        self, start: datetime | None, end: datetime | None, now: datetime
    ) -> None:
        period = Period(now - DAY, now)

        assert selectors.Stay(start, end).within(period) == period

    def test_that_touches_a_period_shares_nothing_with_it(self, now: datetime) -> None:
        assert selectors.Stay(None, now).within(Period(now, now + DAY)) is None
        assert not selectors.Stay(None, now).includes(now)
