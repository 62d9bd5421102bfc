"""What the database itself refuses, whoever writes to it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from accounts import services as accounts_services
from accounts.models import Customer, CustomerAccount, ServiceAgreement, User
from grid.models import Feeder, Region, RegionCapacity, RegionMinute
from meters.choices import Direction, Unit
from meters.models import (
    READINGS,
    Channel,
    IntervalRead,
    Meter,
    MeterInstallation,
    QuarantinedReading,
    ReadFile,
    Reading,
    ServicePoint,
)
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.models import OutboxEvent, RegistryVersion
from tariffs.models import RatePlan
from tests import worlds

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def spare(small_grid: worlds.SmallGrid, now: datetime) -> Meter:
    """A meter on the shelf."""
    return Meter.objects.create(serial="MTR-SPARE", shard=0, limit_kw=100, registered_at=now)


@pytest.fixture
def empty_point(small_grid: worlds.SmallGrid) -> ServicePoint:
    """A service point where no meter hangs."""
    return ServicePoint.objects.create(code="SP-EMPTY", region=small_grid.north)


@pytest.fixture
def carls_account(carl: User) -> CustomerAccount:
    customer = Customer.objects.create(code="USR-CARL", name="Carl", user=carl)
    return CustomerAccount.objects.create(number="A-1", customer=customer)


@pytest.fixture
def plan() -> RatePlan:
    return RatePlan.objects.create(code="flat", name="Flat", currency="EUR")


class TestInstallation:
    def test_of_one_meter_in_two_places_is_refused(
        self, small_grid: worlds.SmallGrid, empty_point: ServicePoint, now: datetime
    ) -> None:
        hanging = small_grid.north_meters[0]

        with pytest.raises(IntegrityError, match="meter_in_one_place"):
            MeterInstallation.objects.create(
                meter=hanging, service_point=empty_point, during=(now, None)
            )

    def test_of_two_meters_in_one_place_is_refused(
        self, small_grid: worlds.SmallGrid, spare: Meter, now: datetime
    ) -> None:
        taken = small_grid.north_meters[0].installations.get().service_point

        with pytest.raises(IntegrityError, match="service_point_one_meter"):
            MeterInstallation.objects.create(
                meter=spare, service_point=taken, during=(now - DAY, now)
            )

    def test_may_begin_at_the_moment_the_last_one_ends(
        self, small_grid: worlds.SmallGrid, spare: Meter, now: datetime
    ) -> None:
        old = small_grid.north_meters[0].installations.get()
        MeterInstallation.objects.filter(pk=old.pk).update(during=(now - DAY, now))

        new = MeterInstallation.objects.create(
            meter=spare, service_point=old.service_point, during=(now, None)
        )

        assert old.service_point.installations.count() == 2
        new.refresh_from_db()
        assert (new.during.lower, new.during.upper, new.during.bounds) == (now, None, "[)")


class TestServiceAgreement:
    def test_of_two_accounts_at_one_point_at_a_time_is_refused(
        self,
        empty_point: ServicePoint,
        carls_account: CustomerAccount,
        plan: RatePlan,
        now: datetime,
    ) -> None:
        customer = Customer.objects.create(code="USR-NINA", name="Nina")
        ninas = CustomerAccount.objects.create(number="A-2", customer=customer)
        shared = {"service_point": empty_point, "plan": plan}
        ServiceAgreement.objects.create(account=carls_account, during=(now - DAY, None), **shared)

        with pytest.raises(IntegrityError, match="service_point_one_agreement"):
            ServiceAgreement.objects.create(account=ninas, during=(now, None), **shared)

    def test_may_follow_another_without_a_gap(
        self,
        empty_point: ServicePoint,
        carls_account: CustomerAccount,
        plan: RatePlan,
        now: datetime,
    ) -> None:
        shared = {"account": carls_account, "service_point": empty_point, "plan": plan}
        ServiceAgreement.objects.create(during=(now - DAY, now), **shared)
        ServiceAgreement.objects.create(during=(now, None), **shared)

        assert empty_point.agreements.count() == 2

    def test_keeps_the_point_it_is_about(
        self,
        empty_point: ServicePoint,
        carls_account: CustomerAccount,
        plan: RatePlan,
        now: datetime,
    ) -> None:
        ServiceAgreement.objects.create(
            account=carls_account, service_point=empty_point, plan=plan, during=(now, None)
        )

        with pytest.raises(ProtectedError):
            empty_point.delete()


class TestReading:
    def test_is_one_row_for_meter_and_moment(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        partitions.ensure(READINGS, [now.date()])
        measured = {"meter": small_grid.north_meters[0], "ts": now, "received_at": now}
        Reading.objects.create(power_mw=1, **measured)

        with pytest.raises(IntegrityError, match="duplicate key"):
            Reading.objects.create(power_mw=2, **measured)

    def test_of_a_day_without_a_partition_is_refused(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        with pytest.raises(IntegrityError, match="no partition"):
            Reading.objects.create(
                meter=small_grid.north_meters[0],
                ts=datetime(2001, 1, 1, tzinfo=UTC),
                power_mw=1,
                received_at=now,
            )


class TestMeter:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            pytest.param("limit_kw", 0, id="no limit"),
            pytest.param("limit_kw", -1, id="a limit below nothing"),
            pytest.param("reading_interval_s", 0, id="no interval"),
            pytest.param("reading_interval_s", 901, id="longer than a quarter-hour"),
        ],
    )
    def test_that_cannot_be_is_refused(self, field: str, value: int, now: datetime) -> None:
        fields = {"serial": "MTR-ODD", "shard": 0, "limit_kw": 100, "registered_at": now}

        with pytest.raises(IntegrityError, match="check constraint"):
            Meter.objects.create(**fields | {field: value})

    def test_has_its_serial_alone(self, spare: Meter, now: datetime) -> None:
        with pytest.raises(IntegrityError, match="duplicate key"):
            Meter.objects.create(serial=spare.serial, shard=1, limit_kw=1, registered_at=now)


class TestGrid:
    def test_has_one_capacity_of_a_region_from_a_moment_on(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        later = {"region": small_grid.north, "effective_from": now}
        RegionCapacity.objects.create(capacity_kw=200, **later)

        with pytest.raises(IntegrityError, match="region_capacity_once"):
            RegionCapacity.objects.create(capacity_kw=300, **later)

    def test_has_no_capacity_of_nothing(self, small_grid: worlds.SmallGrid, now: datetime) -> None:
        with pytest.raises(IntegrityError, match="region_capacity_positive"):
            RegionCapacity.objects.create(
                region=small_grid.north, capacity_kw=0, effective_from=now
            )

    def test_has_no_feeder_without_a_rating(self, small_grid: worlds.SmallGrid) -> None:
        feeder = Feeder.objects.first()

        with pytest.raises(IntegrityError, match="feeder_rating_positive"):
            Feeder.objects.filter(pk=feeder.pk).update(rating_kw=0)

    def test_has_one_load_of_a_region_and_minute(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        minute = {
            "region": small_grid.north,
            "start": now.replace(second=0),
            "meters_reporting": 0,
            "meters_expected": 3,
            "load_known": False,
            "revised_at": now,
        }
        RegionMinute.objects.create(**minute)

        with pytest.raises(IntegrityError, match="region_minute_once"):
            RegionMinute.objects.create(**minute)


class TestFiles:
    def test_are_taken_in_once(self, now: datetime) -> None:
        file = {
            "name": "april.csv",
            "format": "nem12",
            "sha256": "0" * 64,
            "intervals": 1,
            "imported_at": now,
        }
        ReadFile.objects.create(**file)

        with pytest.raises(IntegrityError, match="duplicate key"):
            ReadFile.objects.create(**file | {"name": "the same under another name.csv"})

    def test_hold_no_interval_that_ends_before_it_starts(self, now: datetime) -> None:
        file = ReadFile.objects.create(
            name="a", format="nem12", sha256="1" * 64, intervals=1, imported_at=now
        )
        channel = Channel.objects.create(
            point="NMI1", suffix="E1", unit=Unit.KWH, direction=Direction.IMPORT
        )

        with pytest.raises(IntegrityError, match="interval_read_ends_after_start"):
            IntervalRead.objects.create(
                channel=channel, start=now, end=now, value=1, quality=Quality.ACTUAL, file=file
            )


class TestQuarantine:
    def test_keeps_one_row_of_one_item(self, now: datetime) -> None:
        item = {"serial": "X", "reason": "unknown_meter", "raw": "{}", "received_at": now}
        QuarantinedReading.objects.create(origin="0/1-0/3", **item)

        with pytest.raises(IntegrityError, match="quarantine_once"):
            QuarantinedReading.objects.create(origin="0/1-0/3", **item)


class TestOutbox:
    def test_gives_a_number_once_and_waits_with_many(self, now: datetime) -> None:
        event = {"group": "ops", "type": "load", "data": {}, "created_at": now}
        OutboxEvent.objects.create(**event)
        OutboxEvent.objects.create(**event)  # both wait for their number
        OutboxEvent.objects.create(number=1, **event)

        with pytest.raises(IntegrityError, match="outbox_number_once"):
            OutboxEvent.objects.create(number=1, **event)


class TestPeople:
    def test_have_an_address_of_their_own_in_whatever_case(self, olga: User) -> None:
        with pytest.raises(IntegrityError, match="duplicate key"):
            User.objects.create_user("OLGA@Utility.Example")

    def test_are_found_in_whatever_case(self, olga: User) -> None:
        assert User.objects.get_by_natural_key("Olga@UTILITY.example") == olga


class TestRegistryVersion:
    """Who mirrors the registry learns of every change, whatever path it takes."""

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param("UPDATE meters_meter SET limit_kw = 50", id="a meter changed in SQL"),
            pytest.param("DELETE FROM meters_meterinstallation", id="meters taken down"),
            pytest.param("UPDATE grid_region SET name = 'x'", id="a region renamed"),
        ],
    )
    def test_rises_with_a_change(self, small_grid: worlds.SmallGrid, change: str) -> None:
        before = version()

        with connection.cursor() as cursor:
            cursor.execute(change)

        assert version() > before

    def test_rises_with_a_key_issued_and_revoked(self, now: datetime) -> None:
        before = version()
        key, _ = accounts_services.issue_key(name="head-end", now=now)
        issued = version()
        accounts_services.revoke_key(key=key, now=now)

        assert before < issued < version()

    def test_stays_when_the_change_is_taken_back(self, small_grid: worlds.SmallGrid) -> None:
        before = version()

        with transaction.atomic():
            Region.objects.update(name="x")
            transaction.set_rollback(True)

        assert version() == before

    def test_stays_when_a_reading_comes(self, small_grid: worlds.SmallGrid, now: datetime) -> None:
        partitions.ensure(READINGS, [now.date()])
        before = version()

        Reading.objects.create(
            meter=small_grid.north_meters[0], ts=now, power_mw=1, received_at=now
        )

        assert version() == before


def version() -> int:
    return RegistryVersion.objects.get().version
