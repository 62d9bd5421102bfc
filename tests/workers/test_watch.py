"""The small port of processes that have no HTTP of their own."""

from typing import Any

import httpx
import pytest

from workers import watch


def fails() -> None:
    raise ConnectionRefusedError


class TestWatch:
    def test_answers_that_it_is_alive(self) -> None:
        with watch.serve(0, {}) as server:
            port = server.server_address[1]
            answers = [httpx.get(f"http://127.0.0.1:{port}/{path}") for path in PATHS]

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert answers[0].json() == {"status": "ok"}

    def test_names_the_dependency_that_is_away(self) -> None:
        with watch.serve(0, {"database": lambda: None, "broker": fails}) as server:
            answer = httpx.get(f"http://127.0.0.1:{server.server_address[1]}/readyz")

        assert answer.status_code == 503
        assert answer.json()["dependencies"] == {
            "database": "ok",
            "broker": "ConnectionRefusedError",
        }

    def test_tells_prometheus_what_it_counted(self) -> None:
        with watch.serve(0, {}) as server:
            answer = httpx.get(f"http://127.0.0.1:{server.server_address[1]}/metrics")

        assert "segs_live_sockets" in answer.text

    def test_tells_prometheus_which_dependency_answers(self) -> None:
        with watch.serve(0, {"database": lambda: None, "broker": fails}) as server:
            answer = httpx.get(f"http://127.0.0.1:{server.server_address[1]}/metrics")

        assert "database_connection_status 1.0" in answer.text
        assert "broker_connection_status 0.0" in answer.text

    def test_is_reached_from_this_machine_alone_unless_told_otherwise(self, settings: Any) -> None:
        with watch.serve(0, {}) as server:
            assert server.server_address[0] == "127.0.0.1"
        settings.SEGS_WATCH_ADDRESS = "0.0.0.0"
        with watch.serve(0, {}) as server:
            assert server.server_address[0] == "0.0.0.0"

    def test_knows_no_other_path(self) -> None:
        with watch.serve(0, {}) as server:
            answer = httpx.get(f"http://127.0.0.1:{server.server_address[1]}/admin")

        assert answer.status_code == 404

    def test_port_zero_is_off(self) -> None:
        with watch.watched(0) as server:
            assert server is None


@pytest.mark.django_db(transaction=True)
class TestDependencies:
    def test_are_asked_in_a_thread_of_the_server(self) -> None:
        with watch.serve(0) as server:
            answer = httpx.get(f"http://127.0.0.1:{server.server_address[1]}/readyz")

        assert answer.json() == {
            "status": "ready",
            "dependencies": {"database": "ok", "broker": "ok"},
        }


PATHS = ("health", "healthz", "health/")
