"""Several processes that decide the same prices at once, of which one is killed."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks.stack import ROOT, Stack

pytestmark = pytest.mark.processes

REGIONS, SLOTS = 3, 90
_LAY = f"""
from datetime import UTC, datetime
from decimal import Decimal
from grid.models import Region, RegionMinute
from segs_site.lib.periods import MINUTE
from tariffs.models import PricingPolicy
from tariffs.services import policies

two = datetime(2026, 11, 25, 14, tzinfo=UTC)
policies.adopt(by="", now=two, policy=PricingPolicy(effective_from=two, currency="EUR",
    base_price=Decimal("0.2"), slot_minutes=1, lead_s=30, min_dwell_minutes=0))
for number in range({REGIONS}):
    region = Region.objects.create(code=f"R{{number}}", name=f"R{{number}}")
    RegionMinute.objects.bulk_create(RegionMinute(region=region, start=two + minute * MINUTE,
        load_mw=minute % 100 * 1_000_000, capacity_mw=100_000_000, meters_reporting=9,
        meters_expected=9, load_known=True, revised_at=two) for minute in range({SLOTS}))
"""
_DECIDE = f"""
from datetime import UTC, datetime, timedelta
from segs_site.lib.periods import MINUTE
from tariffs.services import deciding

two = datetime(2026, 11, 25, 14, tzinfo=UTC)
print("ready", flush=True)
input()
for step in range(2 * {SLOTS}):
    now = two + step * timedelta(seconds=30)
    print(now, deciding.decide_due(now=now), flush=True)
"""
_WRONG = """
SELECT region_id, starts_at, ends_at, before FROM (
    SELECT *, lag(ends_at) OVER (PARTITION BY region_id ORDER BY starts_at) AS before
    FROM tariffs_regionprice) AS slots
WHERE before IS DISTINCT FROM starts_at AND before IS NOT NULL
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Database and broker alone."""
    with Stack() as stack:
        stack.run(_LAY)
        yield stack


def decider(stack: Stack) -> subprocess.Popen[str]:
    """A process that decides as soon as it is told to."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "shell", "--verbosity", "0", "-c", _DECIDE],
        env=stack.environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


class TestThreeProcesses:
    def test_make_one_price_a_slot_whoever_of_them_dies(self, stack: Stack) -> None:
        deciders = [decider(stack) for _ in range(3)]
        victim, *others = deciders
        for each in deciders:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()

        assert victim.stdout is not None
        for _ in range(20):
            victim.stdout.readline()
        victim.kill()
        told = [each.communicate(timeout=120)[0] for each in others]
        victim.communicate(timeout=10)

        [[prices]] = stack.query("SELECT count(*) FROM tariffs_regionprice")
        [[events]] = stack.query(
            "SELECT count(DISTINCT data ->> 'tariffId') FROM lib_outboxevent WHERE type = 'tariff'"
        )
        [[announced]] = stack.query("SELECT count(*) FROM lib_outboxevent WHERE type = 'tariff'")
        assert [each.returncode for each in others] == [0, 0]
        assert all(text.count("\n") == 2 * SLOTS for text in told)
        assert prices == events == announced == REGIONS * SLOTS
        assert stack.query(_WRONG) == []
