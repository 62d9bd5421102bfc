"""The queue of one socket."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from segs_site.lib import outlet as outlets
from segs_site.lib.models import OutboxEvent
from segs_site.lib.outlet import Frame, Outlet


@pytest.fixture
async def outlet() -> Outlet:
    return Outlet(frozenset({"grid"}))


def event(number: int) -> OutboxEvent:
    return OutboxEvent(
        number=number, group="grid", type="load", data={}, created_at=datetime.now(UTC)
    )


async def drain(outlet: Outlet) -> list[Frame]:
    frames = []
    while True:
        try:
            frames.append(await asyncio.wait_for(outlet.take(), 0.05))
        except TimeoutError:
            return frames


def ids(frames: list[Frame]) -> list[int | str]:
    return [json.loads(frame)["id"] or json.loads(frame)["type"] for frame in frames]


class TestOffer:
    async def test_keeps_the_order(self, outlet: Outlet) -> None:
        outlet.offer(1, "one")
        outlet.offer(0, "heartbeat")
        outlet.offer(2, "two")

        assert await drain(outlet) == ["one", "heartbeat", "two"]

    async def test_drops_what_was_given_before(self, outlet: Outlet) -> None:
        outlet.offer(5, "five")
        outlet.offer(5, "five again")
        outlet.offer(4, "four")

        assert await drain(outlet) == ["five"]

    async def test_tells_a_full_one_to_resync(
        self, outlet: Outlet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outlets, "FRAMES_LIMIT", 3)

        for number in range(1, 9):
            outlet.offer(number, f'{{"id": {number}}}')

        assert ids(await drain(outlet)) == ["resync", 8]

    async def test_counts_bytes_as_well(
        self, outlet: Outlet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outlets, "BYTES_LIMIT", 1000)

        for number in range(1, 5):
            outlet.offer(number, json.dumps({"id": number, "data": "x" * 400}))

        assert ids(await drain(outlet)) == ["resync", 3, 4]


class TestPutFirst:
    async def test_joins_replay_and_what_came_meanwhile(self, outlet: Outlet) -> None:
        outlet.offer(3, '{"id": 3}')
        outlet.offer(4, '{"id": 4}')

        outlet.put_first([event(2), event(3)])

        assert ids(await drain(outlet)) == [2, 3, 4]

    async def test_knows_later_what_it_replayed(self, outlet: Outlet) -> None:
        outlet.put_first([event(2), event(3)])

        outlet.offer(3, '{"id": 3}')
        outlet.offer(4, '{"id": 4}')

        assert ids(await drain(outlet)) == [2, 3, 4]
