"""Lays the demo's grid: regions, network, service points and the meters the simulator plays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeVar
from zlib import crc32

import numpy as np
from django.db import models, transaction

from grid.models import Feeder, Region, RegionCapacity, Substation, Transformer
from meters.choices import Flow
from meters.models import Gateway, Meter, MeterInstallation, ServicePoint
from tariffs.models import PricingPolicy
from tariffs.services import policies
from workers.demo import layout, outlines, people
from workers.demo.layout import RegionLayout
from workers.demo.orders import Refused
from workers.models import Shard
from workers.simulator import fleet, sizing

SINCE: Final = datetime(2000, 1, 1, tzinfo=UTC)  # so that no reading is older than its meter
LIMIT_KW: Final = 43.5  # three phases of 63 A at 230 V
BASE_PRICE: Final = Decimal("6.50")  # rupees a kWh
FEEDER_RATING_KW: Final = 1200
KVA_A_METER: Final = 4.0
RATINGS_KVA: Final = (63, 100, 160, 250, 400)  # the sizes that distribution transformers have
ROWS_AT_ONCE: Final = 2000

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class _Laid:
    """A region with what was laid in it."""

    region: Region
    layout: RegionLayout
    transformers: list[Transformer]


@transaction.atomic
def lay(*, meters: int, interval_s: int, now: datetime) -> bool:
    """Lay the grid with its customers unless it is there; tell whether it was laid now.

    A grid that is there keeps its meters; they take on a new reading interval. Raises Refused
    when it has another number of meters.
    """
    known = Meter.objects.filter(auto_registered=False).count()
    if known == 0:
        _lay_all(meters=meters, interval_s=interval_s, now=now)
        return True
    if known != meters:
        message = (
            f"DEMO_METERS={meters} does not fit the grid that is there, which has {known} meters:"
            f" DEMO_METERS={known}, another SEGS_HOME, or remove the data folder to start anew"
        )
        raise Refused(message)
    Meter.objects.exclude(reading_interval_s=interval_s).update(reading_interval_s=interval_s)
    return False


def _lay_all(*, meters: int, interval_s: int, now: datetime) -> None:
    laid = _network(meters=meters, now=now)
    points = _service_points(laid, meters)
    _insert(points)
    devices = _meters(meters, interval_s)
    _hear(devices, points)
    _insert(devices)
    _insert(
        MeterInstallation(meter=device, service_point=point, during=(SINCE, None))
        for device, point in zip(devices, points, strict=True)
    )
    people.serve(points, since=SINCE)
    _price(now)


def _price(now: datetime) -> None:
    """Price every region by the minute, decided five seconds ahead, so that prices are seen."""
    policy = PricingPolicy(
        effective_from=SINCE,
        currency=people.CURRENCY,
        base_price=BASE_PRICE,
        slot_minutes=1,
        lead_s=5,
        min_dwell_minutes=2,
        hold_minutes=10,
    )
    policies.adopt(policy=policy, by="demo", now=now)


def _network(*, meters: int, now: datetime) -> list[_Laid]:
    regions = _regions(meters=meters, now=now)
    counts = [len(range(place, meters, len(regions))) for place in range(len(regions))]
    plans = layout.regions(meters=counts, seed=fleet.DEMO_SEED)
    laid = []
    for region, plan in zip(regions, plans, strict=True):
        region.outline = outlines.polygon(plan.outline)
        laid.append(_Laid(region, plan, _transformers(region, plan)))
    Region.objects.bulk_update(regions, ["outline"])
    return laid


def _regions(*, meters: int, now: datetime) -> list[Region]:
    capacities = sizing.regional_capacity_kw(meters=meters, now=now)
    regions = _insert(Region(code=code, name=code) for code in fleet.DEMO_REGIONS)
    _insert(
        RegionCapacity(
            region=region, capacity_kw=round(capacities[region.code]), effective_from=SINCE
        )
        for region in regions
    )
    return regions


def _transformers(region: Region, plan: RegionLayout) -> list[Transformer]:
    substations = _insert(
        Substation(
            region=region,
            code=f"{region.code}-S{place}",
            name=f"{region.name} {place}",
            longitude=longitude,
            latitude=latitude,
        )
        for place, (longitude, latitude) in enumerate(plan.substations.tolist(), start=1)
    )
    feeders = _insert(
        Feeder(
            substation=substations[substation],
            code=f"{region.code}-F{place:02d}",
            rating_kw=FEEDER_RATING_KW,
        )
        for place, substation in enumerate(plan.feeder_substation.tolist(), start=1)
    )
    members = [
        int((plan.meter_transformer == place).sum()) for place in range(len(plan.transformers))
    ]
    return _insert(
        Transformer(
            feeder=feeders[feeder],
            code=f"{region.code}-T{place + 1:03d}",
            rating_kva=_rating_kva(members[place]),
            longitude=longitude,
            latitude=latitude,
        )
        for place, (feeder, (longitude, latitude)) in enumerate(
            zip(plan.transformer_feeder.tolist(), plan.transformers.tolist(), strict=True)
        )
    )


def _rating_kva(meters: int) -> float:
    return next((size for size in RATINGS_KVA if size >= meters * KVA_A_METER), RATINGS_KVA[-1])


def _service_points(laid: Sequence[_Laid], meters: int) -> list[ServicePoint]:
    """Return the points in the order of their meters, which go round the regions."""
    places = [
        iter(
            zip(
                one.layout.meters.tolist(),
                one.layout.meter_transformer.tolist(),
                strict=True,
            )
        )
        for one in laid
    ]
    points = []
    for index in range(meters):
        one = laid[index % len(laid)]
        (longitude, latitude), transformer = next(places[index % len(laid)])
        points.append(
            ServicePoint(
                code=f"SP-{index + 1:08d}",
                region=one.region,
                transformer=one.transformers[transformer],
                longitude=longitude,
                latitude=latitude,
            )
        )
    return points


def _meters(count: int, interval_s: int) -> list[Meter]:
    shards = Shard.objects.count()
    return [
        Meter(
            serial=fleet.serial(index),
            shard=crc32(fleet.serial(index).encode()) % shards,
            flow=Flow.BOTH if fleet.has_solar(index) else Flow.IMPORT,
            limit_kw=LIMIT_KW,
            reading_interval_s=interval_s,
            registered_at=SINCE,
        )
        for index in range(count)
    ]


def _hear(devices: Sequence[Meter], points: Sequence[ServicePoint]) -> None:
    """Let each meter be heard through the head-end of its area."""
    by_region: dict[str, list[int]] = {}
    for index, point in enumerate(points):
        by_region.setdefault(point.region.code, []).append(index)
    for code, members in by_region.items():
        places = np.array([(points[one].longitude, points[one].latitude) for one in members])
        area = layout.areas(places)
        gateways = _insert(
            Gateway(code=f"{code}-G{place + 1:02d}", name=f"{code} {place + 1}")
            for place in range(int(area.max()) + 1)
        )
        for index, place in zip(members, area.tolist(), strict=True):
            devices[index].gateway = gateways[place]


def _insert(rows: Iterable[Row]) -> list[Row]:
    """Insert rows of one model and return them with their keys."""
    made = list(rows)
    type(made[0])._default_manager.bulk_create(made, batch_size=ROWS_AT_ONCE)
    return made
