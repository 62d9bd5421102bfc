"""The torture, short: `make torture` runs it for ten minutes."""

import re
import subprocess
import sys

import pytest

from benchmarks.stack import ROOT

pytestmark = pytest.mark.torture


class TestTorture:
    def test_nothing_acknowledged_is_lost_or_counted_twice(self):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.torture", "--seconds", "40", "--seed", "1"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-8000:]
        line = done.stdout.splitlines()[-1]
        assert re.fullmatch(
            r"torture: accepted=\d{4,} stored=\d{4,} lost=0 double=0 windows_wrong=0"
            r" prices_wrong=0 kills=\d+ minutes=\d+\.\d",
            line,
        )
