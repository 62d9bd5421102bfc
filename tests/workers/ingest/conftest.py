"""An ingest application before the tests' broker, or before one of its own that may be broken."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import redis

from tests.workers.ingest import client as clients
from tests.workers.ingest.client import Client, Life
from workers import embedded
from workers.ingest import door
from workers.ingest.app import Ingest

PATIENCE_S = 20


@pytest.fixture(autouse=True)
def quick_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Doors look around twenty times a second."""
    monkeypatch.setattr(door, "LOOK_EVERY_S", 0.05)


@pytest.fixture
async def client(broker: redis.Redis) -> AsyncIterator[Client]:
    """A head-end before an open door."""
    clients.mirror(broker)
    app = Ingest()
    life = Life(app)
    assert (await life.start())["type"] == "lifespan.startup.complete"
    yield Client(app)
    await life.stop()


@pytest.fixture
def own_broker(tmp_path, settings) -> Iterator[embedded.Broker]:
    """A broker that a test may kill and change; ingest is pointed at it."""
    own = embedded.Broker(tmp_path / "valkey")
    own.start()
    settings.REDIS_URL = own.url()
    yield own
    own.kill()


@pytest.fixture
def own_redis(own_broker: embedded.Broker) -> Iterator[redis.Redis]:
    """A client of that broker, which holds a mirror."""
    connected = redis.Redis.from_url(own_broker.url(), retry=None)
    clients.mirror(connected)
    yield connected
    connected.close()


@pytest.fixture
async def own_client(own_redis: redis.Redis) -> AsyncIterator[Client]:
    """A head-end before a door to that broker."""
    app = Ingest()
    life = Life(app)
    await life.start()
    yield Client(app)
    await life.stop()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is true; fail when it takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while not await true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
