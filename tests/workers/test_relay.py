"""The relay: commit order, at least once, one active, away and back."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection, transaction

from segs_site.lib import live
from segs_site.lib.models import OutboxEvent
from tests.lib.test_live import Elsewhere
from workers import embedded, feeds
from workers.relay import STANDBY_S, TICK_S, Relay

pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """Hears what the relay publishes, as a web process does."""

    def __init__(self, broker: redis.Redis) -> None:
        self._channels = broker.pubsub(ignore_subscribe_messages=True)
        self._channels.subscribe(live.CHANNEL)
        self._channels.get_message(timeout=1)

    def frames(self) -> list[dict[str, Any]]:
        heard = []
        while message := self._channels.get_message(timeout=0.2):
            heard.append(json.loads(live.unpack(message["data"])[2]))
        return heard

    def events(self) -> list[tuple[int, str]]:
        return [(frame["id"], frame["data"]["name"]) for frame in self.frames() if frame["id"]]

    def close(self) -> None:
        self._channels.close()


@pytest.fixture
def listener(broker: redis.Redis) -> Iterator[Listener]:
    heard = Listener(broker)
    yield heard
    heard.close()


@pytest.fixture
def relay(broker: redis.Redis) -> Iterator[Relay]:
    made = Relay(broker)
    yield made
    made.release()


def announce(*names: str, now: datetime, stream: str = "") -> None:
    with transaction.atomic():
        live.announce(
            [live.Event("grid", "load", {"name": name}, stream) for name in names], now=now
        )


class TestOrder:
    def test_tells_events_in_the_order_of_their_commits(
        self, relay: Relay, listener: Listener, now: datetime
    ) -> None:
        slow = Elsewhere(lambda: announce("written first", now=now))
        announce("committed first", now=now)
        relay.turn()
        seen = listener.events()

        slow.commit()
        relay.turn()

        assert seen == [(1, "committed first")]
        assert listener.events() == [(2, "written first")]

    def test_tells_each_once(self, relay: Relay, listener: Listener, now: datetime) -> None:
        announce("a", "b", now=now)

        relay.turn()
        relay.turn()

        assert listener.events() == [(1, "a"), (2, "b")]

    def test_tells_nothing_that_was_rolled_back(
        self, relay: Relay, listener: Listener, now: datetime
    ) -> None:
        with transaction.atomic():
            announce("never", now=now)
            transaction.set_rollback(True)

        relay.turn()

        assert listener.events() == []

    def test_does_not_rest_while_there_is_more(
        self, relay: Relay, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("workers.relay.BATCH", 2)
        announce("a", "b", "c", now=now)

        assert [relay.turn(), relay.turn()] == [0.0, TICK_S]


class TestCrash:
    def test_between_numbering_and_publishing_loses_nothing(
        self, relay: Relay, listener: Listener, now: datetime
    ) -> None:
        announce("numbered", now=now)
        live.number()
        announce("fresh", now=now)

        relay.turn()

        assert listener.events() == [(1, "numbered"), (2, "fresh")]

    def test_between_publishing_and_marking_repeats_the_same_number(
        self,
        relay: Relay,
        broker: redis.Redis,
        listener: Listener,
        now: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        announce("a", now=now)
        with monkeypatch.context() as patch:
            patch.setattr(live, "mark_published", _crash)
            with pytest.raises(KeyboardInterrupt):
                relay.turn()
        relay.release()

        Relay(broker).turn()

        assert listener.events() == [(1, "a"), (1, "a")]


def _crash(*args: Any, **kwargs: Any) -> None:
    raise KeyboardInterrupt


class TestStreams:
    def test_an_event_goes_to_the_stream_it_names(
        self, relay: Relay, broker: redis.Redis, now: datetime
    ) -> None:
        announce("a", now=now, stream="aggregates_1m_regional")
        announce("b", now=now)

        relay.turn()

        [(_, fields)] = broker.xrange("aggregates_1m_regional")
        assert fields[b"id"] == b"1"
        assert json.loads(fields[b"event"])["data"] == {"name": "a"}

    def test_says_that_it_works(self, relay: Relay, broker: redis.Redis) -> None:
        relay.turn()

        [(_, fields)] = broker.xrange(feeds.HEALTH_STREAM)
        event = json.loads(fields[b"event"])
        assert event["data"]["service"] == "relay"
        assert event["data"]["status"] == "ok"

    def test_a_heartbeat_carries_the_newest_that_was_told(
        self, relay: Relay, listener: Listener, now: datetime
    ) -> None:
        announce("a", "b", now=now)

        relay.turn()

        *events, heartbeat = listener.frames()
        assert [event["id"] for event in events] == [1, 2]
        assert heartbeat["type"] == "heartbeat"
        assert heartbeat["data"] == {"newest": 2}


class TestOneActive:
    def test_a_second_waits_until_the_first_ends(self, relay: Relay, broker: redis.Redis) -> None:
        states: list[bool] = []

        def second() -> None:
            waiting = Relay(broker)
            pause = waiting.turn()
            states.append(waiting.is_active or pause != STANDBY_S)
            relay_ended.wait(10)
            ends = time.monotonic() + 10
            while not waiting.is_active and time.monotonic() < ends:
                waiting.turn()
            states.append(waiting.is_active)
            waiting.release()

        relay.turn()
        relay_ended = threading.Event()
        other = threading.Thread(target=second)
        other.start()
        while not states:
            other.join(0.02)
        relay.release()
        relay_ended.set()
        other.join()

        assert states == [False, True]

    def test_whose_session_is_cut_is_active_no_more(self, relay: Relay, now: datetime) -> None:
        relay.turn()
        announce("a", now=now)
        _cut_the_session()

        pause = relay.turn()

        assert not relay.is_active
        assert pause > TICK_S

    def test_comes_back_after_its_session_was_cut(
        self, relay: Relay, listener: Listener, now: datetime
    ) -> None:
        relay.turn()
        announce("a", now=now)
        _cut_the_session()
        relay.turn()

        relay.turn()

        assert relay.is_active
        assert listener.events() == [(1, "a")]


def _cut_the_session() -> None:
    """End our own session from another one, as a restart of the database would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    parameters = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    address = {name: parameters[name] for name in names if name in parameters}
    with psycopg.connect(**address, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


class TestBrokerAway:
    def test_waits_longer_each_time_and_says_so_once(
        self, now: datetime, caplog: pytest.LogCaptureFixture
    ) -> None:
        unreachable = redis.Redis(port=embedded.free_port(), socket_connect_timeout=1)
        relay = Relay(unreachable)
        announce("a", now=now)

        pauses = [relay.turn() for _ in range(3)]

        assert pauses == sorted(set(pauses))
        assert caplog.text.count("relay: waiting") == 1
        assert OutboxEvent.objects.filter(published_at__isnull=True).count() == 1

    def test_gives_the_lock_to_a_relay_that_can_publish(
        self, broker: redis.Redis, listener: Listener, now: datetime
    ) -> None:
        unreachable = redis.Redis(port=embedded.free_port(), socket_connect_timeout=1)
        announce("a", now=now)
        Relay(unreachable).turn()

        able = Relay(broker)
        able.turn()

        assert listener.events() == [(1, "a")]
        able.release()


class TestRun:
    def test_ends_when_told_and_gives_the_lock_back(self, broker: redis.Redis) -> None:
        stop = threading.Event()
        relay = Relay(redis.Redis.from_url(settings.REDIS_URL))

        def run() -> None:
            relay.run(stop)

        running = threading.Thread(target=run)
        running.start()
        while not relay.is_active:
            running.join(0.02)
        stop.set()
        running.join(5)

        assert not running.is_alive()
        next_one = Relay(broker)
        next_one.turn()
        assert next_one.is_active
        next_one.release()
