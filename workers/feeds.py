"""What the relay sends by the clock beside events: signs of life, the map, its own health.

None of it is logged: whoever misses one gets the next.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
import redis

from meters.live import MapFeed
from segs_site.lib import live
from workers import clocks

HEALTH_STREAM = "service_health"
STREAM_LENGTH = 10_000  # entries kept, about: a reader that is away longer asks the database


RESTS_TIMES = 10  # a feed takes at most about a tenth of the relay


@dataclass
class Feed:
    """Something that is due every so often; `send` gets the present.

    A feed whose work grows with the grid slows down before it crowds out the events.
    """

    every_s: float
    send: Callable[[datetime], None]
    _due_at: float = 0.0

    def send_if_due(self, now: datetime) -> None:
        """Send once, also when several times were missed."""
        begun = time.monotonic()
        if begun < self._due_at:
            return
        self._due_at = begun + self.every_s
        self.send(now)
        took_s = time.monotonic() - begun
        self._due_at = begun + max(self.every_s, RESTS_TIMES * took_s)


def map_feed(broker: redis.Redis) -> Feed:
    """Return the feed of map frames, a second apart; a snapshot when some hub wants one."""
    frames = MapFeed()

    def send(now: datetime) -> None:
        whole = broker.getdel(live.MAP_WANTED) is not None
        # By the stream's clock: our own backlog silences no meter, it makes the map older.
        read_until = min(now, clocks.slowest() or now)
        broker.publish(live.MAP_CHANNEL, frames.frame(now=read_until, whole=whole))

    return Feed(1.0, send)


def heartbeat_feed(broker: redis.Redis, newest: Callable[[], int]) -> Feed:
    """Return the sign of life, 2 s apart: a link that hears none for 5 s is stale."""

    def send(now: datetime) -> None:
        frame = live.heartbeat(newest=newest(), now=now)
        broker.publish(live.CHANNEL, live.pack(live.EVERYONE, 0, frame))

    return Feed(2.0, send)


def health_feed(broker: redis.Redis, service: str, detail: Callable[[], str]) -> Feed:
    """Return the feed by which a process says every 10 s that it works, and at what."""

    def send(now: datetime) -> None:
        report_health(broker, service=service, status="ok", detail=detail(), now=now)

    return Feed(10.0, send)


def report_health(
    broker: redis.Redis, *, service: str, status: str, detail: str, now: datetime
) -> None:
    """Append one line about a process to the stream of health."""
    data = {"service": service, "status": status, "at": now, "detail": detail}
    event = msgspec.json.encode({"type": "service_health", "data": data, "timestamp": now})
    broker.xadd(HEALTH_STREAM, {"event": event}, maxlen=STREAM_LENGTH, approximate=True)
