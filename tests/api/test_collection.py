"""The collection in docs is imported and run, as its clients do, by each of the demo's people."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.services import issue_key
from benchmarks import collection
from segs_site.lib.access import Role
from tests import worlds
from tests.accounts import builders
from tests.api.postman import Runner
from tests.house import sources

DOCS = sources.ROOT / "docs"
DESCRIBED = yaml.safe_load((DOCS / "openapi.yaml").read_text())
NAMED = collection.VARIABLES
OPERATIONS = {
    operation["operationId"]: operation
    for item in DESCRIBED["paths"].values()
    for operation in item.values()
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(now: datetime, settings: Any) -> None:
    """What the collection names: the demo's people, a region, and a meter of its customer's."""
    settings.DEBUG = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    since = now - timedelta(days=40)
    region = worlds.region(NAMED["region"], capacity_kw=100, since=since)
    place = worlds.transformer(region)
    meter = worlds.meter(NAMED["meter"], region=region, since=since, transformer=place)
    issue_key(name="demo", key=NAMED["key"], now=since)
    for role, email in collection.PEOPLE.items():
        User.objects.create_user(email, NAMED["password"], role=role)
    customer = User.objects.get(email=collection.PEOPLE["customer"])
    builders.takes_service(customer, builders.point_of(meter), since=since)


@pytest.fixture
def runner(demo: None) -> Runner:
    return Runner(json.loads((DOCS / "collection.json").read_text()), Client())


def sign_in(runner: Runner, role: str) -> Any:
    (item,) = (each for each in runner.items() if each["name"] == f"Sign in as {role}")
    return runner.send(item)


def reads(runner: Runner) -> list[dict[str, Any]]:
    return [item for item in runner.items() if item["request"]["method"] == "GET"]


@pytest.mark.parametrize("role", sorted(collection.PEOPLE))
class TestEachPerson:
    def test_signs_in_and_is_known_from_then_on(self, runner: Runner, role: str) -> None:
        answer = sign_in(runner, role)
        (me,) = (each for each in reads(runner) if each["name"] == "users_me")

        assert answer.status_code == 200
        assert runner.send(me).json()["email"] == collection.PEOPLE[role]

    def test_is_answered_as_described_whatever_he_reads(self, runner: Runner, role: str) -> None:
        sign_in(runner, role)

        answered = {item["name"]: runner.send(item).status_code for item in reads(runner)}

        odd = {
            name: status
            for name, status in answered.items()
            if str(status) not in OPERATIONS[name]["responses"] or status >= 500 or status == 400
        }
        assert odd == {}
        assert len(answered) > 20


class TestWhatIsThere:
    def test_is_read_by_the_administrator(self, runner: Runner) -> None:
        sign_in(runner, Role.ADMIN)

        refused = {
            item["name"]: status
            for item in reads(runner)
            if "{{id}}" not in item["request"]["url"]["raw"]
            and "{{meter}}" not in str(item["request"]["url"]["query"])
            and (status := runner.send(item).status_code) not in (200, 404)
        }

        assert refused == {}

    def test_of_his_own_is_read_by_the_customer(self, runner: Runner) -> None:
        sign_in(runner, Role.CUSTOMER)
        own = [item for item in reads(runner) if item["name"].startswith("telemetry_")]

        answered = {item["name"]: runner.send(item).status_code for item in own}

        assert set(answered.values()) == {200}
        assert len(answered) >= 5


class TestTheRest:
    def test_can_be_sent_as_it_is(self, runner: Runner) -> None:
        """Every request is filled in: no variable is missing, no body is no JSON."""
        for item in runner.items():
            request = item["request"]
            runner.address(request["url"])
            if "body" in request:
                json.loads(runner.filled(request["body"].get("raw", "{}")))

    def test_refreshes_and_signs_out(self, runner: Runner) -> None:
        sign_in(runner, Role.OPERATOR)
        by_name = {item["name"]: item for item in runner.items()}

        before = runner.variables["refresh"]
        refreshed = runner.send(by_name["auth_refresh"]).status_code
        out = runner.send(by_name["auth_logout"]).status_code

        assert (refreshed, out, runner.variables["refresh"] != before) == (200, 204, True)
        assert runner.send(by_name["users_me"]).status_code == 401
