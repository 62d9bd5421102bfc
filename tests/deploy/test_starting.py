"""Every container's command line starts as a process and answers the probes that ask it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.db import connection

from tests.deploy import containers
from tests.deploy.test_containers import made_env, port_of
from workers import embedded

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

CONTAINERS = containers.in_compose(made_env())
PROBES = {  # what either way asks of each
    name: {*each.probes, *containers.in_kubernetes()[name].probes}
    for name, each in CONTAINERS.items()
}
ANSWERING = [name for name, probes in PROBES.items() if probes]
PATIENCE_S = 90


class Started:
    """The processes of all containers, as compose.yaml starts them, each at ports of its own."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self.ports = {name: embedded.free_port() for name in ANSWERING}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        container, mine = CONTAINERS[name], self.ports.get(name)
        command = list(container.command)
        environment = dict(container.environment)
        if mine is not None:
            theirs = str(port_of(container))
            command = [str(mine) if word == theirs else word for word in command]
            environment["SEGS_WATCH_PORT"] = str(mine)
        if "PROMETHEUS_MULTIPROC_DIR" in environment:
            counts = self._folder / f"{name}-metrics"
            counts.mkdir()
            environment["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
        with self.log(name).open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env=environment | self._environment,
                cwd=settings.BASE_DIR,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def answer(self, name: str, path: str) -> int:
        """Return the status of an answer, 200 as soon as there is one."""
        ended = time.monotonic() + PATIENCE_S
        status = 0
        while time.monotonic() < ended and self.processes[name].poll() is None:
            try:
                url = f"http://127.0.0.1:{self.ports[name]}{path}"
                status = httpx.get(url, timeout=5).status_code
            except httpx.HTTPError:
                status = 0
            if status == 200:
                break
            time.sleep(0.2)
        return status

    def says(self, name: str, text: str) -> bool:
        """Tell whether a process comes to tell Prometheus something."""
        ended = time.monotonic() + PATIENCE_S
        while time.monotonic() < ended:
            with contextlib.suppress(httpx.HTTPError):  # it may not listen yet
                answer = httpx.get(f"http://127.0.0.1:{self.ports[name]}/metrics", timeout=5)
                if text in answer.text:
                    return True
            time.sleep(0.2)
        return False

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    folder = str(Path(sys.executable).parent)
    processes = Started(
        tmp_path,
        {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "DATABASE_URL": database_url(),
            "REDIS_URL": settings.REDIS_URL,
        },
    )
    yield processes
    processes.stop()


def database_url() -> str:
    """Return the address of the tests' own database, which has all tables."""
    given = os.environ["DATABASE_URL"]
    address, question, options = given.partition("?")
    return f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{question}{options}"


class TestEveryContainer:
    def test_starts_answers_its_probes_and_ends_when_told(self, started: Started) -> None:
        for name in CONTAINERS:
            started.start(name)

        answers = {
            (name, path): started.answer(name, path)
            for name in ANSWERING
            for _, path in PROBES[name]
        }
        counted = {name: started.answer(name, "/metrics") for name in ANSWERING}
        # What beat sends and a child of the worker does, its parent tells.
        adds_up = started.says("celery", 'segs_task_seconds_count{task="close_windows"}')
        alive = {n for n, process in started.processes.items() if process.poll() is None}
        started.stop()

        logs = "".join(f"--- {n}\n{started.log(n).read_text()[-1500:]}" for n in CONTAINERS)
        assert {key for key, status in answers.items() if status != 200} == set(), logs
        assert {name for name, status in counted.items() if status != 200} == set(), logs
        assert adds_up, logs
        assert alive == CONTAINERS.keys() - {"migrate"}, logs
        ends = {name: process.returncode for name, process in started.processes.items()}
        assert {n for n, code in ends.items() if code not in (0, -signal.SIGTERM)} == set(), logs
