"""What a head-end is answered: statuses, headers and words of the contract."""

import gzip
import json
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from meters import verdicts
from tests.meters import bodies
from tests.meters.bodies import EXPORTER
from tests.workers.ingest.client import KEY, batch, batches, entries, item
from workers.ingest import body

BOMB_BYTES = 300_000_000


class TestAnswers:
    async def test_all_accepted_is_202(self, client, broker):
        response = await client.readings(item(), item(meterId=EXPORTER, powerKw=-1))

        assert response.status == 202
        assert response.said == {
            "status": "accepted",
            "accepted": 2,
            "duplicates": 0,
            "quarantined": 0,
            "rejected": 0,
            "errors": [],
        }
        assert sum(len(carried.columns) for carried in batches(broker)) == 2

    async def test_some_rejected_is_207(self, client, broker):
        response = await client.readings(item(), item(readingId="bad", powerKw="12"))

        assert (response.status, response.said["status"]) == (207, "partial")
        assert response.counts == (1, 0, 0, 1)
        [fault] = response.said["errors"]
        assert (fault["index"], fault["readingId"], fault["code"]) == (
            1,
            "bad",
            verdicts.INVALID_TYPE,
        )

    async def test_all_rejected_is_422_and_leaves_nothing(self, client, broker):
        response = await client.readings(item(powerKw="12"), item(timestamp="now"))

        assert (response.status, response.said["status"]) == (422, "rejected")
        assert response.counts == (0, 0, 0, 2)
        assert entries(broker) == []

    async def test_what_is_quarantined_is_taken_and_named(self, client, broker):
        response = await client.readings(item(), item(meterId="MTR-NEW"), item(region="Pune"))

        assert response.status == 202
        assert response.counts == (1, 0, 2, 0)
        assert [(fault["index"], fault["code"]) for fault in response.said["errors"]] == [
            (1, verdicts.UNKNOWN_METER),
            (2, verdicts.REGION_MISMATCH),
        ]
        held = [waiting for carried in batches(broker) for waiting in carried.held]
        assert sorted(waiting.reason for waiting in held) == [
            verdicts.REGION_MISMATCH,
            verdicts.UNKNOWN_METER,
        ]

    async def test_a_body_of_quarantined_items_alone_is_202(self, client):
        response = await client.readings(item(meterId="MTR-NEW"))

        assert (response.status, response.counts) == (202, (0, 0, 1, 0))

    async def test_the_same_body_again_is_duplicates(self, client, broker):
        content = batch(3)

        await client.send(content)
        again = await client.send(content)

        assert (again.status, again.counts) == (202, (0, 3, 0, 0))
        assert sum(len(carried.columns) for carried in batches(broker)) == 3

    async def test_a_repeat_within_the_body_is_a_duplicate(self, client):
        reading = item()

        assert (await client.readings(reading, reading)).counts == (1, 1, 0, 0)

    async def test_one_key_with_another_value_is_taken_twice_for_the_store_to_judge(self, client):
        reading = item()

        response = await client.readings(reading, reading | {"powerKw": 9})

        assert response.counts == (2, 0, 0, 0)

    async def test_an_empty_batch_is_taken_and_counts_nothing(self, client, broker):
        response = await client.send(b"[]")

        assert (response.status, response.counts) == (202, (0, 0, 0, 0))
        assert entries(broker) == []

    async def test_one_bad_item_of_a_thousand(self, client):
        items = json.loads(batch(1000))
        items[999]["powerKw"] = float("nan")

        response = await client.readings(*items)

        assert (response.status, response.counts) == (207, (999, 0, 0, 1))
        assert response.said["errors"][0]["index"] == 999

    async def test_what_a_sender_wrote_is_echoed_as_text_that_json_can_carry(self, client):
        content = b'[{"readingId": "\\ud800", "powerKw": "\\ud800"}]'

        response = await client.send(content)

        assert response.status == 422
        assert response.said["errors"][0]["readingId"] == "?"

    async def test_are_not_for_caches(self, client):
        response = await client.readings(item())

        assert response.header("cache-control") == ["no-store"]
        assert response.header("content-length") == [str(len(response.content))]


class TestSingle:
    async def test_takes_one_reading(self, client):
        response = await client.send(json.dumps(item()).encode(), path="/telemetry/single")

        assert (response.status, response.counts) == (202, (1, 0, 0, 0))

    async def test_refuses_a_bad_one_with_422(self, client):
        content = json.dumps(item(powerKw=True)).encode()

        response = await client.send(content, path="/telemetry/single")

        assert (response.status, response.counts) == (422, (0, 0, 0, 1))

    async def test_a_batch_sent_to_it_is_one_bad_item(self, client):
        response = await client.send(batch(3), path="/telemetry/single")

        assert response.said["errors"][0]["code"] == verdicts.NOT_AN_OBJECT


