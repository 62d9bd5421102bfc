"""A stream worker may start before PostgreSQL does. No database is allowed here: it is away."""

import redis

from workers.stream.memory import MemoryTransport
from workers.streaming import StreamWorker


class TestStreamWorker:
    def test_is_made_without_the_database(self, settings):
        broker = redis.Redis.from_url(settings.REDIS_URL)

        with broker:
            worker = StreamWorker(name="first", transport=MemoryTransport(), broker=broker)

        assert worker is not None
