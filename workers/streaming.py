"""The stream worker's life: lease shards, turn the pipeline, back off, hand over at the end."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

import redis
from django.db import InterfaceError, OperationalError, connection

from workers import feeds, leases, mirror
from workers.models import Shard
from workers.readings import Readings
from workers.stream import metrics
from workers.stream.message import order
from workers.stream.pipeline import Lane, Pipeline
from workers.stream.transport import Away, Transport

log = logging.getLogger(__name__)

HEARTBEAT_S = 3.0  # well inside a lease
MIRROR_S = 1.0
WAIT_MS = 200
LONGEST_PAUSE_S = 2.0


class StreamWorker:
    """One worker process; `run` returns once `stopping` says so."""

    def __init__(self, *, name: str, transport: Transport, broker: redis.Redis) -> None:
        self._name = name
        self._transport = transport
        self._broker = broker
        self._pipeline: Pipeline | None = None
        self._lanes: dict[int, Lane] = {}
        self._beaten = self._mirrored = 0.0
        self._pause_s = 0.0
        self._health = feeds.health_feed(broker, name, lambda: f"holds {sorted(self._lanes)}")

    def run(self, stopping: Callable[[], bool]) -> None:
        """Work until told to stop, then hand the shards over."""
        while not stopping():
            try:
                self._step()
            except (OperationalError, InterfaceError) as fault:
                self._back_off(f"the database is away: {fault}")
            except (Away, redis.RedisError) as fault:
                self._back_off(f"the broker is away: {fault}")
        self._hand_over()

    def _step(self) -> None:
        now = time.monotonic()
        if now - self._beaten >= HEARTBEAT_S:
            self._beat()
            self._beaten = now
        if now - self._mirrored >= MIRROR_S:
            mirror.refresh(self._broker, now=datetime.now(UTC))
            self._mirrored = now
        if not self._lanes:
            time.sleep(WAIT_MS / 1000)
            return
        self._turn()

    def _turn(self) -> None:
        with metrics.TURN_S.time():
            done = self._opened().turn(list(self._lanes.values()), wait_ms=WAIT_MS)
        metrics.BURIED.inc(done.buried)
        for shard in done.lost:
            log.warning("shard %s has another owner now", shard)
            self._lanes.pop(shard, None)
        if done.busy:
            self._back_off(done.busy)
        else:
            self._pause_s = 0.0

    def _opened(self) -> Pipeline:
        """Return the pipeline, made once the database has said how many shards there are."""
        if self._pipeline is None:
            self._pipeline = Pipeline(self._transport, Readings(shards=Shard.objects.count()))
        return self._pipeline

    def _back_off(self, reason: str) -> None:
        if self._pause_s == 0.0:
            log.warning("%s", reason)
        self._pause_s = min(LONGEST_PAUSE_S, max(0.1, self._pause_s * 2))
        connection.close()
        time.sleep(self._pause_s)
        self._beaten = 0.0  # look first whose the shards are, and where their streams stand

    def _beat(self) -> None:
        share = leases.fair_share(name=self._name)
        for lane in list(self._lanes.values()):
            if len(self._lanes) > share:
                leases.release(self._lanes.pop(lane.shard))
            elif not leases.renew(lane):
                del self._lanes[lane.shard]
        for lane in leases.claim(name=self._name, limit=share - len(self._lanes)):
            log.info("holding shard %s from %s", lane.shard, lane.offset)
            self._lanes[lane.shard] = lane
        for lane in self._lanes.values():
            self._check_stream(lane)
        metrics.LANES.set(len(self._lanes))
        self._health.send_if_due(datetime.now(UTC))

    def _check_stream(self, lane: Lane) -> None:
        """Start at the beginning of a stream that is younger than the offset: a new broker's."""
        if order(self._transport.last_id(lane.shard)) < order(lane.offset):
            log.warning(
                "the stream of shard %s was made anew: reading it from its start", lane.shard
            )
            lane.offset = "0-0"

    def _hand_over(self) -> None:
        try:
            for lane in self._lanes.values():
                leases.release(lane)
            leases.retire(name=self._name)
        except (OperationalError, InterfaceError) as fault:
            log.warning("the leases will run out by themselves: %s", fault)
