"""One subscription a process, whose ready frames go to every socket that joined.

A channel layer hands each message to each socket through queues of its own and drops silently
when one is full; the hub looks up the group and puts the same text into the sockets' outlets.
It listens while somebody has joined.
"""

import asyncio
import logging
import os
import socket
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

import redis.asyncio as aioredis
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError
from prometheus_client import Counter, Gauge
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from segs_site.lib import attendance, live
from segs_site.lib.models import OutboxEvent
from segs_site.lib.outlet import Frame, Outlet

logger = logging.getLogger(__name__)

JOIN_PATIENCE_S = 5
RETRY_S = 0.5
SILENCE_S = 5.0  # after so long without a message the connection is pinged
FRESH_S = 3.0  # a heartbeat older than this is no sign of life

MAP_FRAMES_KEPT = 120  # the relay sends a snapshot sooner than that
SNAPSHOT = 1  # first byte of a frame that stands by itself

SOCKETS = Gauge(
    "segs_live_sockets",
    "Sockets that are joined to the live feed",
    multiprocess_mode="livesum",
)
FRAMES = Counter("segs_live_frames", "Frames put into the queues of sockets")
GAPS = Counter("segs_live_gaps", "Times the hub had to read missed events from the outbox")


class Full(Exception):
    """The process serves as many sockets as it may."""


class Away(Exception):
    """The broker cannot be reached, so a socket would hear nothing."""


