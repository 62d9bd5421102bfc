"""The desk between doors and stream: adopted readings are stored, letters replayed."""

from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.conf import settings
from django.core.cache import cache

from accounts.models import User
from meters.models import QuarantinedReading, Reading
from meters.services import quarantine
from segs_site.lib import models as lib
from tests.accounts.builders import signed_in
from tests.meters.test_quarantine import held
from tests.worlds import SmallGrid
from workers import desk, feeds
from workers.models import Shard
from workers.readings import Readings
from workers.stream import names
from workers.stream.dead_letter import DeadLetters
from workers.stream.pipeline import Lane, Pipeline
from workers.stream.redis import RedisTransport

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


def work(broker: redis.Redis) -> None:
    """One turn of a stream worker that holds every shard."""
    lanes = [Lane(shard.number, shard.epoch, shard.offset) for shard in Shard.objects.all()]
    transport = RedisTransport(settings.REDIS_URL)
    Pipeline(transport, Readings(shards=len(lanes))).turn(lanes, wait_ms=10)
    transport.close()


def bury(broker: redis.Redis, shard: int = 0, reason: str = "because") -> None:
    fields = {names.PACKED: b"not a batch", b"origin": b"1-0", b"reason": reason.encode()}
    broker.xadd(names.dead_letters(shard), fields)


class TestAppendAdopted:
    def test_has_an_adopted_reading_stored_though_it_was_implausible(
        self, broker: redis.Redis, small_grid: SmallGrid, now: datetime
    ) -> None:
        meter = small_grid.north_meters[0]
        entry = held(meter.serial, now, kw=250)
        quarantine.adopt(pk=entry.pk, by="olga", now=now)

        appended = desk.append_adopted(broker, now=now)
        work(broker)

        assert appended == 1
        (stored,) = Reading.objects.filter(meter=meter)
        assert (stored.ts, stored.power_mw) == (now, 250_000_000)
        assert QuarantinedReading.objects.get().appended_at == now

    def test_counts_once_what_was_appended_twice(
        self, broker: redis.Redis, small_grid: SmallGrid, now: datetime
    ) -> None:
        entry = held("MTR-N0", now)
        quarantine.adopt(pk=entry.pk, by="olga", now=now)
        desk.append_adopted(broker, now=now)
        QuarantinedReading.objects.update(appended_at=None)  # it died before it noted

        desk.append_adopted(broker, now=now)
        work(broker)

        assert Reading.objects.count() == 1
        assert QuarantinedReading.objects.count() == 1

    def test_does_nothing_when_nothing_waits(
        self, broker: redis.Redis, small_grid: SmallGrid, now: datetime
    ) -> None:
        assert desk.append_adopted(broker, now=now) == 0
        assert broker.keys("raw_readings:*") == []


class TestDeadLetters:
    def test_are_shown_and_replayed_when_olga_asks(
        self, broker: redis.Redis, olga: User, now: datetime
    ) -> None:
        bury(broker, reason="it was odd")
        desk.write_down(broker, now=now)
        client = signed_in(olga)

        (letter,) = client.get("/api/admin/dead-letters").json()["results"]
        answer = client.post(f"/api/admin/dead-letters/{letter['id']}/replay")
        replayed = desk.replay_asked(broker)

        assert (letter["shard"], letter["origin"], letter["reason"]) == (0, "1-0", "it was odd")
        assert (answer.status_code, answer.json()["replay_asked_by"]) == (202, olga.email)
        assert replayed == 1
        assert broker.xlen(names.stream(0)) == 1
        assert list(DeadLetters(broker).letters(0)) == []
        assert client.get("/api/admin/dead-letters").json()["results"] == []

    def test_that_are_gone_are_taken_off(self, broker: redis.Redis, now: datetime) -> None:
        for _ in range(3):
            bury(broker)
        desk.write_down(broker, now=now)
        first, *_ = DeadLetters(broker).letters(0)
        DeadLetters(broker).replay(first)

        desk.write_down(broker, now=now)

        assert lib.DeadLetter.objects.count() == 2
        assert not lib.DeadLetter.objects.filter(letter=first.id).exists()

    def test_are_not_read_again_while_nothing_changes(
        self, broker: redis.Redis, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bury(broker)
        desk.write_down(broker, now=now)
        monkeypatch.setattr(DeadLetters, "letters", lambda *_: pytest.fail("read again"))

        desk.write_down(broker, now=now)

    def test_are_carls_neither_to_see_nor_to_replay(self, carl: User) -> None:
        client = signed_in(carl)

        assert client.get("/api/admin/dead-letters").status_code == 403
        assert client.post("/api/admin/dead-letters/1/replay").status_code == 403

    def test_that_are_not_there_are_not_found(self, olga: User) -> None:
        assert signed_in(olga).post("/api/admin/dead-letters/1/replay").status_code == 404


class TestMetrics:
    def test_say_how_the_path_does(self, broker: redis.Redis, olga: User, now: datetime) -> None:
        clock = now - timedelta(seconds=4)
        Shard.objects.update(
            consumed_until=clock, owner="worker-1", leased_until=now + timedelta(seconds=9)
        )
        broker.xadd(names.stream(1), {b"m": b"waits"})
        feeds.report_health(broker, service="celery", status="ok", detail="windows", now=now)
        old = now - timedelta(minutes=2)
        feeds.report_health(broker, service="worker-1", status="ok", detail="", now=old)
        bury(broker)
        desk.write_down(broker, now=now)

        body = signed_in(olga).get("/api/admin/metrics").json()

        assert [shard["backlog"] for shard in body["shards"]][:3] == [0, 1, 0]
        assert {shard["owner"] for shard in body["shards"]} == {"worker-1"}
        assert 4 <= body["lag_s"] < 60
        assert {p["service"]: p["alive"] for p in body["processes"]} == {
            "celery": True,
            "worker-1": False,
        }
        assert (body["dead_letters"], body["quarantine_open"]) == (1, 0)

    def test_say_that_a_shard_has_no_owner(self, broker: redis.Redis, now: datetime) -> None:
        Shard.objects.update(owner="worker-1", leased_until=now - timedelta(seconds=1))

        desk.write_down(broker, now=now)

        assert set(lib.ShardState.objects.values_list("owner", flat=True)) == {""}

    def test_know_nothing_before_anybody_looked(
        self, olga: User, transactional_db: None, django_assert_max_num_queries
    ) -> None:
        lib.ShardState.objects.all().delete()
        client = signed_in(olga)

        with django_assert_max_num_queries(10):
            body = client.get("/api/admin/metrics/").json()

        assert body["looked_at"] is None or datetime.fromisoformat(
            body["looked_at"]
        ) < datetime.now(UTC)

    def test_are_not_carls(self, carl: User) -> None:
        assert signed_in(carl).get("/api/admin/metrics").status_code == 403
