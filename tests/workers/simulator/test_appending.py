import itertools

import pytest
import redis
from django.conf import settings

from meters import columns, registry
from tests.workers.simulator.orders import orders
from workers.simulator import appending, fleet, moments
from workers.simulator.feed import Body, Feed
from workers.simulator.pacing import Schedule
from workers.simulator.sender import Busy
from workers.stream import names

SHARDS = 2
METERS = 40


def bodies() -> list[Body]:
    told = orders(meters=METERS, regions="North", duplicates=0, batch_size=20, seed=7)
    start_ms = moments.milliseconds(told.start)
    schedule = Schedule.aligned(
        interval_ms=told.interval_ms, start_ms=start_ms, started_ms=start_ms, speed=1
    )
    return list(Feed(told, schedule).round(0))


@pytest.fixture(autouse=True)
def at_the_simulated_moment(time_machine):
    time_machine.move_to(orders().start)


@pytest.fixture
def mirrored(broker: redis.Redis) -> redis.Redis:
    snapshot = registry.Snapshot(
        version=1,
        shards=SHARDS,
        auto_register=False,
        oldest_days=90,
        regions=["North"],
        serial=[fleet.serial(index) for index in range(METERS - 1)],
        meter=list(range(1, METERS)),
        region=[0] * (METERS - 1),
        limit=[100_000_000] * (METERS - 1),
        both=[int(fleet.has_solar(index)) for index in range(METERS - 1)],
        default_limit=100_000_000,
        keys={},
    )
    broker.set(names.REGISTRY, registry.pack(snapshot))
    broker.set(names.REGISTRY_STAMP, "1 for-ever")
    return broker


def appended(client: redis.Redis) -> list[columns.Batch]:
    entries = itertools.chain.from_iterable(
        client.xrange(names.stream(shard)) for shard in range(SHARDS)
    )
    return [columns.unpack(fields[names.PACKED], received=0) for _, fields in entries]


class TestStreamTarget:
    async def test_appends_what_ingest_would_append(self, mirrored):
        async with appending.stream_target() as target:
            answers = [await target.send(body) for body in bodies()]

        batches = appended(mirrored)
        assert sum(answer.accepted for answer in answers) == METERS - 1
        assert sum(len(batch.columns) for batch in batches) == METERS - 1

    async def test_tells_of_meters_that_nobody_registered(self, mirrored):
        async with appending.stream_target() as target:
            answers = [await target.send(body) for body in bodies()]

        assert answers[-1].quarantined == 1
        assert [item.code for item in answers[-1].errors] == ["unknown_meter"]

    async def test_tells_repeats_from_new_readings(self, mirrored):
        async with appending.stream_target() as target:
            await target.send(bodies()[0])
            again = await target.send(bodies()[0])

        assert (again.accepted, again.duplicates) == (0, 20)

    async def test_is_busy_until_the_registry_is_there(self, broker):
        async with appending.stream_target() as target:
            with pytest.raises(Busy, match="registry"):
                await target.send(bodies()[0])

    async def test_is_busy_while_too_much_waits_to_be_stored(self, mirrored, monkeypatch):
        monkeypatch.setattr(settings, "SEGS_BACKLOG_LIMIT", 0)
        mirrored.xadd(names.stream(0), {"m": "waits"})

        async with appending.stream_target() as target:
            with pytest.raises(Busy) as busy:
                await target.send(bodies()[0])

        assert busy.value.asked_s == 5

    async def test_refuses_a_broker_that_may_lose_readings(self, broker):
        policy = broker.config_get("appendfsync")["appendfsync"]
        broker.config_set("appendfsync", "everysec")
        try:
            with pytest.raises(appending.Unfit, match="appendfsync"):
                async with appending.stream_target():
                    pass
        finally:
            broker.config_set("appendfsync", policy)
