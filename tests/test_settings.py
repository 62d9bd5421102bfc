import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
READ_IN_SETTINGS = re.compile(r'\benv\.\w+\(\s*"([A-Z_]+)"')
IN_A_TABLE = re.compile(r"^\| `([A-Z_]+)`", re.MULTILINE)


def refusal(**environment: str) -> str:
    """Return the last line that a process says which cannot start; empty if it can."""
    outcome = subprocess.run(
        [sys.executable, "-c", "import segs_site.settings"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return outcome.stderr.strip().rpartition("\n")[2] if outcome.returncode else ""


class TestSettings:
    def test_have_a_default_for_everything_in_a_demo(self):
        assert refusal(DEBUG="1") == ""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("DEBUG", "maybe"),
            ("DATABASE_URL", "mysql://localhost/segs"),
            ("DATABASE_URL", "segs"),
            ("REDIS_URL", "localhost:6379"),
            ("CACHE_URL", "memory"),
            ("SEGS_SITE_ZONE", "Mars/Olympus"),
            ("SEGS_IBAN", "BE68539007547035"),
            ("SEGS_BIC", "bank"),
            ("SEGS_SITE_ZONE", "../etc/passwd"),
            ("SEGS_SHARDS", "abc"),
            ("SEGS_SHARDS", "0"),
            ("SEGS_SHARDS", "256"),
            ("SEGS_SHARDS", ""),
            ("SEGS_RAW_RETENTION_DAYS", "0"),
            ("SEGS_AUTO_REGISTER", "perhaps"),
            ("SEGS_READING_INTERVAL_S", "901"),
            ("SEGS_METER_LIMIT_KW", "nan"),
            ("SEGS_METER_LIMIT_KW", "-1"),
            ("SEGS_WATCH_PORT", "70000"),
            ("SEGS_WATCH_ADDRESS", "grid.example"),
            ("SEGS_SMS_URL", "ftp://sms.example"),
            ("SEGS_SMS_FORMAT", "xml"),
            ("SEGS_SMS_FIELDS", "to=To"),
            ("SEGS_WEBHOOK_NETWORKS", "10.0.0.1/8"),
        ],
    )
    def test_refuse_a_bad_value_by_name(self, name, value):
        environment = {"DEBUG": "1"} | {name: value}

        said = refusal(**environment)

        assert said.startswith("django.core.exceptions.ImproperlyConfigured: ")
        assert f"'{name}'" in said

    def test_name_every_bad_value_at_once(self):
        said = refusal(DEBUG="1", SEGS_SHARDS="many", SEGS_SITE_ZONE="Nowhere")

        assert "'SEGS_SHARDS'" in said
        assert "'SEGS_SITE_ZONE'" in said

    @pytest.mark.parametrize(
        "secret",
        [{}, {"SECRET_KEY": ""}, {"SECRET_KEY": settings.DEV_SECRET_KEY}],
        ids=["none", "empty", "the demo's"],
    )
    def test_refuse_production_without_a_secret_of_its_own(self, secret):
        assert "SECRET_KEY is not set" in refusal(**secret)

    def test_start_in_production_with_one(self):
        assert refusal(SECRET_KEY="long and random") == ""


class TestDocumentation:
    def test_tells_of_every_variable_that_settings_read_and_of_no_other(self):
        read = set(READ_IN_SETTINGS.findall((ROOT / "segs_site/settings.py").read_text()))
        page = (ROOT / "docs/settings.md").read_text()
        told = set(IN_A_TABLE.findall(page.partition("## Other commands")[0]))

        assert told == read
