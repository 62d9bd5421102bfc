"""`manage.py run_relay`: tells screens, event streams and clients what was committed."""

import signal
import threading
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers import state, watch
from workers.relay import Relay

PATIENCE_S = 5


class Command(BaseCommand):
    """Runs one relay until SIGTERM or SIGINT; start two, and the second waits for the first."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Relay until told to stop."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        broker = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            retry=Retry(NoBackoff(), 0),  # the relay itself tries again, and gives its lock away
        )
        states = [state.StateCollector()]
        with broker, watch.watched(settings.SEGS_WATCH_PORT, also=states):
            Relay(broker).run(stop)
