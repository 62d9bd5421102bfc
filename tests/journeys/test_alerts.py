"""From a closed minute, and from a sweep, to a client, through the real processes."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from websockets.sync.client import ClientConnection, connect

from benchmarks.stack import KEY, Stack
from tests.journeys import sending

pytestmark = pytest.mark.processes

PATIENCE_S = 90
TOLD_WITHIN = timedelta(seconds=2)
DARK = tuple(f"MTR-DARK-{place}" for place in range(4))
LIT = tuple(f"MTR-LIT-{place}" for place in range(4))
INTERVAL_S = 2

_STREET = """
from datetime import UTC, datetime
from accounts.choices import UserRole
from accounts.models import User
from accounts.services import issue_key
from grid.models import Feeder, Region, RegionCapacity, Substation, Transformer
from meters.models import Meter, MeterInstallation, ServicePoint
from meters.registry import shard_of
from workers.models import Shard

User.objects.create_user("olga@utility.example", "secret-olga", role=UserRole.OPERATOR)
since, shards = datetime(2000, 1, 1, tzinfo=UTC), Shard.objects.count()
region = Region.objects.create(code="Mumbai-North", name="Mumbai-North")
RegionCapacity.objects.create(region=region, capacity_kw=1000, effective_from=since)
station = Substation.objects.create(region=region, code="S", name="S", latitude=1, longitude=1)
for code, serials in (("dark", {dark!r}), ("lit", {lit!r})):
    feeder = Feeder.objects.create(substation=station, code="F-" + code, rating_kw=100)
    node = Transformer.objects.create(
        feeder=feeder, code="T-" + code, rating_kva=100, latitude=1, longitude=1
    )
    for serial in serials:
        meter = Meter.objects.create(serial=serial, shard=shard_of(serial, shards),
            limit_kw=100, reading_interval_s={interval!r}, registered_at=since)
        point = ServicePoint.objects.create(code=serial, region=region, transformer=node)
        MeterInstallation.objects.create(meter=meter, service_point=point, during=(since, None))
issue_key(name="head-end", now=datetime.now(UTC), key={key!r})
"""
# A closed minute as the windows' task leaves it, three times over: what a region's load was, and
# that it is closed.
_OVERLOADED = """
from datetime import UTC, datetime, timedelta
from django.db import transaction
from grid.models import Region, RegionMinute
from meters.models import WindowClock
from segs_site.lib.periods import MINUTE

region = Region.objects.get()
with transaction.atomic():
    start = WindowClock.objects.select_for_update().get().closed_until
    for back in range(3):
        RegionMinute.objects.update_or_create(region=region, start=start + back * MINUTE,
            defaults=dict(load_mw=980_000_000, capacity_mw=1_000_000_000, meters_reporting=9,
            meters_expected=9, load_known=True, revised_at=datetime.now(UTC)))
    WindowClock.objects.update(closed_until=start + 3 * MINUTE)
"""


@pytest.fixture
def stack() -> Iterator[Stack]:
    """All processes from a reading to a screen, for each test anew.

    What one leaves behind (a clock set forward, a time without input) is a scene of its own.
    """
    worker = [
        "worker",
        "-Q",
        "alerts",
        "--concurrency",
        "1",
        "-n",
        "alerts@%h",
        "--loglevel",
        "WARNING",
    ]
    celery = [sys.executable, "-m", "celery", "-A", "workers", *worker]
    with Stack({"alerts": celery}) as stack:
        stack.run(_STREET.format(dark=DARK, lit=LIT, interval=INTERVAL_S, key=KEY))
        stack.start("ingest", "web", "worker", "relay", "celery", "alerts", "beat")
        stack.wait_for_ingest()
        address = f"http://127.0.0.1:{stack.web_port}/healthz"
        stack.wait_until(
            "the web process answers", lambda: _answers(address), timeout_s=PATIENCE_S
        )
        yield stack


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def open_socket(stack: Stack) -> ClientConnection:
    body = {"email": "olga@utility.example", "password": "secret-olga"}
    address = f"http://127.0.0.1:{stack.web_port}/api/auth/login"
    token = httpx.post(address, json=body, timeout=PATIENCE_S).json()["access"]
    url = f"ws://127.0.0.1:{stack.web_port}/ws?topics=alerts&token={token}"
    return connect(url, open_timeout=PATIENCE_S)


def hear(client: ClientConnection, kind: str) -> tuple[dict[str, Any], datetime]:
    """Return the next alert of a kind, and when it came."""
    return _wait_for(client, f"no {kind}", "alert", lambda data: data["kind"] == kind)


def hear_that_it_is(client: ClientConnection, status: str, alert: dict[str, Any]) -> None:
    """Wait until an alert is told to have come to a status."""

    def is_it(data: dict[str, Any]) -> bool:
        return data["status"] == status and alert["id"] in data["alert_ids"]

    _wait_for(client, f"not {status}", "status_update", is_it)


def _wait_for(
    client: ClientConnection, missed: str, type_: str, is_it: Callable[[dict[str, Any]], bool]
) -> tuple[dict[str, Any], datetime]:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        frame = client.recv(timeout=PATIENCE_S)
        came = datetime.now(UTC)
        message: dict[str, Any] = msgspec.json.decode(frame) if isinstance(frame, str) else {}
        if message.get("type") == type_ and is_it(message["data"]):
            return message["data"], came
    raise AssertionError(f"{missed} was heard")


class Reporting:
    """Lets meters report, every interval, until it ends; some may fall silent."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.serials = stack, {*DARK, *LIT}
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Reporting":
        self._thread.start()
        return self

    def __exit__(self, *fault: object) -> None:
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ends.wait(INTERVAL_S):
            now = datetime.now(UTC)
            items = [sending.reading(serial, now, 1.0) for serial in sorted(self.serials)]
            sending.post(self.stack, items)


class TestAnAlert:
    def test_of_an_outage_reaches_a_client_two_seconds_after_its_sweep(self, stack: Stack) -> None:
        with Reporting(stack) as reporting, open_socket(stack) as client:
            time.sleep(15)
            reporting.serials -= set(DARK)
            alert, came = hear(client, "transformer_outage")
            row: list[Any] = stack.query(
                "SELECT raised_at, value FROM alerts_alert WHERE id = %s", alert["id"]
            )
            reporting.serials |= set(DARK)
            hear_that_it_is(client, "cleared", alert)  # what was told first hinders nothing after

        [(raised_at, value)] = row
        assert came - raised_at < TOLD_WITHIN
        assert value == len(DARK)

    def test_of_an_overload_reaches_a_client_two_seconds_after_its_minute(
        self, stack: Stack
    ) -> None:
        judging = "SELECT FROM alerts_watchstate WHERE name LIKE 'minutes:%'"
        stack.wait_until(  # the judge takes what closed before its first look for history
            "the judge has begun", lambda: bool(stack.query(judging)), timeout_s=PATIENCE_S
        )
        with open_socket(stack) as client:
            stack.run(_OVERLOADED)
            closed = datetime.now(UTC)
            alert, came = hear(client, "overload")

        assert came - closed < TOLD_WITHIN
        assert alert["region"] == "Mumbai-North"
