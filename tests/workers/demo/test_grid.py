import zlib
from datetime import UTC, datetime

import numpy as np
import pytest

from accounts.models import Customer, ServiceAgreement
from grid.models import Feeder, Region, RegionCapacity, Substation, Transformer
from meters.choices import Flow
from meters.models import Meter, MeterInstallation, ServicePoint
from tariffs.models import RatePlan
from workers.demo import grid, outlines
from workers.demo.orders import Refused
from workers.models import Shard
from workers.simulator import fleet, sizing

METERS = 403  # does not divide by four


@pytest.fixture
def laid(db: None, now: datetime) -> None:
    assert grid.lay(meters=METERS, interval_s=10, now=now)


@pytest.mark.usefixtures("laid")
class TestLay:
    def test_names_the_regions_as_the_simulator_does(self):
        codes = Region.objects.order_by("id").values_list("code", flat=True)

        assert tuple(codes) == fleet.DEMO_REGIONS

    def test_deals_the_meters_out_to_the_regions_in_turn(self):
        homes = MeterInstallation.objects.order_by("meter__serial").values_list(
            "meter__serial", "service_point__region__code"
        )

        assert list(homes) == [
            (fleet.serial(index), fleet.DEMO_REGIONS[index % 4]) for index in range(METERS)
        ]

    def test_lets_those_feed_in_that_the_simulator_gives_solar_roofs(self):
        flows = Meter.objects.order_by("serial").values_list("flow", flat=True)

        assert list(flows) == [
            Flow.BOTH if fleet.has_solar(index) else Flow.IMPORT for index in range(METERS)
        ]

    def test_gives_each_meter_its_shard(self):
        shards = Shard.objects.count()

        for meter in Meter.objects.all():
            assert meter.shard == zlib.crc32(meter.serial.encode()) % shards

    def test_places_every_service_point_inside_its_region(self):
        for region in Region.objects.all():
            ring = np.array(region.outline["coordinates"][0])
            points = np.array(region.service_points.values_list("longitude", "latitude"))

            assert outlines.contains(ring, points).all()

    def test_hangs_every_service_point_on_a_transformer_of_its_region(self):
        path = "transformer__feeder__substation__region"

        regions = ServicePoint.objects.values_list("region", path)

        assert all(own == fed_by for own, fed_by in regions)

    def test_gives_every_customer_two_meters_on_the_default_plan(self):
        plan = RatePlan.objects.get(code="standard")
        agreements = ServiceAgreement.objects.filter(plan=plan)

        assert plan.code == "standard"
        assert agreements.count() == METERS
        assert agreements.filter(account__customer__code="USR-00000001").count() == 2
        assert Customer.objects.count() == (METERS + 1) // 2

    def test_sizes_regions_so_that_the_evening_peak_fills_four_fifths(self, now):
        peaks = sizing.regional_peak_kw(meters=METERS, now=now)

        for capacity in RegionCapacity.objects.select_related("region"):
            assert peaks[capacity.region.code] / float(capacity.capacity_kw) == pytest.approx(
                0.8, rel=0.01
            )

    def test_is_in_force_for_the_oldest_reading_there_can_be(self):
        begin = datetime(2000, 1, 1, tzinfo=UTC)

        assert not RegionCapacity.objects.exclude(effective_from=begin).exists()
        assert not MeterInstallation.objects.exclude(during__startswith=begin).exists()

    def test_hears_each_meter_through_a_head_end_of_its_region(self, now):
        gateways = Meter.objects.values_list("gateway__code", "serial")
        of_region = dict(
            MeterInstallation.objects.values_list("meter__serial", "service_point__region__code")
        )

        assert len(gateways) == METERS
        assert all(code.startswith(of_region[serial]) for code, serial in gateways)

    def test_does_nothing_the_second_time(self, now):
        models = [Region, Substation, Feeder, Transformer, ServicePoint, Meter, Customer]
        before = [model.objects.count() for model in models]

        laid_again = grid.lay(meters=METERS, interval_s=10, now=now)

        assert not laid_again
        assert [model.objects.count() for model in models] == before

    def test_takes_on_another_interval(self, now):
        grid.lay(meters=METERS, interval_s=60, now=now)

        assert set(Meter.objects.values_list("reading_interval_s", flat=True)) == {60}

    def test_refuses_another_number_of_meters(self, now):
        with pytest.raises(Refused, match=r"DEMO_METERS=12 .* has 403 meters"):
            grid.lay(meters=12, interval_s=10, now=now)

    def test_ignores_meters_that_registered_themselves(self, now):
        Meter.objects.filter(serial=fleet.serial(0)).update(auto_registered=True)

        assert not grid.lay(meters=METERS - 1, interval_s=10, now=now)
