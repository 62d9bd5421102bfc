"""The real processes, once a module, with regions, a key and a few meters."""

from collections.abc import Iterator

import pytest

from benchmarks.stack import KEY, Stack
from tests.journeys import sending

PROCESSES = ("ingest", "worker", "celery", "beat")

_TOWN = """
from datetime import UTC, datetime
from accounts.services import issue_key
from grid.models import Region, RegionCapacity
from meters.models import Meter, MeterInstallation, ServicePoint
from meters.registry import shard_of
from workers.models import Shard

since, shards = datetime(2000, 1, 1, tzinfo=UTC), Shard.objects.count()
for code in {regions!r}:
    region = Region.objects.create(code=code, name=code)
    RegionCapacity.objects.create(region=region, capacity_kw=1000, effective_from=since)
harbour = Region.objects.get(code={harbour!r})
meter = Meter.objects.create(serial={lighthouse!r}, shard=shard_of({lighthouse!r}, shards),
    limit_kw=100, reading_interval_s=10, registered_at=since)
point = ServicePoint.objects.create(code={lighthouse!r}, region=harbour)
MeterInstallation.objects.create(meter=meter, service_point=point, during=(since, None))
issue_key(name="head-end", now=datetime.now(UTC), key={key!r})
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """All processes of the way of a reading; meters nobody announced register themselves."""
    with Stack(SEGS_AUTO_REGISTER="1") as stack:
        stack.run(
            _TOWN.format(
                regions=sending.REGIONS,
                harbour=sending.HARBOUR,
                lighthouse=sending.LIGHTHOUSE,
                key=KEY,
            )
        )
        stack.start(*PROCESSES)
        stack.wait_for_ingest()
        yield stack
