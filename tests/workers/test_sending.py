"""What waits is sent by the real carriers, over the network, by workers that hinder nobody."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import connection, connections

from accounts.models import User
from alerts.choices import Channel, NoticeState, Severity
from alerts.models import Delivery, Lane, Notice, NoticeSettings, WebhookEndpoint
from alerts.notifications import retrying
from alerts.services import endpoints, lanes
from tests import worlds
from tests.alerts.notices import builders
from tests.browser import processes
from tests.workers.carriers.target import Target, serving
from workers import sending
from workers.carriers import webhooks

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def target() -> Iterator[Target]:
    with serving() as made:
        yield made


@pytest.fixture(autouse=True)
def _loopback(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEGS_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    settings.SEGS_WEBHOOK_HTTP = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr(webhooks.posting, "TOTAL_S", 1.0)


@pytest.fixture
def now() -> datetime:
    """The present: lanes and leases are held by the clock on the wall."""
    return datetime.now(UTC)


def endpoint_at(target: Target, *, name: str = "scada", now: datetime) -> WebhookEndpoint:
    return endpoints.add(name=name, url=target.url(f"/{name}"), now=now)[0]


def send() -> None:
    sending.send_due(now=datetime.now(UTC))


class TestAWebhook:
    def test_says_what_happened_as_the_api_does(
        self, small_grid: worlds.SmallGrid, target: Target, now: datetime
    ) -> None:
        endpoint_at(target, now=now)
        alert = builders.region_outage(small_grid.north, at=now)
        builders.told(now=now)

        send()

        [got] = target.requests
        said = json.loads(got.body)
        assert said["type"] == "alert.opened"
        assert (said["data"]["id"], said["data"]["region"]) == (alert.pk, "North")
        assert (said["data"]["kind"], said["data"]["severity"]) == ("region_outage", "critical")
        notice = Notice.objects.get(channel=Channel.WEBHOOK)
        assert (notice.state, got.headers["webhook-id"]) == (NoticeState.SENT, str(notice.key))

    def test_that_fails_opens_its_circuit_and_closes_it_when_it_works_again(
        self, small_grid: worlds.SmallGrid, target: Target, now: datetime
    ) -> None:
        endpoint = endpoint_at(target, now=now)
        target.behaviour = 500
        builders.region_outage(small_grid.north, at=now)
        builders.told(now=now)
        for _ in range(retrying.FAILURES + 3):
            Notice.objects.update(due_at=now)
            send()
        asked = len(target.requests)
        target.behaviour = 200
        Notice.objects.update(due_at=now)
        send()
        rested = len(target.requests)

        Lane.objects.filter(name=endpoint.lane).update(rests_until=now)
        send()

        lane = Lane.objects.get(name=endpoint.lane)
        assert (asked, rested, len(target.requests)) == (retrying.FAILURES, retrying.FAILURES, 6)
        assert (lane.failures, lane.rests_until) == (0, None)
        assert lane.last_failure == "answered 500"
        statuses = Delivery.objects.order_by("pk").values_list("status", flat=True)
        assert list(statuses) == [500] * 5 + [200]

    def test_that_hangs_holds_up_neither_another_nor_the_mails(
        self, small_grid: worlds.SmallGrid, target: Target, olga: User, now: datetime
    ) -> None:
        with serving() as stuck:
            stuck.behaviour = "hang"
            endpoint_at(stuck, name="stuck", now=now)
            endpoint_at(target, now=now)
            builders.region_outage(small_grid.north, at=now)
            builders.told(now=now)
            began = time.monotonic()

            send()

            assert time.monotonic() - began < 5
        assert len(target.requests) == 1
        assert [message.to for message in mail.outbox] == [[olga.email]]
        assert Notice.objects.get(endpoint__name="stuck").state == NoticeState.WAITING

    def test_that_redirects_is_a_dead_letter_with_the_reason(
        self, small_grid: worlds.SmallGrid, target: Target, now: datetime
    ) -> None:
        endpoint_at(target, now=now)
        target.behaviour = "redirect"
        builders.region_outage(small_grid.north, at=now)
        builders.told(now=now)

        send()

        dead = Notice.objects.get(state=NoticeState.DEAD)
        assert dead.reason == "redirects are not followed"

    def test_of_an_endpoint_that_is_switched_off_is_dropped(
        self, small_grid: worlds.SmallGrid, target: Target, now: datetime
    ) -> None:
        endpoint_at(target, now=now)
        builders.region_outage(small_grid.north, at=now)
        builders.told(now=now)
        WebhookEndpoint.objects.update(is_enabled=False)

        send()

        assert target.requests == []


class TestWorkers:
    def test_two_at_once_send_each_notice_once(
        self, small_grid: worlds.SmallGrid, target: Target, now: datetime
    ) -> None:
        names = [f"system-{place}" for place in range(6)]
        for name in names:
            endpoint_at(target, name=name, now=now)
        for region in (small_grid.north, small_grid.south):
            builders.region_outage(region, at=now)
            builders.overload(region, at=now)
        start = threading.Barrier(2)

        def tell_and_send(_: int) -> None:
            try:
                start.wait()
                builders.told(now=now)
                send()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(tell_and_send, range(2)))
        builders.told(now=now)
        send()

        ids = [request.headers["webhook-id"] for request in target.requests]
        assert len(ids) == len(set(ids)) == len(names) * 4

    def test_that_is_killed_between_claim_and_answer_leaves_its_notice_to_the_next(
        self, small_grid: worlds.SmallGrid, target: Target, now: datetime
    ) -> None:
        endpoint = endpoint_at(target, now=now)
        target.behaviour = "hang"
        builders.region_outage(small_grid.north, at=now)
        builders.told(now=now)
        worker = worker_process()
        try:
            wait_until(lambda: len(target.requests) == 1)
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        target.over.set()
        target.behaviour = 200
        send()
        early = len(target.requests)
        let_leases_end(endpoint, now=now)

        send()
        send()

        ids = {request.headers["webhook-id"] for request in target.requests}
        assert (early, len(target.requests), len(ids)) == (1, 2, 1)
        assert Notice.objects.get(channel=Channel.WEBHOOK).state == NoticeState.SENT


class TestAMailServer:
    def test_that_hangs_is_given_up_in_time_and_asked_for_one_mail_alone(
        self,
        small_grid: worlds.SmallGrid,
        target: Target,
        olga: User,
        ada: User,
        now: datetime,
        settings: LazySettings,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sending.mail, "TIMEOUT_S", 0.5)
        endpoint_at(target, now=now)
        with silent_server() as port:
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
            builders.region_outage(small_grid.north, at=now)
            builders.told(now=now)
            began = time.monotonic()

            send()

            assert time.monotonic() - began < 5
        assert len(target.requests) == 1
        waiting = Notice.objects.filter(channel=Channel.MAIL, state=NoticeState.WAITING)
        assert sorted(waiting.values_list("attempts", flat=True)) == [0, 1]
        assert Lane.objects.get(name="mail").failures == 1


class TestATextMessage:
    def test_leaves_by_the_gateway(
        self,
        small_grid: worlds.SmallGrid,
        target: Target,
        olga: User,
        now: datetime,
        settings: LazySettings,
    ) -> None:
        settings.SEGS_SMS_URL = target.url("/sms")
        NoticeSettings.objects.create(user=olga, sms_from=Severity.HIGH, phone="+3225551234")
        builders.region_outage(small_grid.north, at=now)
        builders.told(now=now)

        send()

        assert json.loads(target.requests[0].body)["to"] == "+3225551234"


def silent_server() -> Any:
    """A server that takes connections and says nothing."""

    class Silent:
        def __enter__(self) -> int:
            self.socket = socket.create_server(("127.0.0.1", 0))
            return int(self.socket.getsockname()[1])

        def __exit__(self, *_: object) -> None:
            self.socket.close()

    return Silent()


def worker_process() -> subprocess.Popen[bytes]:
    """A worker in a process of its own, on the database of the tests."""
    code = (
        "import django; django.setup()\n"
        "from datetime import UTC, datetime\n"
        "from workers import sending\n"
        "sending.send_due(now=datetime.now(UTC))\n"
    )
    environment = os.environ | {
        "DATABASE_URL": processes.address_of(str(connection.settings_dict["NAME"])),
        "DJANGO_SETTINGS_MODULE": "segs_site.settings",
        "SEGS_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "SEGS_WEBHOOK_HTTP": "1",
    }
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)


def wait_until(holds: Any, *, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def let_leases_end(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Let the time of a lease pass, for the lane and for the notice."""
    Lane.objects.filter(name=endpoint.lane).update(taken_until=now - timedelta(seconds=1))
    held = Notice.objects.filter(lane=endpoint.lane, state=NoticeState.WAITING)
    assert held.get().due_at > now + lanes.LEASE / 2
    held.update(due_at=now)
