"""Alive, ready, counted: of the web process."""

from typing import Any

import pytest
from django.test import Client

from workers import embedded


class TestAlive:
    @pytest.mark.parametrize("path", ["/health", "/healthz", "/health/"])
    def test_asks_nobody_else(self, client: Client, path: str) -> None:
        answer = client.get(path)

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db(transaction=True)
class TestReady:
    def test_names_each_dependency(self, client: Client) -> None:
        answer = client.get("/readyz")

        assert answer.status_code == 200
        assert answer.json()["dependencies"] == {"database": "ok", "broker": "ok"}

    def test_says_that_the_broker_is_away(self, client: Client, settings: Any) -> None:
        settings.REDIS_URL = f"redis://127.0.0.1:{embedded.free_port()}/0"

        answer = client.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["dependencies"] == {"database": "ok", "broker": "ConnectionError"}


class TestMetrics:
    def test_are_told_to_prometheus(self, client: Client) -> None:
        answer = client.get("/metrics")

        assert answer["Content-Type"].startswith("text/plain")
        assert b"segs_live_sockets" in answer.content