class Hub:
    """Hands what the relay publishes to the outlets that joined."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._outlets: set[Outlet] = set()
        self._by_group: dict[str, set[Outlet]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None
        self._reporter: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()
        self._has_listened_before = False
        self._last: int | None = None
        self._map: list[bytes] = []
        self._heartbeat: tuple[float, str] = (0.0, "")

    async def join(self, outlet: Outlet) -> None:
        """Let an outlet hear whatever is published from now on; raises Full or Away."""
        if len(self._outlets) >= settings.SEGS_MAX_SOCKETS:
            raise Full
        self._add(outlet)
        try:
            await asyncio.wait_for(self._subscribed.wait(), JOIN_PATIENCE_S)
        except TimeoutError as problem:
            await self.leave(outlet)
            raise Away from problem

    async def leave(self, outlet: Outlet) -> None:
        """Forget an outlet; the last one ends the subscription. Leaving twice does no harm."""
        self._outlets.discard(outlet)
        for group in outlet.groups:
            self._by_group[group].discard(outlet)
        SOCKETS.set(len(self._outlets))
        if self._outlets or self._listener is None:
            return
        listener, self._listener = self._listener, None
        self._subscribed.clear()
        reporter, self._reporter = self._reporter, None
        ended = {task for task in (listener, reporter) if task is not None}
        for task in ended:
            task.cancel()
        await asyncio.wait(ended)

    async def greet(self, outlet: Outlet) -> None:
        """Give a newcomer the sign of life, if there is one, and the map."""
        heard_at, frame = self._heartbeat
        if time.monotonic() - heard_at < FRESH_S:
            outlet.offer(0, frame)
        if outlet.with_map:
            await self.show_map(outlet)

    async def show_map(self, outlet: Outlet) -> None:
        """Queue the newest snapshot and the deltas since; ask for one when there is none."""
        for frame in self._map:
            outlet.offer(0, frame)
        if not self._map:
            with suppress(RedisError, OSError):  # away: the next snapshot comes by itself
                async with aioredis.Redis.from_url(self._url) as broker:
                    await broker.set(live.MAP_WANTED, 1, ex=10)

    def _add(self, outlet: Outlet) -> None:
        self._outlets.add(outlet)
        for group in outlet.groups:
            self._by_group[group].add(outlet)
        SOCKETS.set(len(self._outlets))
        if self._listener is None:
            self._last, self._map, self._heartbeat = None, [], (0.0, "")
            self._has_listened_before = False
            self._listener = asyncio.create_task(self._listen())
        if self._reporter is None and outlet.attends:
            self._reporter = asyncio.create_task(self._report())

    async def _report(self) -> None:
        """Say again and again how many consoles of operators are connected."""
        process = f"{socket.gethostname()}:{os.getpid()}"
        say = database_sync_to_async(attendance.say)
        while True:
            count = sum(outlet.attends for outlet in self._outlets)
            with suppress(DatabaseError):  # away: it is said again
                await say(process=process, consoles=count, now=datetime.now(UTC))
            await asyncio.sleep(attendance.SAID_EVERY_S)

    async def _listen(self) -> None:
        """Follow the broker for ever; whatever it says after a gap, the gap is filled first."""
        away = False
        while True:
            try:
                async with aioredis.Redis.from_url(
                    self._url,
                    socket_connect_timeout=JOIN_PATIENCE_S,
                    socket_timeout=None,
                    health_check_interval=int(SILENCE_S),
                    retry=Retry(NoBackoff(), 0),
                ) as broker:
                    await self._follow(broker)
            except (RedisError, OSError) as problem:
                if not away:
                    logger.warning("live feed: the broker is away: %s", problem)
                away = True
            self._subscribed.clear()
            await asyncio.sleep(RETRY_S)

    async def _follow(self, broker: aioredis.Redis) -> None:
        async with broker.pubsub() as channels:
            await channels.subscribe(live.MAP_CHANNEL, live.CHANNEL)
            while True:
                message = await channels.get_message(timeout=SILENCE_S)
                if message is not None:
                    await self._hear(message["type"], message["channel"], message["data"])
                    # A burst is read from memory without a pause: let the sockets write, too.
                    await asyncio.sleep(0)

    async def _hear(self, kind: str, channel: bytes, data: bytes) -> None:
        if kind == "subscribe" and channel == live.CHANNEL.encode():
            await self._start()
        elif kind == "message" and channel == live.CHANNEL.encode():
            await self._pass_on(*live.unpack(data))
        elif kind == "message":
            self._draw(data)

    async def _start(self) -> None:
        """Open the door after the first subscription; after a later one fill the gap before."""
        if self._has_listened_before:
            await self._fill()
        self._has_listened_before = True
        self._subscribed.set()

    async def _pass_on(self, group: str, number: int, frame: str) -> None:
        if group == live.EVERYONE:
            self._heartbeat = (time.monotonic(), frame)
            self._offer(self._outlets, 0, frame)
            return
        if self._last is not None and number > self._last + 1:
            await self._fill()
        self._last = max(number, self._last or 0)
        self._offer(self._by_group.get(group, ()), number, frame)

    async def _fill(self) -> None:
        """Read the events that were published while nobody heard; say resync if that fails."""
        GAPS.inc()
        try:
            missed = await database_sync_to_async(self._missed)()
        except (live.TooFarBehind, DatabaseError):
            for outlet in self._outlets:
                outlet.overflow()
            return
        for event in missed:
            self._last = event.number
            text = live.encode(event).decode()
            self._offer(self._by_group.get(event.group, ()), event.number or 0, text)

    def _missed(self) -> list[OutboxEvent]:
        if self._last is None:
            raise live.TooFarBehind
        return live.since(self._last)

    def _draw(self, frame: bytes) -> None:
        """Keep the newest snapshot with the deltas since, and pass the frame on."""
        if frame[0] == SNAPSHOT:
            self._map = [frame]
        elif self._map:
            self._map.append(frame)
        if len(self._map) > MAP_FRAMES_KEPT:
            self._map = []
        self._offer([outlet for outlet in self._outlets if outlet.with_map], 0, frame)

    def _offer(self, outlets: Iterable[Outlet], number: int, frame: Frame) -> None:
        for outlet in outlets:
            outlet.offer(number, frame)
            FRAMES.inc()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def of_this_process() -> Hub:
    """Return the hub of the running event loop; a process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]


async def ping() -> None:
    """Raise unless the broker answers."""
    async with aioredis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2
    ) as broker:
        await broker.ping()
