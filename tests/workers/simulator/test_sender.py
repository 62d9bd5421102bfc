import asyncio
import itertools

import pytest

from tests.workers.simulator.ingest_double import (
    HANG_UP,
    IngestDouble,
    Reply,
    answer,
    busy,
)
from workers.simulator import retrying, sender
from workers.simulator.feed import Body
from workers.simulator.tally import Tally

TEN = Body(b"[" + b",".join([b'{"seq":1}'] * 10) + b"]", 10)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(retrying, "FIRST_S", 0.01)


async def deliver(
    double: IngestDouble, *, bodies: int = 1, concurrency: int = 10, tries: int = 8
) -> Tally:
    tally = Tally()
    async with (
        double.serving(),
        sender.http_client(concurrency) as client,
        asyncio.TaskGroup() as group,
    ):
        target = sender.HttpTarget(client, url=double.url, key="segs-demo-key")
        sending = sender.Sender(target, tally, group=group, concurrency=concurrency, tries=tries)
        for body in itertools.repeat(TEN, bodies):
            await sending.put(body)
        await sending.drain()
        await sending.close()
    return tally


class TestDelivery:
    async def test_carries_the_key(self):
        double = IngestDouble()

        await deliver(double)

        assert double.authorizations == {"Authorization: Api-Key segs-demo-key"}

    async def test_comes_again_after_503_hang_ups_and_429(self):
        double = IngestDouble(told=[busy(503), HANG_UP, busy(429), Reply(502), HANG_UP])

        tally = await deliver(double)

        assert (tally.readings, tally.accepted, tally.lost) == (10, 10, 0)

    async def test_waits_as_long_as_it_is_asked_to(self):
        double = IngestDouble(told=[busy(503, retry_after="1")])
        started = asyncio.get_running_loop().time()

        await deliver(double)

        assert asyncio.get_running_loop().time() - started >= 1

    async def test_counts_a_partial_answer_by_code(self):
        errors = [
            {"index": 1, "readingId": "a", "code": "in_future", "message": "…"},
            {"index": 2, "readingId": "b", "code": "unknown_meter", "message": "…"},
        ]
        partial = answer(207, accepted=7, duplicates=1, quarantined=1, rejected=1, errors=errors)
        double = IngestDouble(told=[busy(), partial])

        tally = await deliver(double, bodies=2)

        assert (tally.accepted, tally.duplicates) == (17, 1)
        assert (tally.quarantined, tally.rejected) == (1, 1)
        assert tally.codes == {"in_future": 1, "unknown_meter": 1}

    async def test_does_not_repeat_a_body_of_which_all_was_rejected(self):
        double = IngestDouble(
            told=[answer(422, accepted=0, duplicates=0, quarantined=0, rejected=10, errors=[])]
        )

        tally = await deliver(double)

        assert (tally.rejected, tally.refused, len(double.bodies)) == (10, 0, 1)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415])
    async def test_does_not_repeat_what_is_refused_as_a_whole(self, status):
        double = IngestDouble(told=[Reply(status)])

        tally = await deliver(double)

        assert (tally.refused, tally.codes) == (10, {f"http_{status}": 10})
        assert len(double.bodies) == 1

    @pytest.mark.parametrize(
        "reply",
        [
            pytest.param(Reply(202, b"OK"), id="no JSON"),
            pytest.param(Reply(202, b"{}"), id="no counts"),
            pytest.param(answer(202, accepted=9), id="counts that miss a reading"),
        ],
    )
    async def test_believes_no_answer_it_cannot_read(self, reply):
        tally = await deliver(IngestDouble(told=[reply]))

        assert (tally.accepted, tally.refused) == (0, 10)
        assert tally.codes == {"unreadable_answer": 10}

    async def test_gives_up_after_so_many_tries(self):
        double = IngestDouble(usual=lambda _: busy(503))

        tally = await deliver(double, tries=3)

        assert (tally.lost, len(double.bodies)) == (10, 3)

    async def test_outlives_a_server_that_is_not_there(self):
        tally = Tally()
        async with sender.http_client(1) as client, asyncio.TaskGroup() as group:
            target = sender.HttpTarget(client, url="http://127.0.0.1:9/", key="k")
            sending = sender.Sender(target, tally, group=group, concurrency=1, tries=2)
            await sending.put(TEN)
            await sending.drain()
            await sending.close()

        assert (tally.readings, tally.lost) == (10, 10)

    async def test_keeps_to_the_concurrency(self):
        double = IngestDouble(told=[answer(202, accepted=10) for _ in range(40)])
        double.told = [Reply(r.status, r.content, after_s=0.02) for r in double.told]

        tally = await deliver(double, bodies=40, concurrency=4)

        assert tally.accepted == 400
        assert double.most_under_way == 4

    async def test_measures_each_answer(self):
        tally = await deliver(IngestDouble(), bodies=5)

        assert len(tally.latencies_ms) == 5
        assert all(0 < latency < 5000 for latency in tally.latencies_ms)


class TestClose:
    async def test_counts_what_is_under_way_and_queued_as_lost(self):
        double = IngestDouble(usual=lambda _: Reply(202, after_s=30))
        tally = Tally()
        async with (
            double.serving(),
            sender.http_client(1) as client,
            asyncio.TaskGroup() as group,
        ):
            target = sender.HttpTarget(client, url=double.url, key="k")
            sending = sender.Sender(target, tally, group=group, concurrency=1, tries=2)
            for body in itertools.repeat(TEN, 2):
                await sending.put(body)

            await sending.close()

        assert (tally.readings, tally.lost) == (20, 20)

    async def test_raises_a_fault_of_ours_instead_of_hanging(self):
        class Broken:
            async def send(self, body: Body) -> None:
                raise ZeroDivisionError

        async def put_one() -> None:
            async with asyncio.TaskGroup() as group:
                sending = sender.Sender(Broken(), Tally(), group=group, concurrency=1, tries=2)
                await sending.put(TEN)
                await sending.drain()

        with pytest.raises(ExceptionGroup) as faults:
            await put_one()

        assert faults.group_contains(ZeroDivisionError)
