"""Small grids for tests, built from the models alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from django.conf import settings

from grid.models import Feeder, Region, RegionCapacity, Substation, Transformer
from meters.choices import Flow
from meters.models import Meter, MeterInstallation, ServicePoint


@dataclass(frozen=True)
class SmallGrid:
    """North and South with their meters, in order of serial."""

    north: Region
    south: Region
    north_meters: list[Meter]
    south_meters: list[Meter]


def region(code: str, *, capacity_kw: float, since: datetime) -> Region:
    made = Region.objects.create(code=code, name=code.replace("-", " ").title())
    RegionCapacity.objects.create(region=made, capacity_kw=capacity_kw, effective_from=since)
    return made


def transformer(region: Region) -> Transformer:
    substation = Substation.objects.create(
        region=region, code=f"S-{region.code}", name=region.name, latitude=50.0, longitude=4.0
    )
    feeder = Feeder.objects.create(substation=substation, code=f"F-{region.code}", rating_kw=900)
    return Transformer.objects.create(
        feeder=feeder, code=f"T-{region.code}", rating_kva=400, latitude=50.0, longitude=4.0
    )


def meter(
    serial: str,
    *,
    region: Region,
    since: datetime,
    transformer: Transformer | None = None,
    interval_s: int = 10,
    flow: Flow = Flow.IMPORT,
    limit_kw: float = 100.0,
) -> Meter:
    made = Meter.objects.create(
        serial=serial,
        shard=crc32(serial.encode()) % settings.SEGS_SHARDS,
        flow=flow,
        limit_kw=limit_kw,
        reading_interval_s=interval_s,
        registered_at=since,
    )
    point = ServicePoint.objects.create(
        code=f"SP-{serial}", region=region, transformer=transformer, latitude=50.0, longitude=4.0
    )
    MeterInstallation.objects.create(meter=made, service_point=point, during=(since, None))
    return made


def small_grid(*, now: datetime) -> SmallGrid:
    since = now - timedelta(days=60)
    north = region("North", capacity_kw=100, since=since)
    south = region("South", capacity_kw=50, since=since)
    north_transformer, south_transformer = transformer(north), transformer(south)
    return SmallGrid(
        north=north,
        south=south,
        north_meters=[
            meter(f"MTR-N{place}", region=north, since=since, transformer=north_transformer)
            for place in range(3)
        ],
        south_meters=[
            meter(f"MTR-S{place}", region=south, since=since, transformer=south_transformer)
            for place in range(3)
        ],
    )
