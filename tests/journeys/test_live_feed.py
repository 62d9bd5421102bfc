"""From a committed event to a client, through the real processes."""

import json
import re
import signal
import socket as sockets
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from django.conf import settings
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from accounts.models import User
from grid import live as grid_live
from meters import mapframes
from segs_site.lib import live
from tests import worlds
from tests.browser import processes
from tests.grid.builders import closed_minute, last_minute
from workers import embedded

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

PATIENCE_S = 15
MEGABYTE = 1_000_000


class Site:
    """Web process and relay on the tests' own database, with a broker that may be killed."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.broker = embedded.Broker(folder / "valkey")
        self.broker.start()
        environment = processes.environment(
            settings.DATABASES["default"]["NAME"], REDIS_URL=self.broker.url(), CACHE_URL=""
        )
        self.web = processes.Web(folder, environment)
        self.watch_port = embedded.free_port()
        self.relay = processes.Relay(
            folder, environment | {"SEGS_WATCH_PORT": str(self.watch_port)}
        )
        self.web.start()
        self.relay.start()

    @property
    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.broker.url())

    def sign_in(self) -> str:
        answer = httpx.post(
            f"{self.web.address}/api/auth/login",
            json={"email": "olga@utility.example", "password": "secret-olga"},
            timeout=PATIENCE_S,
        )
        return answer.json()["access"]

    def open(self, query: str, **options: Any) -> ClientConnection:
        address = f"ws://127.0.0.1:{self.web.port}/ws?token={self.sign_in()}&{query}"
        return connect(address, open_timeout=PATIENCE_S, **options)

    def close(self) -> None:
        self.relay.kill()
        self.web.kill()
        self.broker.stop()


@pytest.fixture
def site(transactional_db: None, olga: User, tmp_path_factory: Any) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("live"))
    yield made
    made.close()


def tell(*names: str, now: datetime) -> None:
    live.announce([live.Event("grid", "load", {"name": name}) for name in names], now=now)


def hear(client: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the next text frame that is wanted."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        frame = client.recv(timeout=PATIENCE_S)
        if isinstance(frame, str) and wanted(json.loads(frame)):
            return json.loads(frame)
    raise AssertionError("nothing of the kind was heard")


def is_event(frame: dict[str, Any]) -> bool:
    return frame["id"] is not None


def is_heartbeat(frame: dict[str, Any]) -> bool:
    return frame["type"] == "heartbeat"


def is_resync(frame: dict[str, Any]) -> bool:
    return frame["type"] == "resync"


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return 1024 * int(found[1])


class TestLiveFeed:
    def test_a_closed_minute_reaches_olga(
        self, site: Site, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        with site.open("topics=grid,map") as client:
            heartbeat = hear(client, is_heartbeat)
            minute = closed_minute(small_grid.north, last_minute(now))
            grid_live.announce_loads(loads=[minute], now=now)

            event = hear(client, is_event)

        assert heartbeat["data"] == {"newest": 0}
        assert (event["id"], event["prev"], event["type"]) == (1, None, "load")
        assert event["data"]["total_consumption"] == 75.0

    def test_the_map_reaches_olga(self, site: Site, small_grid: worlds.SmallGrid) -> None:
        with site.open("topics=map") as client:
            frame = client.recv(timeout=PATIENCE_S)
            while isinstance(frame, str):
                frame = client.recv(timeout=PATIENCE_S)

        assert mapframes.read(frame).meters == 6

    def test_a_client_that_was_away_misses_nothing(self, site: Site, now: datetime) -> None:
        with site.open("topics=grid") as client:
            tell("first", now=now)
            seen = hear(client, is_event)["id"]
        tell("missed", now=now)
        time.sleep(0.5)

        with site.open(f"since={seen}") as client:
            tell("new", now=now)
            names = [hear(client, is_event)["data"]["name"] for _ in range(2)]

        assert names == ["missed", "new"]

    def test_a_killed_relay_delays_and_loses_nothing(self, site: Site, now: datetime) -> None:
        with site.open("topics=grid") as client:
            hear(client, is_heartbeat)
            site.relay.kill()
            tell("while it was dead", now=now)
            site.relay.start()

            assert hear(client, is_event)["data"] == {"name": "while it was dead"}

    def test_a_killed_broker_delays_and_loses_nothing(self, site: Site, now: datetime) -> None:
        with site.open("topics=grid") as client:
            tell("before", now=now)
            hear(client, is_event)
            site.redis.shutdown(nosave=True, now=True, force=True)
            tell("while it was away", now=now)
            site.broker.start()

            assert hear(client, is_event)["data"] == {"name": "while it was away"}

    def test_a_second_relay_takes_over(self, site: Site, tmp_path: Path, now: datetime) -> None:
        second = processes.Relay(tmp_path, site.web.environment)
        second.start()
        try:
            with site.open("topics=grid") as client:
                hear(client, is_heartbeat)
                site.relay.kill()
                tell("to the second", now=now)

                assert hear(client, is_event)["data"] == {"name": "to the second"}
        finally:
            second.kill()

    def test_the_relay_is_watched_and_ends_cleanly(self, site: Site) -> None:
        with site.open("topics=grid") as client:
            hear(client, is_heartbeat)
        watch = f"http://127.0.0.1:{site.watch_port}"
        assert httpx.get(f"{watch}/readyz").status_code == 200
        assert "segs_relay_active 1.0" in httpx.get(f"{watch}/metrics").text

        site.relay.signal(signal.SIGTERM)

        assert site.relay.running is not None
        assert site.relay.running.wait(PATIENCE_S) == 0
        assert "Traceback" not in site.relay.log.read_text()


class TestSlowSocket:
    def test_is_told_to_resync_and_costs_no_memory(self, site: Site) -> None:
        slow = sockets.socket()
        slow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 20_000)
        slow.connect(("127.0.0.1", site.web.port))
        with site.open("topics=grid", sock=slow, max_queue=1, max_size=None) as client:
            self._say(site, range(1, 21))
            assert site.web.running is not None
            before = resident_bytes(site.web.running.pid)

            self._say(site, range(21, 621))
            time.sleep(2)
            grown = resident_bytes(site.web.running.pid) - before

            hear(client, is_resync)

        assert grown < 20 * MEGABYTE

    def _say(self, site: Site, numbers: range) -> None:
        """Publish 100 KB under each number, 60 MB for 600 of them."""
        with site.redis as broker:
            for number in numbers:
                frame = {"id": number, "type": "load", "data": "x" * 100_000}
                broker.publish(live.CHANNEL, live.pack("grid", number, json.dumps(frame).encode()))


class TestSecrets:
    def test_a_token_is_in_no_log(self, site: Site) -> None:
        with site.open("topics=grid") as client:
            hear(client, is_heartbeat)
        with pytest.raises(InvalidStatus):
            connect(f"ws://127.0.0.1:{site.web.port}/elsewhere?token=secret-token-here")

        log = site.web.log.read_text()
        assert "token=" not in log
        assert "secret-token-here" not in log


class TestOneFrontDoor:
    def test_telemetry_is_answered_on_the_same_port(self, site: Site) -> None:
        answer = httpx.post(f"{site.web.address}/telemetry/batch", json=[], timeout=PATIENCE_S)

        assert answer.status_code in (401, 503)
        assert "csrf" not in answer.text.lower()
