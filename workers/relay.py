"""The relay: numbers committed events in commit order and tells everybody who listens.

One is active, by a session's advisory lock; the others wait for it. Whatever fails, the session
is closed, which gives the lock away, and the relay starts again from what the database says. An
event is published at least once: after a crash between publishing and marking it goes out again
under the same number, and listeners drop it.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import redis
from django.db import Error as DatabaseError
from django.db import connection
from prometheus_client import Counter, Gauge

from segs_site.lib import live
from segs_site.lib.locks import Lock
from segs_site.lib.models import OutboxEvent
from workers import counting, feeds

logger = logging.getLogger(__name__)

TICK_S = 0.1  # between looks at the outbox: the feed's own share of an event's delay
STANDBY_S = 1.0  # between tries to become the active one
BACKOFF_S = (0.2, 5.0)  # first and longest pause while database or broker are away
BATCH = 1000

ACTIVE = Gauge(
    "segs_relay_active", "1 while this relay is the active one", multiprocess_mode="livesum"
)
PUBLISHED = Counter("segs_relay_published", "Events published, repeats included")
DELAY_S = Gauge(
    "segs_relay_delay_seconds",
    "From writing to publishing, newest event",
    multiprocess_mode="livemax",
)
FAILURES = Counter("segs_relay_failures", "Times that database or broker were found away")


class Relay:
    """One relay; `run` goes on until it is told to stop."""

    def __init__(
        self, broker: redis.Redis, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.is_active = False
        self._broker = broker
        self._clock = clock
        self._newest = 0
        self._pause_s = BACKOFF_S[0]
        self._trouble = ""
        self._feeds = [
            feeds.heartbeat_feed(broker, lambda: self._newest),
            feeds.map_feed(broker),
            feeds.health_feed(broker, "relay", lambda: f"active, at event {self._newest}"),
        ]

    def run(self, stop: threading.Event) -> None:
        """Relay until `stop` is set; database and broker may go and come back."""
        while not stop.is_set():
            stop.wait(self.turn())
        self.release()

    def turn(self) -> float:
        """Do what is due and return how many seconds to wait before the next turn."""
        try:
            if not self._hold():
                return STANDBY_S
            told = self.relay_events()
            now = self._clock()
            for feed in self._feeds:
                feed.send_if_due(now)
        except (DatabaseError, redis.RedisError) as problem:
            return self._back_off(problem)
        self._recovered()
        return 0.0 if told == BATCH else TICK_S

    def relay_events(self) -> int:
        """Publish what is committed, numbered first; return how many events."""
        live.number(limit=BATCH)
        events = live.unpublished(limit=BATCH)
        if events:
            self._publish(events)
            live.mark_published(events, now=self._clock())
            counting.count(events, now=self._clock())
            self._newest = max(self._newest, events[-1].number or 0)
            DELAY_S.set((self._clock() - events[-1].created_at).total_seconds())
        return len(events)

    def release(self) -> None:
        """Let another relay become the active one."""
        self.is_active = False
        ACTIVE.set(0)
        connection.close()

    def _hold(self) -> bool:
        """Tell whether this relay is the active one; try to become it.

        The lock belongs to the session that also numbers: when the one is lost, so is the other.
        """
        if self.is_active:
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [Lock.RELAY])
            self.is_active = cursor.fetchone()[0]
        if self.is_active:
            self._newest = live.newest_published()
            ACTIVE.set(1)
            logger.info("relay: active, at event %s", self._newest)
        return self.is_active

    def _publish(self, events: Sequence[OutboxEvent]) -> None:
        with self._broker.pipeline(transaction=False) as pipe:
            for event in events:
                number, frame = event.number or 0, live.encode(event)
                if event.stream:
                    pipe.xadd(
                        event.stream,
                        {"id": number, "event": frame},
                        maxlen=feeds.STREAM_LENGTH,
                        approximate=True,
                    )
                pipe.publish(live.CHANNEL, live.pack(event.group, number, frame))
            pipe.execute()
        PUBLISHED.inc(len(events))

    def _back_off(self, problem: Exception) -> float:
        FAILURES.inc()
        if type(problem).__name__ != self._trouble:
            self._trouble = type(problem).__name__
            logger.warning("relay: waiting, %s: %s", self._trouble, problem)
        self.release()
        pause_s = self._pause_s
        self._pause_s = min(2 * pause_s, BACKOFF_S[1])
        return pause_s

    def _recovered(self) -> None:
        if self._trouble:
            logger.info("relay: database and broker are back")
        self._trouble, self._pause_s = "", BACKOFF_S[0]
