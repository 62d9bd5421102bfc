"""Runs a stream worker: `manage.py run_stream_worker`."""

import os
import signal
import socket
import threading
from types import FrameType
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand

from workers import watch
from workers.stream.redis import RedisTransport
from workers.streaming import StreamWorker


class Command(BaseCommand):
    """Leases shards and stores their readings until it is told to stop."""

    help = "Lease shards of the stream and store their readings, until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal comes."""
        ended = threading.Event()

        def end(_signal: int, _frame: FrameType | None) -> None:
            ended.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        worker = StreamWorker(
            name=f"{socket.gethostname()}-{os.getpid()}",
            transport=RedisTransport(settings.REDIS_URL),
            broker=redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=2
            ),
        )
        with watch.watched(settings.SEGS_WATCH_PORT):
            worker.run(ended.is_set)
