"""What every process tells Prometheus, and the list of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from prometheus_client import REGISTRY

from segs_site.lib import metrics
from tests.deploy import told

FORKED = """
import os
from prometheus_client import Counter
from segs_site.lib import metrics
counter = Counter("segs_tried", "tried")
if os.fork() == 0:
    counter.inc(3)
    os._exit(0)
os.wait()
counter.inc(2)
print(metrics.exposition().decode())
"""


class TestExposition:
    def test_adds_up_what_the_processes_of_a_service_counted(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-c", FORKED],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=True,
        )

        assert "segs_tried_total 5.0" in done.stdout

    def test_tells_of_the_process_where_there_is_one(self) -> None:
        assert b"process_cpu_seconds_total" in metrics.exposition()


class TestNote:
    def test_keeps_whether_a_connection_answered(self) -> None:
        metrics.note("broker", answers=False)
        fell = REGISTRY.get_sample_value("broker_connection_status")
        metrics.note("broker", answers=True)

        assert fell == 0
        assert REGISTRY.get_sample_value("broker_connection_status") == 1

    def test_leaves_out_what_is_no_connection(self) -> None:
        metrics.note("registry", answers=False)

        assert b"registry_connection_status" not in metrics.exposition()


class TestTheList:
    def test_names_every_metric_with_its_meaning(self) -> None:
        page = (Path(settings.BASE_DIR) / "docs/metrics.md").read_text()
        listed = dict(re.findall(r"^\| `(\w+)[^`]*` \| \w+ \| (.+) \|$", page, flags=re.M))

        assert listed == {name: each.meaning for name, each in told.metrics().items()}

    def test_has_every_name_of_the_system_before(self) -> None:
        names = {
            "ingestion_success_total", "ingestion_errors_total", "batch_size_histogram",
            "batch_processing_duration", "stream_append_latency", "alerts_generated_total",
            "alerts_processed_total", "alert_processing_duration", "service_health",
            "database_connection_status", "broker_connection_status",
        }  # fmt: skip

        assert names <= told.metrics().keys()