class TestForms:
    @pytest.mark.parametrize("path", ["/telemetry/batch", "/telemetry/batch/"])
    async def test_answers_with_and_without_a_slash(self, client, path):
        assert (await client.send(batch(1), path=path)).status == 202

    async def test_takes_an_envelope(self, client):
        content = b'{"readings": ' + batch(2) + b"}"

        assert (await client.send(content)).counts == (2, 0, 0, 0)

    @pytest.mark.parametrize(
        "kind",
        [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON",
            "text/json",
            "application/vnd.head-end+json",
            "",
        ],
    )
    async def test_takes_json_by_any_of_its_names(self, client, kind):
        response = await client.send(batch(1), headers={"content-type": kind})

        assert response.status == 202

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
    async def test_refuses_what_calls_itself_something_else(self, client, kind):
        response = await client.send(batch(1), headers={"content-type": kind})

        assert (response.status, response.said["code"]) == (415, "unsupported")

    async def test_takes_a_body_in_pieces(self, client):
        content = batch(50)
        pieces = [content[:1], content[1:2000], b"", content[2000:]]

        assert (await client.send(pieces)).counts == (50, 0, 0, 0)

    @pytest.mark.parametrize("content", [b"", b"hello", b"{}", b'"', b"\xff"])
    async def test_refuses_what_is_no_body_with_400(self, client, content):
        response = await client.send(content)

        assert (response.status, response.said["code"]) == (400, "malformed")
        assert response.header("content-type") == ["application/problem+json"]

    async def test_refuses_more_than_a_thousand_items_with_413(self, client, broker):
        response = await client.send(batch(1001))

        assert (response.status, response.said["code"]) == (413, "too_many")
        assert entries(broker) == []

    async def test_refuses_a_body_that_is_too_large_with_413(self, client, settings):
        settings.SEGS_MAX_BODY_BYTES = 1000

        response = await client.send([b" " * 600, b" " * 600])

        assert (response.status, response.said["code"]) == (413, "too_large")

    async def test_hears_no_more_of_a_client_that_hung_up(self, client, broker):
        app_heard = await client.send([])

        assert app_heard is None
        assert entries(broker) == []

    async def test_waits_for_a_slow_body_only_so_long(self, client, monkeypatch):
        monkeypatch.setattr(body, "PATIENCE_S", 0)

        response = await client.send(batch(1))

        assert (response.status, response.said["code"]) == (408, "too_slow")
        assert response.header("connection") == ["close"]


class TestGzip:
    @pytest.mark.parametrize("name", ["gzip", "x-gzip", "GZIP"])
    async def test_is_taken(self, client, name):
        content = gzip.compress(batch(100))

        response = await client.send(content, headers={"content-encoding": name})

        assert response.counts == (100, 0, 0, 0)

    @pytest.mark.parametrize("name", ["identity", ""])
    async def test_need_not_be(self, client, name):
        response = await client.send(batch(1), headers={"content-encoding": name})

        assert response.status == 202

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(batch(2), id="not gzip"),
            pytest.param(gzip.compress(batch(2))[:-5], id="cut short"),
            pytest.param(gzip.compress(batch(2)) + b"more", id="something behind the end"),
            pytest.param(zlib.compress(batch(2)), id="deflate"),
            pytest.param(b"", id="nothing"),
        ],
    )
    async def test_that_is_none_is_400(self, client, content):
        response = await client.send(content, headers={"content-encoding": "gzip"})

        assert (response.status, response.said["code"]) == (400, "not_gzip")

    @pytest.mark.parametrize("name", ["br", "deflate", "zstd", "gzip, gzip"])
    async def test_is_the_only_coding(self, client, name):
        response = await client.send(batch(1), headers={"content-encoding": name})

        assert (response.status, response.said["code"]) == (415, "unsupported")
        assert response.header("accept-encoding") == ["gzip"]

    async def test_a_bomb_costs_no_more_than_the_limit(self, client, settings):
        bomb = gzip.compress(b" " * BOMB_BYTES, compresslevel=9)
        tracemalloc.start()

        response = await client.send(bomb, headers={"content-encoding": "gzip"})

        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (response.status, response.said["code"]) == (413, "too_large")
        assert peak < 5 * settings.SEGS_MAX_BODY_BYTES

    async def test_may_unpack_to_exactly_the_limit(self, client, settings):
        content = batch(3)
        settings.SEGS_MAX_BODY_BYTES = len(content)

        response = await client.send(gzip.compress(content), headers={"content-encoding": "gzip"})

        assert response.status == 202


class TestMethods:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
    async def test_other_than_post_are_405(self, client, method):
        response = await client.send(method=method)

        assert (response.status, response.header("allow")) == (405, ["POST"])

    @pytest.mark.parametrize("path", ["/", "/telemetry", "/telemetry/batches", "/api/telemetry"])
    async def test_at_another_address_are_404(self, client, path):
        assert (await client.send(path=path)).status == 404


