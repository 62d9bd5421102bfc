"""When the door is shut, what it says, and how it opens again."""

import asyncio

import pytest

from tests.workers.ingest import client as clients
from tests.workers.ingest.client import Client, Life, batch, counted, entries
from tests.workers.ingest.conftest import until
from workers import embedded
from workers.ingest.app import Ingest
from workers.stream import names


async def is_answered(client: Client, status: int) -> None:
    """Wait until a body of nothing is answered so."""

    async def is_so() -> bool:
        return (await client.send(b"[]")).status == status

    await until(is_so)


class TestBacklog:
    async def test_above_its_limit_is_429_until_it_is_stored(self, broker, settings):
        settings.SEGS_BACKLOG_LIMIT = 3
        clients.mirror(broker)
        life = Life(app := Ingest())
        await life.start()
        client = Client(app)
        for number in range(4):
            broker.xadd(names.stream(number), {"m": b"waits"})

        await is_answered(client, 429)
        refused = await client.send(batch(1))
        validated = await client.send(batch(1), query="validate=1")
        broker.xtrim(names.stream(0), maxlen=0)
        await is_answered(client, 202)

        assert (refused.said["code"], refused.header("retry-after")) == ("backlog", ["5"])
        assert validated.status == 200
        await life.stop()

    async def test_memory_above_its_limit_is_503(self, broker, settings):
        settings.SEGS_BROKER_MEMORY_LIMIT_MB = 0
        clients.mirror(broker)
        life = Life(app := Ingest())
        await life.start()

        refused = await Client(app).send(batch(1))

        assert (refused.status, refused.said["code"]) == (503, "broker_full")
        assert refused.header("retry-after") == ["5"]
        assert entries(broker) == []
        await life.stop()


class TestRegistry:
    async def test_that_has_not_arrived_is_503_and_is_waited_for(self, broker):
        life = Life(app := Ingest())
        await life.start()
        client = Client(app)

        early = await client.send(batch(1))
        ready = await client.send(path="/readyz", method="GET")
        clients.mirror(broker)
        await is_answered(client, 202)

        assert (early.status, early.header("retry-after")) == (503, ["1"])
        assert (ready.status, ready.said["registry"]) == (503, "not here yet")
        await life.stop()

    async def test_is_enough_to_start_without_a_database(self, broker, settings, monkeypatch):
        monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "nowhere"})
        clients.mirror(broker)
        life = Life(app := Ingest())
        await life.start()

        assert (await Client(app).send(batch(3))).counts == (3, 0, 0, 0)
        await life.stop()

    async def test_outlives_a_broker_that_lost_everything(self, client, broker):
        broker.flushdb()
        await asyncio.sleep(0.3)

        assert (await client.send(batch(3))).counts == (3, 0, 0, 0)

    @pytest.mark.parametrize("packed", [b"", b"no registry"])
    async def test_that_cannot_be_read_leaves_the_old_one(self, client, broker, packed):
        broker.set(names.REGISTRY, packed)
        broker.set(names.REGISTRY_STAMP, "9 for-ever")
        await asyncio.sleep(0.3)

        assert (await client.send(batch(3))).counts == (3, 0, 0, 0)
        clients.mirror(broker, version=10, without=["head-end"])
        await is_answered(client, 401)


CARELESS = [
    pytest.param({"appendonly": "no"}, "appendonly", id="no log"),
    pytest.param({"appendfsync": "everysec"}, "appendfsync", id="a second may be lost"),
    pytest.param({"maxmemory_policy": "allkeys-lru"}, "noeviction", id="forgets when full"),
]


class TestUnfitBroker:
    @pytest.mark.parametrize(("careless", "word"), CARELESS)
    async def test_is_refused_at_the_start(self, tmp_path, settings, careless, word):
        own = embedded.Broker(tmp_path / "valkey", **careless)
        own.start()
        settings.REDIS_URL = own.url()

        said = await Life(Ingest()).start()

        assert said["type"] == "lifespan.startup.failed"
        assert word in said["message"]
        own.kill()

    async def test_is_refused_request_by_request_where_nobody_leads_the_life(
        self, own_broker, own_redis
    ):
        own_redis.config_set("appendfsync", "no")
        client = Client(Ingest())

        refused = await client.send(batch(1))
        own_redis.config_set("appendfsync", "always")
        taken = await client.send(batch(1))

        assert (refused.status, refused.said["code"]) == (503, "broker_unfit")
        assert refused.header("retry-after") == ["5"]
        assert taken.status == 202
        await client.app._close()

    async def test_that_comes_after_the_start_is_found_out(self, tmp_path, settings):
        port = embedded.free_port()
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        life = Life(app := Ingest())
        started = await life.start()
        client = Client(app)
        early = await client.send(batch(1))
        own = embedded.Broker(tmp_path / "valkey", port=port, appendfsync="everysec")
        own.start()
        with_mirror(own)

        await until(lambda: says(client, "broker_unfit"))
        ready = await client.send(path="/readyz", method="GET")

        assert started["type"] == "lifespan.startup.complete"
        assert early.status == 503
        assert "appendfsync" in ready.said["broker"]
        await life.stop()
        own.kill()

    async def test_that_is_changed_while_it_runs_shuts_the_door(self, own_client, own_redis):
        own_redis.config_set("appendfsync", "everysec")
        await until(lambda: says(own_client, "broker_unfit"))
        assert counted(own_redis) == []

        own_redis.config_set("appendfsync", "always")
        await is_answered(own_client, 202)


async def says(client: Client, code: str) -> bool:
    response = await client.send(b"[]")
    return response.status != 202 and response.said["code"] == code


def with_mirror(own: embedded.Broker) -> None:
    with clients.connect(own.url()) as connected:
        clients.mirror(connected)


class TestEnd:
    async def test_of_the_life_comes_in_the_middle_of_looks(self, broker):
        clients.mirror(broker)
        for pause in range(20):
            life = Life(Ingest())
            await life.start()
            await asyncio.sleep(0.05 + pause / 10_000)

            said = await asyncio.wait_for(life.stop(), 15)

            assert said["type"] == "lifespan.shutdown.complete"
