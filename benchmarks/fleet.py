"""A fleet of meters in the database, and bodies of telemetry that cost little to make."""

import json
import uuid
from collections.abc import Iterator

SERIAL = "BENCH-{:08d}"
REGIONS = ("North", "East", "South", "West")
STAMP = "0000-00-00T00:00:00.000Z"  # replaced in the encoded body, millisecond by millisecond

REGISTER = """
from datetime import UTC, datetime
from accounts.services import issue_key
from grid.models import Region, RegionCapacity
from meters.models import Meter, MeterInstallation, ServicePoint
from meters.registry import shard_of
from workers.models import Shard

since, shards = datetime(2000, 1, 1, tzinfo=UTC), Shard.objects.count()
regions = [Region.objects.create(code=code, name=code) for code in {regions!r}]
RegionCapacity.objects.bulk_create(
    RegionCapacity(region=region, capacity_kw={meters}, effective_from=since)
    for region in regions
)
serials = [{serial!r}.format(number) for number in range({meters})]
meters = Meter.objects.bulk_create([
    Meter(serial=serial, shard=shard_of(serial, shards), flow="both", limit_kw=100,
          reading_interval_s={interval}, registered_at=since) for serial in serials
], batch_size=10_000)
points = ServicePoint.objects.bulk_create([
    ServicePoint(code=serial, region=regions[number % len(regions)])
    for number, serial in enumerate(serials)
], batch_size=10_000)
MeterInstallation.objects.bulk_create([
    MeterInstallation(meter=meter, service_point=point, during=(since, None))
    for meter, point in zip(meters, points, strict=True)
], batch_size=10_000)
issue_key(name="bench", now=datetime.now(UTC), key={key!r})
"""


def register_script(*, meters: int, key: str, interval_s: int) -> str:
    """Return code that fills an empty database with a fleet."""
    return REGISTER.format(
        regions=REGIONS, meters=meters, serial=SERIAL, key=key, interval=interval_s
    )


def bodies(*, meters: int, batch: int = 1000, metadata_share: float = 0.0) -> list[bytes]:
    """Return one body for each `batch` of the fleet's meters, stamped STAMP."""
    return [
        json.dumps(list(_items(range(first, min(first + batch, meters)), metadata_share))).encode()
        for first in range(0, meters, batch)
    ]


def _items(numbers: range, metadata_share: float) -> Iterator[dict[str, object]]:
    for number in numbers:
        item: dict[str, object] = {
            "readingId": str(uuid.uuid4()),
            "meterId": SERIAL.format(number),
            "timestamp": STAMP,
            "powerKw": round(1 + number % 700 / 100, 3),
            "energyKwh": round((1 + number % 700 / 100) / 360, 6),
            "voltage": round(228 + number % 60 / 10, 1),
            "region": REGIONS[number % len(REGIONS)],
            "seq": number,
            "status": "OK",
        }
        if number % 1000 < metadata_share * 1000:
            item["metadata"] = {"mode": "normal", "baseLoad": 3.2}
        yield item
