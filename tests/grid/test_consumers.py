"""The socket: who may join, what is replayed, what a slow or signed-out one hears."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connections
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.api import tokens
from accounts.choices import UserRole
from accounts.models import User
from grid import consumers
from meters import mapframes
from segs_site.lib import attendance, hub, live, outlet
from segs_site.lib.models import OutboxEvent
from segs_site.routing import sockets
from tests import worlds
from workers import embedded
from workers.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = (b"origin", b"http://localhost")
Open = Callable[..., Any]


def token(user: User, **claims: Any) -> str:
    made = AccessToken.for_user(user)
    made.payload.update(claims)
    return str(made)


def session_cookie(user: User) -> tuple[bytes, bytes]:
    client = Client()
    client.force_login(user)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    return (b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode())


class Socket(WebsocketCommunicator):
    """A client that skips the signs of life."""

    async def open(self) -> int | None:
        """Return None when the door stayed open, else the code it was closed with."""
        accepted, _ = await self.connect(timeout=5)
        if not accepted:
            return 403  # what a browser sees of a refused handshake
        self.kept: list[dict[str, Any]] = []
        if not await self.receive_nothing(timeout=0.05):
            self.kept.append(await self.receive_output())
        if self.kept and self.kept[0]["type"] == "websocket.close":
            return self.kept.pop()["code"]
        return None

    async def output(self) -> dict[str, Any]:
        return self.kept.pop() if self.kept else await self.receive_output(timeout=5)

    async def event(self) -> dict[str, Any]:
        while True:
            output = await self.output()
            if output["type"] == "websocket.close":
                return {"closed": output["code"]}
            if "text" in output and '"heartbeat"' not in output["text"]:
                return json.loads(output["text"])

    async def map_frame(self) -> mapframes.Frame:
        while True:
            output = await self.output()
            if "bytes" in output:
                return mapframes.read(output["bytes"])


@pytest.fixture
async def socket() -> AsyncIterator[Open]:
    """Makes sockets and hangs them all up."""
    made: list[Socket] = []

    def make(query: str = "", *headers: tuple[bytes, bytes], path: str = "/ws") -> Socket:
        made.append(Socket(sockets, f"{path}?{query}", [*headers]))
        return made[-1]

    yield make
    for each in made:
        await each.disconnect()
    await database_sync_to_async(connections.close_all)()


class World:
    """The outbox and its relay, from an async test."""

    def __init__(self, broker: redis.Redis) -> None:
        self.relay = Relay(broker)

    async def tell(self, *names: str, group: str = "grid") -> None:
        await self.write(*names, group=group)
        await database_sync_to_async(self.relay.turn)()

    async def write(self, *names: str, group: str = "grid") -> None:
        events = [live.Event(group, "load", {"name": name}) for name in names]
        await database_sync_to_async(live.announce)(events, now=datetime.now(UTC))

    async def forget(self) -> None:
        await database_sync_to_async(live.forget_before)(datetime.now(UTC) + timedelta(days=1))


@pytest.fixture
async def world(broker: redis.Redis) -> AsyncIterator[World]:
    made = World(broker)
    yield made
    await database_sync_to_async(made.relay.release)()


class TestWhoMayJoin:
    async def test_olga_by_token(self, socket: Open, world: World, olga: User) -> None:
        assert await socket(f"token={token(olga)}").open() is None

    async def test_olga_by_her_session(self, socket: Open, world: World, olga: User) -> None:
        cookie = await database_sync_to_async(session_cookie)(olga)

        assert await socket("", ORIGIN, cookie).open() is None

    async def test_the_slash_makes_no_difference(
        self, socket: Open, world: World, olga: User
    ) -> None:
        assert await socket(f"token={token(olga)}", path="/ws/").open() is None

    async def test_nobody_without_a_name(self, socket: Open, world: World) -> None:
        assert await socket("", ORIGIN).open() == consumers.SIGNED_OUT

    async def test_nobody_with_an_ended_token(
        self, socket: Open, world: World, olga: User
    ) -> None:
        ended = token(olga, exp=datetime.now(UTC).timestamp() - 1)

        assert await socket(f"token={ended}").open() == consumers.SIGNED_OUT

    async def test_a_refresh_token_is_no_access(
        self, socket: Open, world: World, olga: User
    ) -> None:
        refresh = await database_sync_to_async(RefreshToken.for_user)(olga)

        assert await socket(f"token={refresh}").open() == consumers.SIGNED_OUT

    async def test_nobody_who_is_barred(self, socket: Open, world: World, olga: User) -> None:
        mine = token(olga)
        olga.is_active = False
        await database_sync_to_async(olga.save)()

        assert await socket(f"token={mine}").open() == consumers.SIGNED_OUT

    @pytest.mark.parametrize("topics", ["grid", "map", "grid,map"])
    async def test_carl_sees_no_grid(
        self, socket: Open, world: World, carl: User, topics: str
    ) -> None:
        asked = f"token={token(carl)}&topics={topics}"

        assert await socket(asked).open() == consumers.FORBIDDEN

    async def test_no_unknown_topic(self, socket: Open, world: World, olga: User) -> None:
        asked = f"token={token(olga)}&topics=grid,secrets"

        assert await socket(asked).open() == consumers.UNREADABLE

    async def test_no_page_of_another_site(self, socket: Open, world: World, olga: User) -> None:
        cookie = await database_sync_to_async(session_cookie)(olga)

        assert await socket("", (b"origin", b"https://evil.example"), cookie).open() == 403

    async def test_no_session_without_an_origin(
        self, socket: Open, world: World, olga: User
    ) -> None:
        cookie = await database_sync_to_async(session_cookie)(olga)

        assert await socket("", cookie).open() == 403

    async def test_no_more_than_the_process_serves(
        self, socket: Open, world: World, olga: User, settings: Any
    ) -> None:
        settings.SEGS_MAX_SOCKETS = 1
        first, second = (socket(f"token={token(olga)}") for _ in range(2))

        assert await first.open() is None
        assert await second.open() == consumers.TOO_MANY

    async def test_no_other_address(self, socket: Open, olga: User) -> None:
        assert await socket(f"token={token(olga)}", path="/ws/other").open() == 403


class TestFeed:
    async def test_forwards_what_is_told_of_its_group(
        self, socket: Open, world: World, olga: User
    ) -> None:
        client = socket(f"token={token(olga)}")
        await client.open()

        await world.tell("not theirs", group="user:7")
        await world.tell("theirs")

        event = await client.event()
        assert (event["id"], event["prev"], event["data"]) == (2, None, {"name": "theirs"})

    async def test_replays_what_was_missed_and_goes_on(
        self, socket: Open, world: World, olga: User
    ) -> None:
        await world.tell("seen", "missed", "missed too")
        client = socket(f"token={token(olga)}&since=1")
        await client.open()

        await world.tell("new")

        assert [(await client.event())["id"] for _ in range(3)] == [2, 3, 4]

    async def test_loses_nothing_between_replay_and_subscription(
        self, socket: Open, world: World, olga: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await world.tell("seen")
        real = live.since

        def slow_since(*args: Any) -> list[OutboxEvent]:
            found = real(*args)
            events = [live.Event("grid", "load", {"name": "meanwhile"})]
            live.announce(events, now=datetime.now(UTC))
            world.relay.turn()
            return found

        monkeypatch.setattr(live, "since", slow_since)
        client = socket(f"token={token(olga)}&since=1")
        await client.open()

        assert (await client.event())["data"] == {"name": "meanwhile"}

    async def test_drops_repeats_after_a_crash_of_the_relay(
        self, socket: Open, world: World, olga: User
    ) -> None:
        client = socket(f"token={token(olga)}")
        await client.open()
        await world.tell("a")

        await database_sync_to_async(OutboxEvent.objects.update)(published_at=None)
        await world.tell("b")

        assert [(await client.event())["data"]["name"] for _ in range(2)] == ["a", "b"]

    @pytest.mark.parametrize("since", ["0", "99", "-5", "yesterday"])
    async def test_says_resync_when_it_cannot_replay(
        self, socket: Open, world: World, olga: User, since: str
    ) -> None:
        await world.tell("a", "b")
        await world.forget()
        client = socket(f"token={token(olga)}&since={since}")
        await client.open()

        assert (await client.event())["type"] == "resync"

    async def test_says_at_once_that_the_feed_lives(
        self, socket: Open, world: World, olga: User
    ) -> None:
        first = socket(f"token={token(olga)}")
        await first.open()
        await world.tell("a")
        await first.event()
        second = socket(f"token={token(olga)}")

        await second.connect()

        assert json.loads(await second.receive_from())["type"] == "heartbeat"

    async def test_fills_the_gap_when_messages_were_lost(
        self, socket: Open, world: World, olga: User
    ) -> None:
        client = socket(f"token={token(olga)}")
        await client.open()
        await world.tell("heard")
        await world.write("lost by the broker")
        await database_sync_to_async(live.number)()
        await database_sync_to_async(OutboxEvent.objects.update)(published_at=datetime.now(UTC))

        await world.tell("heard again")

        assert [(await client.event())["id"] for _ in range(3)] == [1, 2, 3]

    async def test_a_socket_that_does_not_read_is_told_to_resync(
        self, socket: Open, world: World, olga: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outlet, "FRAMES_LIMIT", 5)
        has_room = asyncio.Event()
        client = socket(f"token={token(olga)}")
        await client.open()
        monkeypatch.setattr("segs_site.lib.draining.Drain.room", lambda self: has_room.wait())
        await world.tell(*map(str, range(20)))
        first = await client.event()
        await asyncio.sleep(0.2)

        has_room.set()

        heard = [await client.event() for _ in range(2)]
        assert (first["id"], heard[0]["type"]) == (1, "resync")
        assert heard[0]["data"]["newest"] < heard[1]["id"] <= 20


class TestMine:
    """What a customer hears: his own, and nothing else."""

    async def test_is_heard_by_whom_it_concerns_alone(
        self, socket: Open, world: World, carl: User
    ) -> None:
        client = socket(f"token={token(carl)}&topics=mine")
        await client.open()

        await world.tell("another's", group=f"user:{carl.pk + 1}")
        await world.tell("the desk's", group="alerts")
        await world.tell("his", group=f"user:{carl.pk}")

        assert (await client.event())["data"] == {"name": "his"}

    async def test_is_replayed_without_what_is_not_his(
        self, socket: Open, world: World, carl: User
    ) -> None:
        await world.tell("another's", group=f"user:{carl.pk + 1}")
        await world.tell("his", group=f"user:{carl.pk}")
        client = socket(f"token={token(carl)}&topics=mine&since=0")
        await client.open()

        assert (await client.event())["data"] == {"name": "his"}

    async def test_cannot_be_asked_for_by_the_name_of_a_group(
        self, socket: Open, world: World, carl: User
    ) -> None:
        asked = f"token={token(carl)}&topics=user:{carl.pk + 1}"

        assert await socket(asked).open() == consumers.UNREADABLE


class TestAttendance:
    """Whether anybody is at the desk."""

    async def test_counts_consoles_of_those_who_may_act(
        self, socket: Open, world: World, olga: User, carl: User
    ) -> None:
        await socket(f"token={token(olga)}&topics=alerts").open()
        await socket(f"token={token(carl)}&topics=mine").open()

        assert await self._consoles() == 1

    async def test_does_not_count_who_only_looks_at_the_map_or_may_not_act(
        self, socket: Open, world: World, olga: User
    ) -> None:
        clerk = await database_sync_to_async(User.objects.create)(
            email="cleo@utility.example", role=UserRole.CLERK
        )
        await socket(f"token={token(olga)}&topics=map").open()
        await socket(f"token={token(clerk)}&topics=alerts").open()

        assert await self._consoles() == 0

    async def _consoles(self) -> int:
        await asyncio.sleep(0.3)
        return await database_sync_to_async(attendance.consoles)(now=datetime.now(UTC))


class TestMap:
    async def test_a_newcomer_gets_a_snapshot(
        self, socket: Open, world: World, olga: User, small_grid: worlds.SmallGrid
    ) -> None:
        client = socket(f"token={token(olga)}&topics=map")
        await client.open()

        await world.tell()

        frame = await client.map_frame()
        assert (frame.kind, frame.meters, frame.silent) == (mapframes.SNAPSHOT, 6, 6)

    async def test_a_later_one_gets_it_from_the_hub(
        self, socket: Open, world: World, olga: User, small_grid: worlds.SmallGrid
    ) -> None:
        first, second = (socket(f"token={token(olga)}&topics=map") for _ in range(2))
        await first.open()
        await world.tell()
        await first.map_frame()

        await second.open()

        assert (await second.map_frame()).kind == mapframes.SNAPSHOT

    async def test_whoever_asks_gets_the_whole_map(
        self, socket: Open, world: World, olga: User, small_grid: worlds.SmallGrid
    ) -> None:
        client = socket(f"token={token(olga)}&topics=map")
        await client.open()
        await world.tell()
        before = await client.map_frame()

        await client.send_json_to({"type": "snapshot"})

        assert (await client.map_frame()).moment == before.moment


class TestStaying:
    async def test_ends_with_the_token(self, socket: Open, world: World, olga: User) -> None:
        short = token(olga, exp=datetime.now(UTC).timestamp() + 1)
        client = socket(f"token={short}")
        await client.open()

        assert await client.event() == {"closed": consumers.SIGNED_OUT}

    async def test_goes_on_with_a_newer_token(
        self, socket: Open, world: World, olga: User
    ) -> None:
        short = token(olga, exp=datetime.now(UTC).timestamp() + 2)
        client = socket(f"token={short}")
        await client.open()

        await client.send_json_to({"type": "authenticate", "token": token(olga)})
        await asyncio.sleep(2.2)
        await world.tell("still here")

        assert (await client.event())["data"] == {"name": "still here"}

    async def test_somebody_else_cannot_take_over(
        self, socket: Open, world: World, olga: User, ada: User
    ) -> None:
        client = socket(f"token={token(olga)}")
        await client.open()

        await client.send_json_to({"type": "authenticate", "token": token(ada)})

        assert await client.event() == {"closed": consumers.FORBIDDEN}

    @pytest.mark.parametrize("text", ["{", "[]", '{"type": "shutdown"}', "{}"])
    async def test_what_cannot_be_read_ends_it(
        self, socket: Open, world: World, olga: User, text: str
    ) -> None:
        client = socket(f"token={token(olga)}")
        await client.open()

        await client.send_to(text_data=text)

        assert await client.event() == {"closed": consumers.UNREADABLE}

    async def test_ends_soon_after_the_session(
        self, socket: Open, world: World, olga: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(consumers, "RECHECK_S", 0.2)
        cookie = await database_sync_to_async(session_cookie)(olga)
        client = socket("", ORIGIN, cookie)
        await client.open()

        olga.set_password("another")
        await database_sync_to_async(olga.save)()

        assert await client.event() == {"closed": consumers.SIGNED_OUT}

    async def test_ends_soon_after_the_right_to_watch(
        self, socket: Open, world: World, olga: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(consumers, "RECHECK_S", 0.2)
        cookie = await database_sync_to_async(session_cookie)(olga)
        client = socket("", ORIGIN, cookie)
        await client.open()

        olga.role = "customer"
        await database_sync_to_async(olga.save)()

        assert await client.event() == {"closed": consumers.FORBIDDEN}

    async def test_ends_soon_after_the_sign_in_of_its_token(
        self, socket: Open, world: World, olga: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(consumers, "RECHECK_S", 0.2)
        pair = await database_sync_to_async(tokens.start)(olga, now=datetime.now(UTC))
        client = socket(f"token={pair['access']}")
        await client.open()

        await database_sync_to_async(tokens.end)(pair["refresh"], now=datetime.now(UTC))

        assert await client.event() == {"closed": consumers.SIGNED_OUT}

    async def test_by_token_ends_soon_after_the_right_to_watch(
        self, socket: Open, world: World, olga: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(consumers, "RECHECK_S", 0.2)
        client = socket(f"token={token(olga)}")
        await client.open()

        olga.role = "customer"
        await database_sync_to_async(olga.save)()

        assert await client.event() == {"closed": consumers.FORBIDDEN}


class TestBrokerAway:
    async def test_a_newcomer_is_asked_to_try_later(
        self, socket: Open, olga: User, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.REDIS_URL = f"redis://127.0.0.1:{embedded.free_port()}/0"
        monkeypatch.setattr(hub, "JOIN_PATIENCE_S", 0.3)

        assert await socket(f"token={token(olga)}").open() == consumers.TRY_LATER

    async def test_nobody_misses_what_was_told_while_the_link_was_cut(
        self, socket: Open, world: World, olga: User, broker: redis.Redis
    ) -> None:
        client = socket(f"token={token(olga)}")
        await client.open()
        await world.tell("before")
        assert (await client.event())["id"] == 1
        broker.client_kill_filter(_type="pubsub")

        await world.tell("while it was cut")

        assert (await client.event())["id"] == 2
