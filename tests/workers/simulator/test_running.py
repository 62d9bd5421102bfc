import asyncio
import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.simulator.ingest_double import IngestDouble, Reply, accept_all, busy
from tests.workers.simulator.orders import orders
from workers.simulator import progress, retrying, running, sender
from workers.simulator.running import Outcome, Stop
from workers.simulator.tally import Tally


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(retrying, "FIRST_S", 0.01)


class Notes:
    """Progress that keeps what it was shown."""

    def __init__(self) -> None:
        self.behind_s: list[float] = []

    def show(self, tally: Tally, *, behind_s: float, trouble: str) -> None:
        self.behind_s.append(behind_s)

    def close(self) -> None:
        pass


async def run(
    double: IngestDouble, *, stop: Stop | None = None, notes: Notes | None = None, **given: object
) -> Outcome:
    usual = {"meters": 100, "batch_size": 20, "duplicates": 0, "iterations": 3}
    async with double.serving():
        told = orders(now=datetime.now(UTC), **usual | {"url": double.url} | given)
        async with sender.http_client(told.concurrency) as client:
            target = sender.HttpTarget(client, url=told.url, key=told.key)
            shown = notes or progress.progress(total=None)
            return await running.Run(told, target, shown).go(stop or Stop())


def seconds_ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


class TestRun:
    async def test_sends_every_meter_every_round(self):
        double = IngestDouble()

        outcome = await run(double, start=seconds_ago(600), speed=100_000)

        assert outcome.tally.accepted == outcome.tally.readings == 300
        stamps = Counter(reading["meterId"] for reading in double.readings)
        assert set(stamps.values()) == {3}
        assert not outcome.stopped

    async def test_keeps_to_the_interval(self):
        outcome = await run(IngestDouble(), interval=0.2, iterations=6)

        assert 0.9 < outcome.elapsed_s < 2

    async def test_keeps_to_a_rate(self):
        outcome = await run(IngestDouble(), rate=500, iterations=0, duration=1.1)

        assert 500 <= outcome.tally.accepted <= 600

    async def test_ends_after_its_duration(self):
        outcome = await run(IngestDouble(), interval=0.1, iterations=0, duration=0.5)

        assert 0.5 <= outcome.elapsed_s < 2
        assert outcome.tally.lost == 0

    async def test_loses_and_moves_nothing_when_the_server_is_slow(self):
        def slow(readings):
            return Reply(**vars(accept_all(readings)) | {"after_s": 0.1})

        double, notes = IngestDouble(usual=slow), Notes()

        outcome = await run(
            double, notes=notes, interval=0.1, iterations=10, concurrency=1, batch_size=50
        )

        assert outcome.tally.accepted == 1000
        stamps = sorted({reading["timestamp"] for reading in double.readings})
        steps = {
            (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
            for earlier, later in itertools.pairwise(stamps)
        }
        assert steps == {0.1}
        assert max(notes.behind_s) > 0.5

    async def test_sends_what_late_meters_hold_when_it_ends(self):
        double = IngestDouble()

        outcome = await run(double, scenario="late", start=seconds_ago(600), speed=100_000)

        assert outcome.tally.accepted == 300
        assert len({(item["meterId"], item["timestamp"]) for item in double.readings}) == 300

    async def test_survives_a_server_that_restarts(self):
        double = IngestDouble(told=[busy(), Reply(0), busy(429), Reply(0)])

        outcome = await run(double, start=seconds_ago(600), speed=100_000)

        assert outcome.tally.accepted == 300

    async def test_gives_every_reading_a_fate(self):
        double = IngestDouble(told=[Reply(401), *[busy()] * 40])

        outcome = await run(double, start=seconds_ago(600), speed=100_000, tries=2)

        assert outcome.tally.refused == 20
        assert outcome.tally.lost > 0
        assert outcome.tally.settled == outcome.tally.readings == 300


class TestStop:
    async def test_finishes_what_is_under_way(self):
        def slow(readings):
            return Reply(**vars(accept_all(readings)) | {"after_s": 0.3})

        stop = Stop()
        asyncio.get_running_loop().call_later(0.1, stop.ask)

        outcome = await run(IngestDouble(usual=slow), stop=stop, iterations=0)

        assert outcome.stopped
        assert outcome.tally.accepted == outcome.tally.readings == 100

    async def test_asked_twice_ends_at_once_and_counts_the_loss(self):
        def never(readings):
            return Reply(202, after_s=60)

        stop = Stop()
        for moment in (0.1, 0.2):
            asyncio.get_running_loop().call_later(moment, stop.ask)

        outcome = await run(IngestDouble(usual=never), stop=stop, iterations=0)

        assert outcome.elapsed_s < 2
        assert outcome.tally.lost == outcome.tally.readings == 100

    async def test_does_not_wait_for_ever_for_a_server_that_is_away(self, monkeypatch):
        monkeypatch.setattr(running, "DRAIN_S", 0.3)
        stop = Stop()
        asyncio.get_running_loop().call_later(0.1, stop.ask)

        outcome = await run(
            IngestDouble(usual=lambda _: busy(retry_after="60")), stop=stop, iterations=0
        )

        assert outcome.elapsed_s < 2
        assert outcome.tally.lost == 100
