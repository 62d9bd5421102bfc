"""An entry that reads well but cannot be stored is put aside; its neighbours are stored."""

from datetime import datetime, timedelta

import pytest

from meters import columns
from meters.columns import Batch
from meters.models import Reading
from tests.meters import readings
from tests.worlds import SmallGrid
from workers import leases
from workers.models import Shard
from workers.readings import Readings
from workers.stream import names
from workers.stream.memory import MemoryTransport
from workers.stream.pipeline import Pipeline

pytestmark = pytest.mark.django_db(transaction=True)


class TestStore:
    def test_puts_an_entry_of_the_year_146138_aside(self, small_grid: SmallGrid, now: datetime):
        Shard.objects.update(epoch=0, offset="0-0", leased_until=None, consumed_until=None)
        lane = leases.claim(name="first", limit=1)[0]
        meter, noon = small_grid.north_meters[0], now - timedelta(minutes=3)
        transport = MemoryTransport()
        for place, stamp_us in enumerate((None, 2**62, None)):
            rows = readings.table([(meter, noon + timedelta(seconds=place), 1.5, None)])
            if stamp_us is not None:
                rows.ts[:] = stamp_us
            transport.append(lane.shard, {names.PACKED: columns.pack(Batch(rows))})

        done = Pipeline(transport, Readings(shards=4)).turn([lane], wait_ms=0)

        assert done.buried == 1
        assert "OverflowError" in transport.buried[0][2]
        assert Reading.objects.count() == 2
        assert lane.offset == transport.last_id(lane.shard)
