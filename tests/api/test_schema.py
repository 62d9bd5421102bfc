"""The committed description of the API is what the code gives, and says what the code does."""

import json
from typing import Any

import jsonschema_rs
import pytest
import yaml
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from benchmarks import collection
from meters import verdicts
from segs_site.lib import schema
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
        found = COMMITTED["components"]["schemas"][name]
        whole = {"$ref": f"#/components/schemas/{name}", "components": COMMITTED["components"]}

        for example in found["examples"]:
            jsonschema_rs.Draft202012Validator(whole).validate(example)


class TestTelemetry:
    def test_names_every_code_that_the_door_gives(self) -> None:
        fault = COMMITTED["components"]["schemas"]["TelemetryFault"]
        every = {
            value
            for name, value in vars(verdicts).items()
            if name.isupper() and isinstance(value, str)
        }

        assert set(fault["properties"]["code"]["enum"]) == every - {verdicts.CONFLICT}
