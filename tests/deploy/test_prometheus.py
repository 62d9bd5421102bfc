"""Rules, dashboards and runbooks: they ask for what is told, and each alert has its page."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from tests.deploy import told

ROOT = Path(settings.BASE_DIR)
DEPLOY, RUNBOOKS = ROOT / "deploy", ROOT / "docs/runbooks"
FROM_ELSEWHERE = {  # of Prometheus itself and of its client library
    "up", "process_cpu_seconds_total", "process_resident_memory_bytes",
}  # fmt: skip
# What stands in a query beside names: labels in braces, after `by`, and texts.
NO_NAMES = re.compile(r'"[^"]*"|\{[^}]*\}|\b(?:by|without|on|ignoring)\s*\([^)]*\)|\[[^]]*\]')
NAME = re.compile(r"\b([a-z_][\w:]*)\b(?!\s*\()")
WORDS = {"or", "and", "unless", "by"}


def rules(name: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / f"prometheus/{name}.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def asked(query: str) -> set[str]:
    """Return the names of series in a query."""
    return set(NAME.findall(NO_NAMES.sub(" ", query))) - WORDS


def known() -> set[str]:
    return told.series() | FROM_ELSEWHERE | {rule["record"] for rule in rules("recording")}


def boards() -> dict[str, dict[str, Any]]:
    files = sorted((DEPLOY / "grafana/dashboards").glob("*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def promtool(*arguments: str) -> str:
    """Run promtool of Debian's package `prometheus` in the folder of the rules."""
    program = shutil.which("promtool")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("promtool is missing: install the package `prometheus`")
        pytest.skip("promtool is missing: install the package `prometheus`")
    done = subprocess.run(
        [program, *arguments], cwd=DEPLOY / "prometheus", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


ALERTS = [rule["alert"] for rule in rules("alerting")]


class TestRules:
    def test_are_read_by_prometheus(self) -> None:
        said = promtool("check", "rules", "recording.yml", "alerting.yml")

        assert said.count("SUCCESS") == 2

    def test_come_when_they_must_and_else_not(self) -> None:
        assert "SUCCESS" in promtool("test", "rules", "tests.yml")

    @pytest.mark.parametrize("alert", ALERTS)
    def test_are_each_tried_both_ways(self, alert: str) -> None:
        cases = yaml.safe_load((DEPLOY / "prometheus/tests.yml").read_text())["tests"]
        tried = [
            bool(test["exp_alerts"])
            for case in cases
            for test in case["alert_rule_test"]
            if test["alertname"] == alert
        ]

        assert sorted(tried) == [False, True]

    @pytest.mark.parametrize("rule", rules("recording") + rules("alerting"), ids=str)
    def test_ask_for_what_is_told(self, rule: dict[str, Any]) -> None:
        names = asked(rule["expr"])

        assert names
        assert names - known() == set()

    @pytest.mark.parametrize("rule", rules("alerting"), ids=ALERTS)
    def test_say_how_soon_and_where_to_read(self, rule: dict[str, Any]) -> None:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["runbook"] == f"docs/runbooks/{rule['alert']}.md"


class TestConfiguration:
    def test_is_read_by_prometheus(self) -> None:
        assert "SUCCESS" in promtool("check", "config", "--syntax-only", "prometheus.yml")


class TestDashboards:
    @pytest.mark.parametrize("name", boards())
    def test_ask_for_what_is_told(self, name: str) -> None:
        queries = [
            target["expr"] for panel in boards()[name]["panels"] for target in panel["targets"]
        ]
        names = set().union(*(asked(query) for query in queries))

        assert names
        assert names - known() == set()

    def test_have_names_of_their_own(self) -> None:
        assert [board["uid"] for board in boards().values()] == list(boards())

    def test_show_every_recorded_series(self) -> None:
        text = "".join(json.dumps(board) for board in boards().values())
        text += (DEPLOY / "prometheus/alerting.yml").read_text()

        assert [r["record"] for r in rules("recording") if r["record"] not in text] == []


class TestAsked:
    def test_finds_the_names_and_nothing_else(self) -> None:
        query = 'sum(rate(a_total{b="c d"}[5m])) by (e) / on (f) (max(g:h) or vector(0)) > 0.5'

        assert asked(query) == {"a_total", "g:h"}


class TestRunbooks:
    @pytest.mark.parametrize("alert", ALERTS)
    def test_say_what_an_alert_means_and_what_to_do(self, alert: str) -> None:
        page = (RUNBOOKS / f"{alert}.md").read_text()

        assert page.startswith(f"# {alert}\n")
        for part in ("**What suffers.**", "## Look", "## Do"):
            assert part in page

    def test_have_no_page_for_an_alert_that_is_gone(self) -> None:
        pages = {page.stem for page in RUNBOOKS.glob("*.md")} - {"README"}

        assert pages == set(ALERTS)

    def test_are_all_in_the_list(self) -> None:
        listed = re.findall(
            r"^\| \[(\w+)\]\((\w+)\.md\)", (RUNBOOKS / "README.md").read_text(), re.M
        )

        assert listed == [(alert, alert) for alert in ALERTS]

    @pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
    def test_name_metrics_and_pages_that_exist(self, page: Path) -> None:
        text = page.read_text()
        metrics = set(re.findall(r"`(segs[_:][\w:]+)`", text))
        links = re.findall(r"\]\(([^)]+)\)", text)

        assert metrics - known() - told.metrics().keys() == set()
        assert [link for link in links if not (RUNBOOKS / link).exists()] == []
