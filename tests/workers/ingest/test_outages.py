"""The broker goes away, is full, or has lost its replica: what was answered 202 is there."""

import asyncio
import os
import signal

import pytest

from tests.workers.ingest import client as clients
from tests.workers.ingest.client import Client, Life, batch, counted, entries
from tests.workers.ingest.conftest import until
from tests.workers.ingest.test_door import is_answered
from workers import embedded
from workers.ingest import appender
from workers.ingest.app import Ingest


class TestKilledBroker:
    async def test_has_on_disk_what_was_answered(self, own_broker, own_client, own_redis):
        answered = await own_client.send(batch(500))
        own_broker.kill()
        own_broker.start()

        assert answered.counts == (500, 0, 0, 0)
        assert len(counted(own_redis)) == 500

    async def test_is_503_and_the_retry_counts_once(self, own_broker, own_client, own_redis):
        content = batch(20)
        await own_client.send(batch(5, first=900))
        own_broker.kill()

        refused = [await own_client.send(content) for _ in range(3)]
        own_broker.start()
        await is_answered(own_client, 202)
        retried = await own_client.send(content)
        if retried.status == 503:  # a connection that idled through the kill tells of it once
            retried = await own_client.send(content)

        assert {response.status for response in refused} == {503}
        assert all(response.header("retry-after") == ["1"] for response in refused)
        assert retried.counts == (20, 0, 0, 0)
        assert len(counted(own_redis)) == 25

    async def test_costs_no_second_503_for_every_idle_connection(
        self, own_broker, own_client, own_redis
    ):
        await asyncio.gather(*(own_client.send(batch(1, first=n)) for n in range(20)))
        own_broker.kill()
        own_broker.start()
        await asyncio.sleep(0.3)  # the door has looked for the broker, and has found it again

        again = [await own_client.send(batch(1, first=100 + n)) for n in range(5)]

        assert [response.status for response in again[1:]] == [202] * 4

    @pytest.mark.parametrize("seed", range(3))
    async def test_under_load_loses_nothing_that_was_answered(
        self, own_broker, own_client, own_redis, seed
    ):
        answered: list[int] = []

        async def keep_sending(lane: int) -> None:
            for number in range(15):
                first = 100_000 * lane + 5 * number
                content = batch(5, first=first)
                while (await own_client.send(content)).status != 202:
                    await asyncio.sleep(0.05)
                answered.append(first)

        async def kill_it() -> None:
            await asyncio.sleep(0.05 + seed / 30)
            await asyncio.to_thread(own_broker.start)

        await asyncio.gather(*(keep_sending(lane) for lane in range(4)), kill_it())

        assert len(answered) == 60
        assert len(counted(own_redis)) == len(set(counted(own_redis))) == 300


class TestFullBroker:
    async def test_is_503_and_takes_no_part_of_a_body(self, own_client, own_redis):
        content = batch(300)
        await own_client.send(batch(1, first=900))
        own_redis.config_set("maxmemory", "1mb")

        refused = await own_client.send(content)
        own_redis.config_set("maxmemory", "3gb")
        retried = await own_client.send(content)

        assert (refused.status, refused.header("retry-after")) == (503, ["1"])
        assert retried.counts == (300, 0, 0, 0)
        assert len(entries(own_redis)) == 2


class TestReplicas:
    """Instead of syncing each append itself, a broker may wait for a replica that has it."""

    @pytest.fixture
    def pair(self, tmp_path, settings, monkeypatch):
        first = embedded.Broker(tmp_path / "first", appendfsync="everysec")
        first.start()
        second = embedded.Broker(tmp_path / "second", replicaof=f"127.0.0.1 {first.port}")
        second.start()
        settings.REDIS_URL = first.url()
        settings.SEGS_WAITAOF_REPLICAS = 1
        monkeypatch.setattr(appender, "REPLICA_PATIENCE_MS", 1500)
        yield first, second
        second.kill()
        first.kill()

    @pytest.fixture
    async def life(self, pair):
        first, _ = pair
        with clients.connect(first.url()) as connected:
            clients.mirror(connected)

            async def replicated() -> bool:
                return connected.waitaof(1, 1, 100) == [1, 1]

            await until(replicated)
        life = Life(Ingest())
        await life.start()
        yield life
        await life.stop()

    async def test_have_each_reading_before_it_is_answered(self, pair, life):
        first, second = pair
        answered = await Client(life.app).send(batch(50))
        first.kill()

        with clients.connect(second.url()) as connected:
            assert answered.counts == (50, 0, 0, 0)
            assert len(counted(connected)) == 50

    async def test_that_stand_still_are_waited_for_and_the_retry_as_well(self, pair, life):
        _, second = pair
        client, content = Client(life.app), batch(5)
        signal_to(second, signal.SIGSTOP)

        refused = [await client.send(content) for _ in range(2)]
        signal_to(second, signal.SIGCONT)

        async def is_taken() -> bool:
            return (await client.send(content)).status == 202

        await until(is_taken)
        assert [response.status for response in refused] == [503, 503]
        with clients.connect(second.url()) as connected:
            assert len(counted(connected)) == 5

    async def test_do_not_mix_up_answers_when_the_script_is_forgotten(self, pair, life):
        first, _ = pair
        client = Client(life.app)
        await client.send(batch(3))
        with clients.connect(first.url()) as connected:
            connected.script_flush()

        again = [await client.send(batch(3, first=3 * number)) for number in (1, 2, 1)]

        assert [response.said["accepted"] for response in again] == [3, 3, 0]


def signal_to(own: embedded.Broker, what: signal.Signals) -> None:
    os.kill(own.pid, what)
