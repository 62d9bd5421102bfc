"""A customer who names what is another's is told that there is nothing, on every path.

Walks every operation of the API that is open to customers, and every part of its path, of its
query and of its body that can name somebody's thing. A part that this test does not know fails.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from channels.db import database_sync_to_async

from grid import consumers
from segs_site.lib import schema
from tests.grid.test_consumers import ORIGIN, Open, World, socket, world
from tests.house import sources
from tests.journeys import matrix
from tests.journeys.test_access_matrix import Scene, credentials, scene

__all__ = ["scene", "socket", "world"]  # fixtures

DESCRIBED = yaml.safe_load((sources.ROOT / "docs" / "openapi.yaml").read_text())

# What can be somebody's: Carl's, and one that nobody has.
NAMES: dict[str, tuple[Any, Any]] = {
    "meter": ("MTR-N0", "MTR-NOWHERE"),
    "service_point": ("SP-MTR-N0", "SP-NOWHERE"),
    "account": ("ACC-1", "ACC-0"),
    "userId": (":users", 999_999),
    "invoice": (":billing/invoices", 999_999),
}
# What names nobody's thing: stretches of time, places, how much and how.
OF_NOBODY = frozenset({
    "code", "cursor", "day", "end", "energy_kwh", "granularity", "hours", "kwh", "limit",
    "past_hours", "place", "plan", "region", "resolution", "service", "start", "state", "unread",
})  # fmt: skip
BESIDES = {"reason": "odd"}  # what a body must say as well
# Bodies of one's own person, where everything sent is about whoever sends it.
ABOUT_ONESELF = ("auth/", "users/me")


@dataclass(frozen=True)
class Way:
    """One way to name something: a part of a path, of a query, or of a body."""

    method: str
    path: str
    where: str
    name: str
    needed: tuple[tuple[str, Any], ...] = ()

    @property
    def label(self) -> str:
        return f"{self.method} {self.path} {self.where} {self.name}"


def ways() -> Iterator[Way]:
    for path, item in DESCRIBED["paths"].items():
        plain = path.removeprefix("/api/").replace("{id}", ":pk").replace("{", ":")
        plain = plain.replace("}", "")
        for verb in schema.VERBS:
            rule = matrix.API.get(plain, {}).get(verb.upper(), frozenset())
            if verb in item and rule & {matrix.CARL, matrix.OTTO}:
                yield from of_operation(verb.upper(), plain, item[verb])


def of_operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[Way]:
    parameters = operation.get("parameters", [])
    needed = tuple(
        (each["name"], example(each["name"])) for each in parameters if each.get("required")
    )
    for each in parameters:
        if each["in"] in ("path", "query"):
            yield Way(method, path, each["in"], each["name"], needed)
    if path.startswith(ABOUT_ONESELF):
        return
    for name in fields(operation):
        yield Way(method, path, "body", name)


def fields(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    properties: dict[str, Any] = (
        DESCRIBED["components"]["schemas"].get(name, {}).get("properties", {})
    )
    return {field: it for field, it in properties.items() if not it.get("readOnly")}


def example(name: str) -> Any:
    return {"start": "2026-03-01", "end": "2026-03-02", "kwh": "1"}.get(name, "North")


def foreign() -> list[Any]:
    """Return the ways that can name somebody's thing."""
    return [
        pytest.param(way, id=way.label)
        for way in ways()
        if way.name in NAMES or (way.where == "path" and ":pk" in way.path and way.name == "id")
    ]


def test_every_part_is_known_to_name_somebody_or_nobody() -> None:
    unknown = [
        way.label
        for way in ways()
        if way.name not in NAMES
        and way.name not in OF_NOBODY
        and not (way.where == "path" and way.name in ("id", "passkey_id"))
        and way.where != "body"
    ]

    assert unknown == [], "say in this test whose thing it names"


@pytest.mark.django_db
class TestAForeignName:
    @pytest.mark.parametrize("way", foreign())
    def test_reads_as_if_there_were_nothing(self, scene: Scene, way: Way) -> None:
        carls, nobodys = (told(scene, way, place) for place in (0, 1))

        assert carls[0] == 404, carls
        assert carls == nobodys

    def test_can_be_named_in_many_ways(self) -> None:
        assert len(foreign()) >= 9


def told(scene: Scene, way: Way, place: int) -> tuple[int, Any]:
    """Return what Otto is told of Carl's thing (0), or of one that nobody has (1)."""
    address = scene.address(f"api/{way.path}").rstrip("/")
    if way.where == "path" and place == 1:
        address = address.replace(str(whole(scene, way.path)), "999999")
    value = NAMES.get(way.name, (None, None))[place]
    if isinstance(value, str) and value.startswith(":"):
        value = whole(scene, value[1:] + "/")
    query = dict(way.needed) | ({way.name: value} if way.where == "query" else {})
    query = {key: it for key, it in query.items() if f"{{{key}}}" not in way.path}
    body = BESIDES | {way.name: value} if way.where == "body" else {}
    answer = scene.somebody(matrix.OTTO).answer(
        way.method, f"{address}?{urlencode(query)}" if query else address, json.dumps(body)
    )
    said = answer.json()
    said.pop("request_id", None)
    return answer.status_code, said


def whole(scene: Scene, path: str) -> Any:
    parts = next(p for start, p in scene.parts.items() if f"api/{path}".startswith(start))
    return parts["pk"]


@pytest.mark.django_db(transaction=True)
class TestASocket:
    @pytest.mark.parametrize("topic", ["user:1", "mine:1", "user", "*", "grid,user:1"])
    async def test_has_no_topic_of_somebody_else(
        self, socket: Open, world: World, topic: str
    ) -> None:
        headers = await database_sync_to_async(credentials)(matrix.OTTO)

        assert await socket(f"topics={topic}", ORIGIN, *headers).open() == consumers.UNREADABLE
