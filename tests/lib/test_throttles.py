"""How often somebody may ask, and how he is told."""

from collections.abc import Iterator

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.services import keys
from tests.accounts.builders import signed_in

pytestmark = pytest.mark.django_db

PATH = "/api/admin/grid/load"


@pytest.fixture(autouse=True)
def _limits(settings) -> Iterator[None]:
    settings.SEGS_API_LIMITS = {"operator": 2, "customer": 1, "admin": 0}
    cache.clear()
    with time_machine.travel("2026-01-01T12:00:20Z", tick=False):
        yield
    cache.clear()


class TestByRole:
    def test_tells_what_is_left_and_refuses_what_is_more(self, olga: User) -> None:
        client = signed_in(olga)

        answers = [client.get(PATH) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
        assert {answer["RateLimit-Limit"] for answer in answers} == {"2"}
        assert {answer["RateLimit-Reset"] for answer in answers} == {"40"}
        assert (answers[2].json()["code"], answers[2]["Retry-After"]) == ("throttled", "40")

    def test_begins_anew_with_the_minute(self, olga: User) -> None:
        client = signed_in(olga)
        for _ in range(3):
            client.get(PATH)

        with time_machine.travel("2026-01-01T12:01:00Z", tick=False):
            assert client.get(PATH).status_code == 200

    def test_counts_each_person_alone(self, olga: User, carl: User) -> None:
        for _ in range(3):
            signed_in(olga).get(PATH)

        answer = signed_in(carl).get("/api/telemetry/my-meters")

        assert (answer.status_code, answer["RateLimit-Remaining"]) == (200, "0")

    def test_limits_nobody_whose_limit_is_zero(self, ada: User) -> None:
        answers = [signed_in(ada).get(PATH) for _ in range(5)]

        assert {answer.status_code for answer in answers} == {200}
        assert "RateLimit-Limit" not in answers[0]

    def test_counts_each_key_of_a_head_end_alone(self, settings, client: Client, now) -> None:
        settings.SEGS_API_LIMITS = {"head_end": 1}
        first, second = (
            keys.hand_out(name=name, expires_at=None, now=now)[1] for name in ("North", "South")
        )

        answers = [
            client.get("/api/telemetry/requests", headers={"X-Api-Key": key})
            for key in (first, first, second)
        ]

        assert [answer.status_code for answer in answers] == [200, 429, 200]

    def test_lets_work_go_on_while_the_cache_is_away(self, olga: User, monkeypatch) -> None:
        def away(*_: object, **__: object) -> None:
            raise ConnectionError

        monkeypatch.setattr(cache, "count", away)

        assert {signed_in(olga).get(PATH).status_code for _ in range(4)} == {200}

    def test_writes_nothing_on_pages(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        assert "RateLimit-Limit" not in client.get("/")