class TestValidate:
    @pytest.mark.parametrize("query", ["validate=1", "validate=true", "a=b&validate=yes"])
    async def test_answers_and_stores_nothing(self, client, broker, query):
        before = set(broker.keys())

        response = await client.readings(item(), item(powerKw="12"), query=query)

        assert (response.status, response.said["status"]) == (200, "validated")
        assert response.counts == (1, 0, 0, 1)
        assert set(broker.keys()) == before

    async def test_leaves_no_mark_behind(self, client):
        content = batch(2)

        await client.send(content, query="validate=1")

        assert (await client.send(content)).counts == (2, 0, 0, 0)

    @pytest.mark.parametrize("query", ["validate=0", "validate=", "validated=1", ""])
    async def test_is_off_unless_asked_for(self, client, query):
        assert (await client.send(batch(1), query=query)).status == 202


class TestWatch:
    @pytest.mark.parametrize("path", ["/health", "/healthz", "/healthz/"])
    async def test_is_alive(self, client, path):
        response = await client.send(path=path, method="GET", key=None)

        assert (response.status, response.said) == (200, {"status": "ok"})

    async def test_is_ready_when_broker_and_registry_are_here(self, client):
        response = await client.send(path="/readyz", method="GET", key=None)

        assert (response.status, response.said) == (200, {"broker": "ok", "registry": "ok"})

    async def test_counts_what_it_answers(self, client):
        before = await counters(client)

        await client.readings(item(), item(meterId="MTR-NEW"), item(powerKw="12"), item(seq="x"))

        after = await counters(client)
        grown = {name: after[name] - before.get(name, 0) for name in after}
        assert grown['segs_ingest_readings_total{verdict="accepted"}'] == 1
        assert grown['segs_ingest_readings_total{verdict="quarantined"}'] == 1
        assert grown['segs_ingest_readings_total{verdict="rejected"}'] == 2
        assert grown['segs_ingest_faults_total{code="invalid_type"}'] == 2

    async def test_counts_accepted_readings_by_region(self, client):
        before = await counters(client)
        here, nowhere = item(), item(meterId=bodies.STORED)

        await client.readings(here, nowhere, item(meterId=bodies.EXPORTER))
        await client.readings(here, item(meterId=bodies.EXPORTER, powerKw=1.0))

        after = await counters(client)
        grown = {
            name: after[name] - before.get(name, 0)
            for name in after
            if name.startswith("ingestion_success_total") and after[name] != before.get(name, 0)
        }
        assert grown == {
            'ingestion_success_total{region="Mumbai-North"}': 3,
            'ingestion_success_total{region="unknown"}': 1,
        }

    async def test_counts_requests_refused_as_a_whole_by_code(self, client):
        before = await counters(client)

        await client.send(batch(1), key="wrong")

        after = await counters(client)
        for name in (
            'segs_ingest_refusals_total{code="unauthorized"}',
            'ingestion_errors_total{error_type="unauthorized"}',
        ):
            assert after[name] == before.get(name, 0) + 1

    async def test_measures_each_append_once(self, client):
        name = 'stream_append_latency_count{topic="raw_readings"}'
        before = (await counters(client))[name]

        await client.send(batch(3))
        await client.send(batch(3), query="validate=1")

        assert (await counters(client))[name] == before + 1

    async def test_counts_faults_by_codes_that_no_sender_can_invent(self, client):
        await client.readings(*({"readingId": f"odd {n}", "powerKw": {n: n}} for n in range(9)))

        faults = {name for name in await counters(client) if name.startswith("segs_ingest_faults")}
        labels = {name.split('"')[1] for name in faults}
        assert labels <= {value for value in vars(verdicts).values() if isinstance(value, str)}


async def counters(client) -> dict[str, float]:
    response = await client.send(path="/metrics", method="GET", key=None)
    lines = response.content.decode().splitlines()
    pairs = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in pairs}


class TestReferenceSimulator:
    async def test_is_a_client_to_accept_as_it_is(self, client):
        moment = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)
        reading = {
            "readingId": "0b0c4e0e-57b5-4a1b-8f7e-3f8c3fd0a001",
            "meterId": "MTR-00000001",
            "userId": "USR-00000001",
            "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "powerKw": 3.217,
            "energyKwh": 0.0089,
            "voltage": 231.4,
            "region": "Mumbai-North",
            "seq": 1,
            "status": "OK",
            "metadata": {"mode": "normal", "baseLoad": 2.0},
        }

        first = await client.readings(reading, reading)
        again = await client.readings(reading)

        assert (first.status, first.counts) == (202, (1, 1, 0, 0))
        assert (again.status, again.counts) == (202, (0, 1, 0, 0))
        assert KEY not in first.content.decode()
