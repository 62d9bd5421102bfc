"""A grid for the browser to look at: regions with outlines, meters on a map, an hour of loads."""

import math
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zlib import crc32

from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.choices import UserRole
from accounts.models import User
from grid.models import (
    Feeder,
    Region,
    RegionCapacity,
    RegionMinute,
    Substation,
    Transformer,
)
from meters.models import LatestReading, Meter, MeterInstallation, ServicePoint
from segs_site.lib import periods

MW_PER_KW = 1_000_000
# code, name, middle (longitude, latitude), reach in degrees, capacity kW, load in % of it
REGIONS = [
    ("North", "North", (4.330, 50.873), (0.046, 0.017), 1900, 44),
    ("East", "East", (4.432, 50.868), (0.045, 0.018), 1700, 48),
    ("South", "South", (4.440, 50.829), (0.044, 0.017), 1500, 78),
    ("West", "West", (4.335, 50.835), (0.045, 0.017), 1300, 63),
]
PASSWORDS = {"olga@utility.example": "secret-olga", "carl@home.example": "secret-carl"}


@dataclass
class Grid:
    """What was laid."""

    regions: list[Region] = field(default_factory=list)
    meters: list[Meter] = field(default_factory=list)
    silent: list[Meter] = field(default_factory=list)
    high: list[Meter] = field(default_factory=list)


def lay_people() -> None:
    User.objects.create_user(
        "olga@utility.example", PASSWORDS["olga@utility.example"], role=UserRole.OPERATOR
    )
    User.objects.create_user(
        "carl@home.example", PASSWORDS["carl@home.example"], role=UserRole.CUSTOMER
    )


def session_of(email: str) -> str:
    """Sign a person in without the form, which costs a deliberately slow password check."""
    client = Client()
    client.force_login(User.objects.get(email=email))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def lay_grid(*, meters: int, silent: int, high: int, now: datetime) -> Grid:
    """Lay four regions with `meters` meters; `silent` of them have long said nothing."""
    chance = random.Random(7)
    laid = Grid()
    for code, name, middle, reach, capacity_kw, _ in REGIONS:
        outline = _outline(middle, reach, chance)
        region = Region.objects.create(code=code, name=name, outline=outline)
        since = now - timedelta(days=60)
        RegionCapacity.objects.create(region=region, capacity_kw=capacity_kw, effective_from=since)
        laid.regions.append(region)
        _lay_meters(laid, region, middle, reach, meters // len(REGIONS), chance, now)
    abnormal = chance.sample(laid.meters, silent + high)
    laid.silent, laid.high = abnormal[:silent], abnormal[silent:]
    read(laid, now=now)
    return laid


def read(laid: Grid, *, now: datetime) -> None:
    """Give every meter that is not silent a reading of this moment."""
    silent = {meter.pk for meter in laid.silent}
    high = {meter.pk for meter in laid.high}
    hour_ago = now - timedelta(hours=1)
    rows = [
        LatestReading(
            meter=meter,
            ts=hour_ago if meter.pk in silent else now,
            power_mw=95 * MW_PER_KW if meter.pk in high else 500_000,
            voltage_mv=230_000,
            received_at=hour_ago if meter.pk in silent else now,
        )
        for meter in laid.meters
    ]
    LatestReading.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["meter"],
        update_fields=["ts", "power_mw", "received_at"],
    )


def close_minutes(laid: Grid, *, count: int, now: datetime) -> None:
    """Write the last `count` minutes of every region, as closing them does."""
    end = periods.floor(now, periods.MINUTE)
    chance = random.Random(11)
    per_region = len(laid.meters) // len(laid.regions)
    for region, (*_, capacity_kw, load_pct) in zip(laid.regions, REGIONS, strict=True):
        walk = 0.0
        for place in reversed(range(count)):
            walk = 0.9 * walk + chance.gauss(0, 0.5)
            wave = 4 * math.sin(place / 37 + region.pk)
            close_minute(
                region,
                start=end - (place + 1) * periods.MINUTE,
                load_kw=capacity_kw * (load_pct + walk + (wave if place else 0)) / 100,
                capacity_kw=capacity_kw,
                reporting=per_region - 2,
                expected=per_region,
            )


