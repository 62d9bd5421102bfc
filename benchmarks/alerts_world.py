"""Writes the judge's grid into the database; knows which row stands for which place."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np
from django.db import models

from benchmarks.alerts_layout import REGIONS, SUBSTATIONS_A_REGION, Ints, Layout, On, Place
from benchmarks.alerts_life import Life
from grid.models import Feeder, Region, RegionCapacity, Substation, Transformer
from meters.choices import Flow
from meters.models import Gateway, Meter, MeterInstallation, ServicePoint, WindowClock
from meters.registry import shard_of
from workers.models import Shard

Row = TypeVar("Row", bound=models.Model)

LIMIT_KW = 90.0
ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class World:
    """Database keys by number: of meters, their shards, and the places of alerts' subjects."""

    meter_ids: Ints
    shard_of: Ints
    places: dict[str, Place]


def lay(
    layout: Layout, life: Life, *, start: datetime, interval_s: int, capacity_kw: Iterable[float]
) -> World:
    """Write the grid, as it has stood for a month, with clocks that stand at `start`."""
    since = start - timedelta(days=30)
    regions = _insert(Region(code=code, name=code) for code in REGIONS)
    _insert(
        RegionCapacity(region=region, capacity_kw=round(kw, 3), effective_from=since)
        for region, kw in zip(regions, capacity_kw, strict=True)
    )
    feeders = _feeders(layout, regions)
    transformers = _insert(
        Transformer(
            feeder=feeders[feeder],
            code=f"T{number:04d}",
            rating_kva=400,
            latitude=50.0,
            longitude=4.0 + number / 1000,
        )
        for number, feeder in enumerate(layout.feeder_of.tolist())
    )
    gateways = _insert(
        Gateway(code=f"HE-{number:03d}") for number in range(layout.count(On.GATEWAY))
    )
    meters = _meters(layout, life, gateways, since, interval_s)
    _install(layout, meters, regions, transformers, since)
    WindowClock.objects.update(closed_until=start)
    Shard.objects.update(epoch=0, offset="0-0", owner="", leased_until=None, consumed_until=start)
    rows = {
        On.METER: meters,
        On.TRANSFORMER: transformers,
        On.FEEDER: feeders,
        On.REGION: regions,
        On.GATEWAY: gateways,
    }
    return World(
        meter_ids=np.array([meter.pk for meter in meters], np.int64),
        shard_of=np.array([meter.shard for meter in meters], np.int64),
        places={
            f"{on}:{row.pk}": Place(on, number)
            for on, made in rows.items()
            for number, row in enumerate(made)
        },
    )


def _feeders(layout: Layout, regions: list[Region]) -> list[Feeder]:
    substations = _insert(
        Substation(
            region=region,
            code=f"{region.code}-S{place}",
            name=f"{region.name} {place}",
            latitude=50.0,
            longitude=4.0,
        )
        for region in regions
        for place in range(SUBSTATIONS_A_REGION)
    )
    return _insert(
        Feeder(
            substation=substations[region * SUBSTATIONS_A_REGION + number % SUBSTATIONS_A_REGION],
            code=f"F{number:03d}",
            rating_kw=2000,
        )
        for number, region in enumerate(layout.region_of_feeder.tolist())
    )


def _meters(
    layout: Layout, life: Life, gateways: list[Gateway], since: datetime, interval_s: int
) -> list[Meter]:
    shards = Shard.objects.count()
    serials = [f"JUDGE-{number:06d}" for number in range(layout.meters)]
    return _insert(
        Meter(
            serial=serial,
            shard=shard_of(serial, shards),
            flow=Flow.BOTH if life.has_roof[number] else Flow.IMPORT,
            limit_kw=LIMIT_KW,
            reading_interval_s=interval_s,
            registered_at=since,
            gateway=gateways[layout.gateway[number]],
        )
        for number, serial in enumerate(serials)
    )


def _install(
    layout: Layout,
    meters: list[Meter],
    regions: list[Region],
    transformers: list[Transformer],
    since: datetime,
) -> None:
    points = _insert(
        ServicePoint(
            code=f"SP-{meter.serial}",
            region=regions[layout.region[number]],
            transformer=transformers[layout.transformer[number]],
        )
        for number, meter in enumerate(meters)
    )
    _insert(
        MeterInstallation(meter=meter, service_point=point, during=(since, None))
        for meter, point in zip(meters, points, strict=True)
    )


def _insert(rows: Iterable[Row]) -> list[Row]:
    made = list(rows)
    type(made[0])._default_manager.bulk_create(made, batch_size=ROWS_AT_ONCE)
    return made
