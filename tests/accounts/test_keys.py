"""API keys: handed out and revoked by REST and in the admin, known to ingest within seconds."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, User
from accounts.services import digest, issue_key, keys
from meters.services import registry
from tests import worlds
from tests.workers.ingest import client as head_end
from workers import mirror
from workers.ingest.app import Ingest
from workers.stream import names

pytestmark = pytest.mark.django_db

KEYS = "/api/admin/api-keys"


@pytest.fixture
def desk(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def ask_for_one(client: Client, **said: Any) -> Any:
    return client.post(KEYS, {"name": "west"} | said, content_type="application/json")


class TestHandingOut:
    def test_shows_the_key_once(self, desk: Client) -> None:
        answer = ask_for_one(desk)

        shown = answer.json()["key"]
        assert answer.status_code == 201
        assert answer["Cache-Control"] == "no-store"
        assert ApiKey.objects.get().sha256 == digest(shown)
        assert shown not in desk.get(KEYS).content.decode()

    def test_names_its_beginning_scope_and_end(self, desk: Client, now: datetime) -> None:
        ends = now + timedelta(days=365)

        said = ask_for_one(desk, expires_at=ends.isoformat()).json()

        assert said["key"].startswith(said["prefix"])
        assert (said["scope"], said["state"]) == ("ingest", "active")
        assert datetime.fromisoformat(said["expires_at"]) == ends

    def test_refuses_an_end_that_is_past(self, desk: Client, now: datetime) -> None:
        answer = ask_for_one(desk, expires_at=(now - timedelta(days=1)).isoformat())

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["expires_at"])
        assert not ApiKey.objects.exists()

    def test_is_for_administrators(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        assert ask_for_one(client).status_code == 403


class TestTheList:
    def test_is_cut_by_state(self, desk: Client, now: datetime) -> None:
        issue_key(name="running", now=now)
        issue_key(name="over", now=now, expires_at=now - timedelta(hours=1))
        revoked, _ = issue_key(name="revoked", now=now)
        keys.revoke_key(key=revoked, now=now)

        found = {
            state: [row["name"] for row in desk.get(KEYS, {"state": state}).json()["results"]]
            for state in ("active", "expired", "revoked")
        }

        assert found == {"active": ["running"], "expired": ["over"], "revoked": ["revoked"]}

    def test_goes_page_by_page(self, desk: Client, now: datetime) -> None:
        for name in ("first", "second", "third"):
            issue_key(name=name, now=now)

        page = desk.get(KEYS, {"limit": 2}).json()
        rest = desk.get(page["next"]).json()

        assert [row["name"] for row in page["results"] + rest["results"]] == [
            "third", "second", "first",
        ]  # fmt: skip
        assert rest["next"] is None


class TestRevoking:
    def test_ends_a_key_and_keeps_its_row(self, desk: Client, now: datetime) -> None:
        key, _ = issue_key(name="west", now=now)

        assert desk.delete(f"{KEYS}/{key.pk}").status_code == 204
        assert desk.delete(f"{KEYS}/{key.pk}").status_code == 204

        assert desk.get(KEYS).json()["results"][0]["state"] == "revoked"

    def test_of_none_is_not_found(self, desk: Client) -> None:
        assert desk.delete(f"{KEYS}/7").status_code == 404


class TestTheAdmin:
    def test_shows_a_new_key_once(self, desk: Client) -> None:
        answer = desk.post(reverse("admin:accounts_apikey_add"), {"name": "west"})

        key = ApiKey.objects.get()
        shown = answer.content.decode().partition("<code>")[2].partition("</code>")[0]
        assert key.sha256 == digest(shown)
        assert "no-store" in answer["Cache-Control"]
        assert shown not in desk.get(reverse("admin:accounts_apikey_changelist")).content.decode()

    def test_changes_and_deletes_none(self, desk: Client, now: datetime) -> None:
        key, _ = issue_key(name="west", now=now)

        for page in ("change", "delete"):
            address = reverse(f"admin:accounts_apikey_{page}", args=[key.pk])
            assert desk.post(address, {"name": "east", "post": "yes"}).status_code == 403

        assert ApiKey.objects.get().name == "west"


class Door:
    """Ingest with a loop of its own, as it runs beside everything else."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._app = Ingest()

    def send(self, key: str) -> int:
        sending = head_end.call(
            self._app, "/telemetry/batch", "validate=1", "POST",
            {"content-type": "application/json", "x-api-key": key}, [b"[]"],
        )  # fmt: skip
        answer = self._loop.run_until_complete(sending)
        assert answer is not None
        return answer.status

    def wait(self, seconds: float) -> None:
        self._loop.run_until_complete(asyncio.sleep(seconds))

    def close(self) -> None:
        self._loop.run_until_complete(self._app._close())
        self._loop.close()


@pytest.fixture
def door(broker: redis.Redis, small_grid: worlds.SmallGrid) -> Iterator[Door]:
    made = Door()
    yield made
    made.close()


class TestIngest:
    def test_refuses_a_revoked_key_within_seconds(
        self, desk: Client, door: Door, broker: redis.Redis, now: datetime
    ) -> None:
        issued = ask_for_one(desk).json()
        mirror.refresh(broker, now=now)
        assert door.send(issued["key"]) not in (401, 403)

        desk.delete(f"{KEYS}/{issued['id']}")
        begun = time.monotonic()
        while door.send(issued["key"]) != 403:
            assert time.monotonic() - begun < 5
            mirror.refresh(broker, now=datetime.now(UTC))  # a stream worker does, once a second
            door.wait(0.2)

    def test_tells_when_a_key_was_last_used(
        self, door: Door, broker: redis.Redis, now: datetime
    ) -> None:
        key, secret = issue_key(name="west", now=now)
        mirror.refresh(broker, now=now)
        version = registry.version()

        door.send(secret)
        door.wait(1.5)
        assert mirror.bring_key_uses(broker) == 1

        key.refresh_from_db()
        assert now <= key.last_used_at <= now + timedelta(seconds=30)
        assert registry.version() == version  # nothing that ingest must know anew
        assert mirror.bring_key_uses(broker) == 0


class TestNotingUses:
    def test_never_goes_back(self, broker: redis.Redis, now: datetime) -> None:
        key, secret = issue_key(name="west", now=now)

        for moment in (now, now - timedelta(hours=1)):
            broker.hset(names.KEY_USES, digest(secret), int(moment.timestamp()))
            mirror.bring_key_uses(broker)

        key.refresh_from_db()
        assert key.last_used_at == now

    def test_takes_no_notice_of_a_key_that_is_gone(self, broker: redis.Redis) -> None:
        broker.hset(names.KEY_USES, "0" * 64, 1)

        assert mirror.bring_key_uses(broker) == 1
