"""Appending: each reading once, whoever sends it again, and nothing by halves."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from meters import registry
from tests.meters import bodies
from tests.meters.bodies import SHARDS
from tests.workers.ingest.client import batch, batches, counted, entries, item
from workers.ingest import appender
from workers.ingest.appender import Appender
from workers.stream import names

STRANGERS = [f"MTR-{letter}" for letter in "ABCDEFGHIJKL"]
SHARD_OF = {serial: registry.shard_of(serial, SHARDS) for serial in STRANGERS}


def spread() -> bytes:
    """A body whose readings travel in all shards, by meters nobody registered."""
    return json.dumps([item(meterId=serial) for serial in STRANGERS]).encode()


@pytest.fixture
def registering(broker, client):
    """The door registers who is unknown."""
    app_door = client.app._door
    app_door.registry = bodies.known(auto_register=True, keys=app_door.registry.keys)
    return client


class TestRepeats:
    async def test_five_at_once_count_once(self, client, broker):
        content = batch(200)

        answers = await asyncio.gather(*(client.send(content) for _ in range(5)))

        assert [answer.status for answer in answers] == [202] * 5
        assert sum(answer.said["accepted"] for answer in answers) == 200
        assert sum(answer.said["duplicates"] for answer in answers) == 800
        assert len(counted(broker)) == len(set(counted(broker))) == 200

    async def test_two_bodies_that_share_items_count_each_once(self, client, broker):
        first, second = batch(100), batch(100, first=60)

        answers = await asyncio.gather(client.send(first), client.send(second))

        assert sum(answer.said["accepted"] for answer in answers) == 160
        assert sum(answer.said["duplicates"] for answer in answers) == 40
        assert len(counted(broker)) == len(set(counted(broker))) == 160

    async def test_a_shuffled_body_is_the_same_body(self, client, broker):
        items = json.loads(batch(50))

        await client.readings(*items)
        again = await client.readings(*reversed(items))

        assert again.counts == (0, 50, 0, 0)

    async def test_named_places_are_those_of_the_body(self, client, broker):
        items = json.loads(batch(5))
        await client.readings(items[1], items[3])

        await client.readings({}, *items)

        [withheld] = [f[names.WITHHELD] for _, _, f in entries(broker) if names.WITHHELD in f]
        assert withheld == b"1,3"

    async def test_are_known_in_the_next_minute_too(self, broker):
        told = bodies.judged(bodies.body(bodies.item()))
        way = Appender(client_url(broker), marks_limit=100)
        noon = datetime(2026, 11, 24, 12, 0, 59, tzinfo=UTC)

        later = [
            await way.append(told, now=noon + timedelta(seconds=seconds)) for seconds in (0, 1, 61)
        ]

        assert later == [[], [0], []]
        await way.close()

    async def test_of_what_is_held_travel_with_it(self, client, broker):
        reading, waiting = item(), item(region="Pune", powerKw=1)
        await client.readings(reading)

        again = await client.readings(reading, waiting)

        assert again.counts == (0, 1, 1, 0)
        assert len(counted(broker)) == 1
        assert sum(len(carried.held) for carried in batches(broker)) == 1

    async def test_marks_end_by_themselves(self, client, broker):
        await client.send(batch(10))

        [mark_set] = broker.keys("seen:*")
        assert 0 < broker.ttl(mark_set) <= appender.MARKS_LIVE_S
        assert broker.scard(mark_set) == 10

    async def test_beyond_the_limit_of_marks_all_is_kept_all_the_same(self, broker):
        way = Appender(client_url(broker), marks_limit=3)
        now = datetime.now(UTC)
        bodies_ = [bodies.judged(bodies.body(bodies.item(powerKw=n))) for n in range(5)]

        for told in [*bodies_, *bodies_]:
            await way.append(told, now=now)

        [mark_set] = broker.keys("seen:*")
        assert broker.scard(mark_set) == 3
        assert len(entries(broker)) == 5 + 2  # two repeats that nobody could recognise here
        await way.close()


class TestShards:
    async def test_each_gets_what_is_its_own_in_one_entry(self, registering, broker):
        response = await registering.send(spread())

        assert response.counts == (len(STRANGERS), 0, 0, 0)
        assert [shard for shard, _, _ in entries(broker)] == list(range(SHARDS))
        for (shard, _, _), carried in zip(entries(broker), batches(broker), strict=True):
            serials = {stranger.serial for stranger in carried.strangers}
            assert serials == {serial for serial in STRANGERS if SHARD_OF[serial] == shard}
            assert [s.row for s in carried.strangers] == list(range(len(serials)))

    async def test_one_that_fails_makes_the_retry_count_everything_once(self, registering, broker):
        content = spread()
        broker.set(names.stream(1), "no stream")

        failed = await registering.send(content)
        taken = {shard for shard in (0, 2, 3) if broker.xlen(names.stream(shard))}
        broker.delete(names.stream(1))
        retried = await registering.send(content)

        there = sum(shard == 1 for shard in SHARD_OF.values())
        assert (failed.status, failed.header("retry-after")) == (503, ["1"])
        assert taken == {0, 2, 3}
        assert retried.counts == (there, len(STRANGERS) - there, 0, 0)
        found = [s.serial for carried in batches(broker) for s in carried.strangers]
        assert sorted(found) == STRANGERS

    async def test_one_that_cannot_mark_appends_nothing(self, client, broker):
        content = batch(5)
        await client.send(batch(1, first=900))
        [mark_set] = broker.keys("seen:*")
        kept = broker.smembers(mark_set)
        broker.delete(mark_set)
        broker.set(mark_set, "no set")

        failed = await client.send(content)

        assert failed.status == 503
        assert len(entries(broker)) == 1
        broker.delete(mark_set)
        broker.sadd(mark_set, *kept)
        assert (await client.send(content)).counts == (5, 0, 0, 0)


class TestScript:
    async def test_that_the_broker_forgot_is_told_again(self, client, broker):
        await client.send(batch(3))
        broker.script_flush()

        assert (await client.send(batch(3, first=3))).counts == (3, 0, 0, 0)

    async def test_a_thousand_readings_of_one_meter_fit(self, client, broker):
        assert (await client.send(batch(1000))).counts == (1000, 0, 0, 0)
        assert (await client.send(batch(1000))).counts == (0, 1000, 0, 0)

    async def test_more_requests_than_connections_wait_their_turn(self, client, broker):
        many = appender.CONNECTIONS * 3

        answers = await asyncio.gather(
            *(client.send(batch(2, first=2 * number)) for number in range(many))
        )

        assert {answer.status for answer in answers} == {202}
        assert len(counted(broker)) == 2 * many
        connections = [c for c in broker.client_list() if c["cmd"].startswith("evalsha")]
        assert len(connections) <= appender.CONNECTIONS

    async def test_a_request_that_is_cancelled_leaves_no_answer_for_another(self, client, broker):
        for number in range(20):
            sending = asyncio.create_task(client.send(batch(3, first=3 * number)))
            for _ in range(number % 5):
                await asyncio.sleep(0)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

        answer = await client.send(batch(60))

        assert answer.said["accepted"] + answer.said["duplicates"] == 60
        assert len(counted(broker)) == len(set(counted(broker))) == 60


def client_url(broker) -> str:
    where = broker.connection_pool.connection_kwargs
    return f"redis://{where['host']}:{where['port']}/{where.get('db', 0)}"
