"""The whole demo as a newcomer starts it, with few meters: up, used, stopped, up again."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings

from workers import embedded

FIRST_START_S = 180
SECOND_START_S = 60  # the promise is 20 with the machine to itself
STOP_S = 60
METERS = 40


class Demo:
    """One `manage.py demo` in a folder of its own."""

    def __init__(self, folder: Path, **asked: str) -> None:
        self.port = embedded.free_port()
        self._log = folder / "said"
        without = {"DATABASE_URL", "REDIS_URL"}  # those of the tests
        inherited = {name: text for name, text in os.environ.items() if name not in without}
        environment = {
            **inherited,
            "DEBUG": "1",
            "PORT": str(self.port),
            "SEGS_HOME": str(folder / "home"),
            "DEMO_METERS": str(METERS),
            "DEMO_INTERVAL": "2",
            **asked,
        }
        with self._log.open("w") as log:
            self.process = psutil.Popen(
                [sys.executable, "manage.py", "demo"],
                cwd=settings.BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    def wait_for(self, words: str, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while words not in self.said:
            assert self.process.is_running(), self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.2)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Content-Type": "application/json", **headers}
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text[:1] in b"{[" else text.decode()

    def regions(self) -> list[dict[str, Any]]:
        person = {"email": "operator@demo.segs.example", "password": "segs-demo"}
        _, tokens = self.ask("POST", "/api/auth/login", person)
        bearer = f"Bearer {tokens['access']}"
        _, grid = self.ask("GET", "/api/admin/grid/status", Authorization=bearer)
        return list(grid["regions"])

    def family(self) -> list[psutil.Process]:
        return list(self.process.children(recursive=True))

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return int(self.process.wait(STOP_S))


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in (tmp_path, *tmp_path.parents[:3]):
        part.chmod(part.stat().st_mode | 0o011)  # PostgreSQL's user passes through
    return tmp_path


@pytest.fixture
def demo(folder: Path) -> Iterator[Demo]:
    made = Demo(folder)
    yield made
    if made.process.is_running():
        made.stop(signal.SIGTERM)


@pytest.mark.processes
class TestDemo:
    def test_shows_a_live_region_stops_cleanly_and_finds_its_data_again(self, folder, demo):
        demo.wait_for("the grid runs", FIRST_START_S)

        assert f"http://127.0.0.1:{demo.port}/" in demo.said
        assert "operator@demo.segs.example" in demo.said
        assert "segs-demo-key" in demo.said
        regions = demo.regions()
        assert [region["code"] for region in regions] == [
            "Bangalore-East",
            "Delhi-North",
            "Mumbai-North",
            "Pune-West",
        ]
        assert all(region["load_kw"] for region in regions)
        assert all(region["meters_expected"] == METERS // 4 for region in regions)
        family = demo.family()
        assert len(family) >= 8
        assert {
            connection.laddr.ip
            for process in family
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        } == {"127.0.0.1"}

        code = demo.stop(signal.SIGINT)

        assert code == 0, demo.said
        assert demo.said.rstrip().endswith("stopped")
        assert not [process for process in family if is_alive(process)]
        assert not (folder / "home" / "postgres" / "postmaster.pid").exists()

        again = Demo(folder)
        try:
            again.wait_for("the grid runs", SECOND_START_S)
            assert f"grid of {METERS} meters found" in again.said
        finally:
            assert again.stop(signal.SIGTERM) == 0

    def test_refuses_a_second_one_on_the_same_data(self, folder, demo):
        demo.wait_for("tables, grid and accounts", FIRST_START_S)

        second = Demo(folder)

        assert second.process.wait(STOP_S) == 1
        assert f"another demo runs in {folder / 'home'} (pid {demo.process.pid})" in second.said
        assert demo.process.is_running()

    def test_takes_over_from_one_that_was_killed(self, folder, demo):
        demo.wait_for("the web answers", FIRST_START_S)
        orphans = [process for process in demo.family() if "valkey" not in process.name()]
        demo.process.kill()
        demo.process.wait(STOP_S)

        heir = Demo(folder, PORT=str(demo.port))

        heir.wait_for("the web answers", SECOND_START_S)
        assert heir.stop(signal.SIGTERM) == 0
        assert not [process for process in orphans if is_alive(process)]

    def test_starts_a_process_again_that_was_killed(self, demo):
        demo.wait_for("starts web", FIRST_START_S)
        demo.wait_for("the web answers", FIRST_START_S)
        web = next(process for process in demo.family() if "daphne" in process.cmdline())

        web.kill()

        demo.wait_for("web | ended with -9, starts again in 0.5 s", STOP_S)


@pytest.mark.processes
class TestDemoRefuses:
    @pytest.mark.parametrize(
        ("name", "value", "remedy"),
        [
            ("PORT", "web", "PORT=web is not a whole number from 1 to 65534"),
            ("DEMO_METERS", "0", "DEMO_METERS=0 is not a whole number from 4 to 100000"),
            ("DEMO_INTERVAL", "x", "DEMO_INTERVAL=x is not a whole number from 1 to 900"),
            ("SEGS_HOME", "/proc/segs", "SEGS_HOME=/proc/segs cannot be made"),
            ("DEBUG", "0", "SECRET_KEY is not set"),
        ],
    )
    def test_what_it_cannot_use_by_name(self, folder, name, value, remedy):
        refused = Demo(folder, **{name: value})

        assert refused.process.wait(STOP_S) == 1
        assert remedy in refused.said
        assert not (folder / "home" / "postgres").exists()

    def test_a_taken_port_and_names_a_free_one(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            refused = Demo(folder, PORT=str(port))

            assert refused.process.wait(STOP_S) == 1
        assert f"PORT={port} is taken" in refused.said
        assert "make demo PORT=" in refused.said

    def test_to_run_in_production(self, folder):
        refused = Demo(folder, DEBUG="0", SECRET_KEY="long and random")

        assert refused.process.wait(STOP_S) == 1
        assert "needs DEBUG=1" in refused.said
