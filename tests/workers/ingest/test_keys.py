"""Three ways to send a key, and when it opens."""

import base64

import pytest

from tests.workers.ingest import client as clients
from tests.workers.ingest.client import ENDED_KEY, KEY, batch, entries
from tests.workers.ingest.conftest import until


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


class TestKey:
    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"authorization": f"Api-Key {KEY}"}, id="Api-Key"),
            pytest.param({"authorization": f"api-key   {KEY} "}, id="Api-Key, loosely written"),
            pytest.param({"x-api-key": KEY}, id="X-Api-Key"),
            pytest.param({"authorization": basic(f"anybody:{KEY}")}, id="password of Basic"),
            pytest.param({"authorization": basic(f":{KEY}")}, id="password without a user"),
            pytest.param({"authorization": basic(KEY)}, id="user without a password"),
            pytest.param({"authorization": basic(f"{KEY}:")}, id="user, empty password"),
        ],
    )
    async def test_opens_in_any_of_three_ways(self, client, headers):
        assert (await client.send(batch(1), key=None, headers=headers)).status == 202

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({}, id="none"),
            pytest.param({"x-api-key": ""}, id="an empty one"),
            pytest.param({"x-api-key": "another"}, id="an unknown one"),
            pytest.param({"x-api-key": KEY.upper()}, id="in upper case"),
            pytest.param({"authorization": "Api-Key"}, id="a scheme alone"),
            pytest.param({"authorization": f"Bearer {KEY}"}, id="Bearer"),
            pytest.param({"authorization": KEY}, id="no scheme"),
            pytest.param({"authorization": "Basic !!!"}, id="Basic that is no base64"),
            pytest.param({"authorization": "Basic /w=="}, id="Basic that is no text"),
            pytest.param({"authorization": basic(":")}, id="Basic of nothing"),
            pytest.param({"authorization": basic(f"{KEY}:other")}, id="another password"),
        ],
    )
    async def test_that_is_none_is_401_with_both_challenges(self, client, broker, headers):
        response = await client.send(batch(1), key=None, headers=headers)

        assert (response.status, response.said["code"]) == (401, "unauthorized")
        assert response.header("www-authenticate") == [
            'Api-Key realm="telemetry"',
            'Basic realm="telemetry", charset="UTF-8"',
        ]
        assert entries(broker) == []

    async def test_that_has_ended_is_403(self, client):
        response = await client.send(batch(1), key=ENDED_KEY)

        assert (response.status, response.said["code"]) == (403, "key_ended")

    async def test_opens_and_closes_with_the_registry_within_moments(self, client, broker):
        clients.mirror(broker, version=2, without=["head-end"])

        async def closed():
            return (await client.send(batch(1))).status == 401

        await until(closed)
        clients.mirror(broker, version=3)

        async def open_again():
            return (await client.send(batch(1))).status == 202

        await until(open_again)

    async def test_is_asked_for_before_validation_too(self, client):
        response = await client.send(batch(1), key=None, query="validate=1")

        assert response.status == 401

    @pytest.mark.parametrize("path", ["/health", "/readyz", "/metrics"])
    async def test_is_not_asked_for_by_what_watches(self, client, path):
        assert (await client.send(path=path, method="GET", key=None)).status == 200
