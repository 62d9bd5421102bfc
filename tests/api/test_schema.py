"""The committed description of the API is what the code gives, and says what the code does."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
import yaml
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from alerts import live as alerts_live
from alerts.choices import State, Step
from alerts.models import Alert, Notice
from alerts.services import reading
from benchmarks import collection
from grid.live import load_data
from grid.models import RegionMinute
from meters import verdicts
from segs_site.lib import live, schema
from tariffs.live import tariff_data
from tariffs.models import RegionPrice
from tests.house import sources

DOCS = sources.ROOT / "docs"
COMMITTED = yaml.safe_load((DOCS / "openapi.yaml").read_text())
OPERATIONS = [
    pytest.param(operation, id=operation["operationId"])
    for _, operation in schema.operations(COMMITTED)
]


def names() -> list[str]:
    return [
        name for name, found in COMMITTED["components"]["schemas"].items() if "examples" in found
    ]


class TestTheCommittedFiles:
    def test_are_what_the_code_gives(self) -> None:
        given = OpenApiYamlRenderer().render(SchemaGenerator().get_schema(public=True))

        assert (DOCS / "openapi.yaml").read_bytes() == given, "make schema writes it anew"

    def test_are_the_same_however_often_the_code_gives_them(self) -> None:
        first, second = (SchemaGenerator().get_schema(public=True) for _ in range(2))

        assert first == second

    def test_hold_a_collection_made_from_the_schema(self) -> None:
        found = json.loads((DOCS / "collection.json").read_text())

        assert found == collection.collection(COMMITTED), "make schema writes it anew"

    def test_hold_a_request_for_every_operation_and_a_sign_in_for_every_role(self) -> None:
        found = collection.collection(COMMITTED)
        requests = [item["name"] for folder in found["item"] for item in folder.get("item", [])]
        sign_ins = [item["name"] for item in found["item"] if "request" in item]

        assert sorted(requests) == sorted(
            operation["operationId"] for _, operation in schema.operations(COMMITTED)
        )
        assert len(sign_ins) == len(collection.PEOPLE)


@pytest.mark.parametrize("operation", OPERATIONS)
class TestAnOperation:
    def test_says_of_each_refusal_that_it_is_a_problem(self, operation: dict[str, Any]) -> None:
        others = [
            status
            for status, answer in operation["responses"].items()
            if status >= "400"
            and list(answer["content"]) != ["application/problem+json"]
            and status != "422"
        ]

        assert others == []
        assert any(status >= "400" for status in operation["responses"])

    def test_shows_an_example_of_what_is_sent(self, operation: dict[str, Any]) -> None:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            reference = content["schema"].get("$ref", "").rpartition("/")[2]

            assert "example" in content or reference in names()


class TestAnExample:
    @pytest.mark.parametrize("name", names())
    def test_is_of_its_schema(self, name: str) -> None:
        for example in COMMITTED["components"]["schemas"][name]["examples"]:
            valid(name, example)


class TestTelemetry:
    def test_names_every_code_that_the_door_gives(self) -> None:
        fault = COMMITTED["components"]["schemas"]["TelemetryFault"]
        every = {
            value
            for name, value in vars(verdicts).items()
            if name.isupper() and isinstance(value, str)
        }

        assert set(fault["properties"]["code"]["enum"]) == every - verdicts.WHEN_STORED


class TestTheSocket:
    @pytest.mark.parametrize(
        "kind", ["load", "tariff", "alert", "own", "step", "notice", "heartbeat", "resync"]
    )
    def test_sends_what_is_described(self, kind: str, now: datetime) -> None:
        sent = EVENTS[kind](now)

        valid("LiveEvent", sent)
        assert set(sent["data"]) == set(
            COMMITTED["components"]["schemas"][DATA[kind]]["properties"]
        )


DATA = {
    "load": "LiveLoad",
    "tariff": "LiveTariff",
    "alert": "LiveAlert",
    "own": "LiveOwnAlert",
    "step": "LiveAlertStep",
    "notice": "LiveNotice",
    "heartbeat": "LiveNewest",
    "resync": "LiveNewest",
}
EVENTS: dict[str, Callable[[datetime], Any]] = {
    "load": lambda now: event("load", load_data(minute(now), region="North"), now),
    "tariff": lambda now: event("tariff", tariff_data(price(now), region="North"), now),
    "alert": lambda now: event("alert", alerts_live.alert_data(alert(now)), now),
    "own": lambda now: event("alert", alerts_live.customer_data(alert(now)), now),
    "step": lambda now: event("status_update", step(now), now),
    "notice": lambda now: event("notice", reading.notice_data(notice(now)), now),
    "heartbeat": lambda now: json.loads(live.heartbeat(newest=7, now=now)),
    "resync": lambda now: json.loads(live.resync(newest=7, now=now)),
}


def minute(now: datetime) -> RegionMinute:
    return RegionMinute(start=now, load_mw=None, meters_reporting=0, meters_expected=9)


def price(now: datetime) -> RegionPrice:
    end = now + timedelta(minutes=15)
    return RegionPrice(
        pk=7, price=Decimal("7.2"), starts_at=now, ends_at=end, reason="load", triggered_by="AUTO"
    )


def alert(now: datetime) -> Alert:
    return Alert(
        pk=7, kind="outage", subject="meter:7", severity=3, message="no supply",
        first_at=now, raised_at=now, last_at=now,
    )  # fmt: skip


def notice(now: datetime) -> Notice:
    return Notice(pk=7, occasion="outage", subject="Outage", text="", done_at=now)


def step(now: datetime) -> dict[str, Any]:
    (told,) = alerts_live.step_events(
        states={7: State.ACKNOWLEDGED}, step=Step.ACKNOWLEDGED, by="", note="", now=now
    )
    return told.data


def event(type_: str, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    frame = {"id": 7, "prev": None, "group": "grid", "type": type_, "data": data}
    return frame | {"timestamp": now.isoformat()}


def valid(name: str, document: Any) -> None:
    whole = {"$ref": f"#/components/schemas/{name}", "components": COMMITTED["components"]}
    jsonschema_rs.Draft202012Validator(whole).validate(document)
