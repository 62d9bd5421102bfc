import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.workers.simulator.ingest_double import IngestDouble, Reply

ROOT = Path(__file__).parents[3]
CLOSING = re.compile(
    r"simulate: readings=\d+ readings_s=\d+\.\d accepted=\d+ duplicates=\d+ quarantined=\d+"
    r" rejected=\d+ refused=\d+ lost=\d+ p50_ms=\d+\.\d p99_ms=\d+\.\d"
)


@pytest.fixture
def ingest() -> Iterator[IngestDouble]:
    with IngestDouble().serving_in_a_thread() as double:
        yield double


def simulate(**given: object) -> str:
    out = io.StringIO()
    call_command("simulate", **{name: str(value) for name, value in given.items()}, stdout=out)
    return out.getvalue()


def an_hour_ago() -> str:
    return (datetime.now(UTC) - timedelta(hours=1)).isoformat()


class TestSimulate:
    def test_sends_and_closes_with_its_line(self, ingest):
        said = simulate(
            url=ingest.url,
            meters=40,
            iterations=5,
            duplicates=0,
            start=an_hour_ago(),
            speed=100_000,
        )

        assert CLOSING.fullmatch(said.splitlines()[-1])
        assert "readings=200 " in said
        assert "accepted=200 " in said
        assert len(ingest.readings) == 200

    def test_reads_the_environment(self, ingest, monkeypatch):
        monkeypatch.setenv("SEGS_SIM_URL", ingest.url)
        monkeypatch.setenv("SEGS_SIM_METERS", "7")
        monkeypatch.setenv("SEGS_SIM_ITERATIONS", "1")
        monkeypatch.setenv("SEGS_SIM_DUPLICATES", "0")

        assert "accepted=7 " in simulate()

    def test_fails_when_readings_were_refused(self, ingest):
        ingest.usual = lambda _: Reply(401)

        with pytest.raises(CommandError, match="7 readings were lost or refused") as failure:
            simulate(url=ingest.url, meters=7, iterations=1, duplicates=0)

        assert failure.value.returncode == 1

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["--meters", "0"], "--meters: '0' is not a whole number from 1 to 1,000,000"),
            (["--scenario=storm"], "--scenario: 'storm' is not one of normal, peak, outage"),
            (["--metres", "5"], "unrecognized arguments: --metres 5"),
        ],
    )
    def test_refuses_wrong_orders_with_exit_code_two(self, arguments, complaint):
        ended = subprocess.run(
            [sys.executable, "manage.py", "simulate", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert ended.returncode == 2
        assert complaint in ended.stderr

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_ends_cleanly_when_told_to(self, ingest, number):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "simulate", "--meters=30", "--interval=0.2"],
            cwd=ROOT,
            env=os.environ | {"SEGS_SIM_URL": ingest.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 20
        while not ingest.bodies and time.monotonic() < deadline:
            time.sleep(0.05)

        process.send_signal(number)
        said, complaints = process.communicate(timeout=20)

        assert process.returncode == 0, complaints
        assert CLOSING.fullmatch(said.splitlines()[-1])
        assert " lost=0 " in said
        assert "Traceback" not in complaints
