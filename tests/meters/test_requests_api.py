"""Head-ends fetch what is asked of their meters, and answer it, with their key alone."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, User
from accounts.services import keys
from meters.choices import RequestState
from meters.models import Gateway, GatewayRequest, Meter
from meters.services import requests
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

DOOR = "/api/telemetry/requests"
NORTH, SOUTH = "segs_north-of-the-river", "segs_south-of-the-river"


@pytest.fixture
def north(small_grid: SmallGrid, now: datetime) -> Meter:
    """A meter of the north, heard through the north's head-end, which has a key of its own."""
    for name, secret in (("north", NORTH), ("south", SOUTH)):
        keys.issue_key(name=name, key=secret, now=now - timedelta(days=1))
    meter = small_grid.north_meters[0]
    meter.gateway = Gateway.objects.create(code="North-1", key_prefix=NORTH[:12])
    meter.save()
    return meter


@pytest.fixture
def asked(north: Meter, now: datetime) -> GatewayRequest:
    """The meter is asked whether it is there."""
    requests.ping(meters=[north], reason="an outage is proposed", now=now)
    return GatewayRequest.objects.get()


def fetch(client: Client, key: str = NORTH, **headers: str) -> Any:
    return client.get(DOOR, headers=headers or {"X-Api-Key": key})


def answer(client: Client, request: GatewayRequest, *, key: str = NORTH, **said: Any) -> Any:
    return client.post(
        f"{DOOR}/{request.pk}/answer",
        {"succeeded": True} | said,
        content_type="application/json",
        headers={"Authorization": f"Api-Key {key}"},
    )


class TestFetching:
    def test_shows_what_waits_and_marks_it(self, client: Client, asked: GatewayRequest) -> None:
        [shown] = fetch(client).json()["results"]

        assert shown["id"] == asked.pk
        assert (shown["meter"], shown["action"]) == ("MTR-N0", "ping")
        assert datetime.fromisoformat(shown["expires_at"]) == asked.expires_at
        asked.refresh_from_db()
        assert asked.state == RequestState.SENT

    def test_shows_nothing_of_another_head_end(
        self, client: Client, asked: GatewayRequest
    ) -> None:
        assert fetch(client, SOUTH).json() == {"results": []}

    def test_notes_that_the_key_was_used_once_a_minute(
        self, client: Client, asked: GatewayRequest
    ) -> None:
        fetch(client)
        used = ApiKey.objects.get(name="north").last_used_at
        fetch(client)

        assert used is not None
        assert ApiKey.objects.get(name="north").last_used_at == used


class TestTheKey:
    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"Authorization": f"Api-Key {NORTH}"}, id="Api-Key"),
            pytest.param({"X-Api-Key": NORTH}, id="X-Api-Key"),
            pytest.param(
                {"Authorization": "Basic aGVhZDpzZWdzX25vcnRoLW9mLXRoZS1yaXZlcg=="}, id="Basic"
            ),
        ],
    )
    def test_opens_in_any_of_three_ways(
        self, client: Client, north: Meter, headers: dict[str, str]
    ) -> None:
        assert fetch(client, **headers).status_code == 200

    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            pytest.param({"Accept": "*/*"}, "not_authenticated", id="none"),
            pytest.param({"X-Api-Key": "another"}, "authentication_failed", id="unknown"),
            pytest.param({"Authorization": "Basic %"}, "not_authenticated", id="broken"),
        ],
    )
    def test_is_asked_for(
        self, client: Client, north: Meter, headers: dict[str, str], code: str
    ) -> None:
        refused = fetch(client, **headers)

        assert (refused.status_code, refused.json()["code"]) == (401, code)
        assert refused["WWW-Authenticate"] == "Api-Key"

    @pytest.mark.parametrize("ends", ["expires_at", "revoked_at"])
    def test_that_has_ended_is_told_so(
        self, client: Client, north: Meter, now: datetime, ends: str
    ) -> None:
        ApiKey.objects.filter(name="north").update(**{ends: now - timedelta(hours=1)})

        refused = fetch(client)

        assert (refused.status_code, refused.json()["code"]) == (403, "key_ended")

    def test_is_asked_of_a_person_too(self, client: Client, north: Meter) -> None:
        client.force_login(User.objects.create(email="olga@utility.example", role="operator"))

        assert client.get(DOOR).status_code == 401

    def test_opens_no_other_door(self, client: Client, north: Meter) -> None:
        assert client.get("/api/admin/meters", headers={"X-Api-Key": NORTH}).status_code == 401


class TestAnswering:
    def test_writes_it_down(self, client: Client, asked: GatewayRequest) -> None:
        assert answer(client, asked, succeeded=False, text="no carrier").status_code == 204

        asked.refresh_from_db()
        assert (asked.state, asked.succeeded) == (RequestState.ANSWERED, False)
        assert asked.answer == "no carrier"
        assert fetch(client).json() == {"results": []}

    def test_a_second_time_is_refused(self, client: Client, asked: GatewayRequest) -> None:
        answer(client, asked)

        refused = answer(client, asked, succeeded=False)

        assert (refused.status_code, refused.json()["code"]) == (409, "not_waiting")

    def test_too_late_is_refused(self, client: Client, asked: GatewayRequest) -> None:
        asked.requested_at -= timedelta(hours=1)
        asked.expires_at -= timedelta(hours=1)
        asked.save()

        assert answer(client, asked).json()["code"] == "not_waiting"

    def test_what_is_another_head_ends_finds_nothing(
        self, client: Client, asked: GatewayRequest
    ) -> None:
        assert answer(client, asked, key=SOUTH).status_code == 404

    @pytest.mark.parametrize("said", [{"succeeded": "perhaps"}, {"text": "x" * 501}], ids=str)
    def test_nonsense_is_refused(
        self, client: Client, asked: GatewayRequest, said: dict[str, Any]
    ) -> None:
        assert answer(client, asked, **said).status_code == 400