def close_minute(
    region: Region,
    *,
    start: datetime,
    load_kw: float | None,
    capacity_kw: float,
    reporting: int,
    expected: int,
) -> RegionMinute:
    """Write one minute; a load of None is unknown, for too few meters reported."""
    load_mw = None if load_kw is None else round(load_kw * MW_PER_KW)
    values = {
        "load_mw": load_mw,
        "meters_reporting": reporting,
        "meters_expected": expected,
        "capacity_mw": round(capacity_kw * MW_PER_KW),
        "load_known": load_mw is not None,
        "revised_at": start + periods.MINUTE,
    }
    row, _ = RegionMinute.objects.update_or_create(region=region, start=start, defaults=values)
    return row


def _outline(
    middle: tuple[float, float], reach: tuple[float, float], chance: random.Random
) -> dict[str, object]:
    """Return a closed, slightly uneven ring."""
    ring = []
    for step in range(36):
        angle = 2 * math.pi * step / 36
        swell = 1 + 0.09 * math.sin(3 * angle + middle[0] * 90) + chance.uniform(-0.025, 0.025)
        ring.append(
            [
                round(middle[0] + reach[0] * swell * math.cos(angle), 6),
                round(middle[1] + reach[1] * swell * math.sin(angle), 6),
            ]
        )
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _lay_meters(
    laid: Grid,
    region: Region,
    middle: tuple[float, float],
    reach: tuple[float, float],
    count: int,
    chance: random.Random,
    now: datetime,
) -> None:
    transformers = _lay_transformers(region, middle, reach, max(count // 12, 1), chance)
    since = now - timedelta(days=30)
    first = len(laid.meters)
    meters = Meter.objects.bulk_create(
        Meter(
            serial=(serial := f"MTR-{first + place:08d}"),
            shard=crc32(serial.encode()) % settings.SEGS_SHARDS,
            limit_kw=100,
            registered_at=since,
        )
        for place in range(count)
    )
    points = []
    for place, meter in enumerate(meters):
        near = transformers[place % len(transformers)]
        points.append(
            ServicePoint(
                code=f"SP-{meter.serial}",
                region=region,
                transformer=near,
                latitude=near.latitude + chance.gauss(0, 0.0008),
                longitude=near.longitude + chance.gauss(0, 0.0013),
            )
        )
    ServicePoint.objects.bulk_create(points)
    MeterInstallation.objects.bulk_create(
        MeterInstallation(meter=meter, service_point=point, during=(since, None))
        for meter, point in zip(meters, points, strict=True)
    )
    laid.meters += meters


def _lay_transformers(
    region: Region,
    middle: tuple[float, float],
    reach: tuple[float, float],
    count: int,
    chance: random.Random,
) -> list[Transformer]:
    longitude, latitude = middle
    substation = Substation.objects.create(
        region=region,
        code=f"SUB-{region.code}",
        name=region.name,
        latitude=latitude,
        longitude=longitude,
    )
    feeder = Feeder.objects.create(
        substation=substation, code=f"F-{region.code}-1", rating_kw=3000
    )
    made = []
    for place in range(count):
        angle, far = chance.uniform(0, 2 * math.pi), 0.88 * math.sqrt(chance.random())
        made.append(
            Transformer(
                feeder=feeder,
                code=f"T-{region.code}-{place + 1:03d}",
                rating_kva=400,
                latitude=latitude + reach[1] * far * math.sin(angle),
                longitude=longitude + reach[0] * far * math.cos(angle),
            )
        )
    return Transformer.objects.bulk_create(made)


def use_database(name: str) -> None:
    """Let this thread's models work on the database `name`, and no other thread's."""
    connection.close()
    connection.settings_dict = connection.settings_dict | {"NAME": name}
