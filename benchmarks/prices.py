"""`python -m benchmarks.prices`: what the tick that decides prices costs, with 50 regions.

The tick comes once a second. Most find nothing due; once a slot every region is due at once, and
after two hours away 50 × 8 slots are. Takes half a minute. Times are those of `decide_due`, its
queries included; `cpu` is the processor time of the asking process and of the database together.
"""

import argparse
import json

from benchmarks.stack import Stack

_LAY = """
from datetime import UTC, datetime
from decimal import Decimal
from grid.models import Region, RegionMinute
from segs_site.lib.periods import MINUTE
from tariffs.models import PricingPolicy
from tariffs.services import deciding, policies

two = datetime(2026, 11, 25, 14, tzinfo=UTC)
policies.adopt(by="", now=two, policy=PricingPolicy(effective_from=two, currency="EUR",
    base_price=Decimal("0.2"), min_dwell_minutes=0))
for number in range({regions}):
    region = Region.objects.create(code=f"R{{number}}", name=f"R{{number}}")
    RegionMinute.objects.bulk_create(RegionMinute(region=region, start=two + minute * MINUTE,
        load_mw=(7 * minute + number) % 100 * 1_000_000, capacity_mw=100_000_000,
        meters_reporting=9, meters_expected=9, load_known=True, revised_at=two)
        for minute in range({slots} * 15 + 15))
deciding.decide_due(now=two)
"""
_TICKS = """
import json, time
from datetime import UTC, datetime, timedelta
from segs_site.lib.periods import MINUTE, QUARTER
from tariffs.services import deciding

two = datetime(2026, 11, 25, 14, tzinfo=UTC)
def tick(now):
    begun, cpu = time.perf_counter(), time.process_time()
    decided = deciding.decide_due(now=now)
    return decided, 1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - cpu)

slot = two + {slots} * QUARTER
idle = [tick(two + step * timedelta(seconds=1)) for step in range(200)]
due = [tick(two + (place + 1) * QUARTER - MINUTE) for place in range({slots})]
away = [tick(slot + timedelta(hours=2))]
print(json.dumps([idle, due, away]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--regions", type=int, default=50)
    parser.add_argument("--slots", type=int, default=20, help="slots that are decided in time")
    options = parser.parse_args()
    with Stack() as stack:
        size = {"regions": options.regions, "slots": options.slots}
        stack.run(_LAY.format(**size))
        before = stack.cpu_seconds()["database"]
        idle, due, away = json.loads(
            stack.manage("shell", "--verbosity", "0", "-c", _TICKS.format(**size))
        )
        database_ms = 1000 * (stack.cpu_seconds()["database"] - before)
    decided = sum(count for count, *_ in due)
    assert decided == options.regions * options.slots, decided
    ours_ms = sum(tick[2] for tick in idle + due + away)
    print(f"two hours away: {away[0][0]} slots filled in {away[0][1]:.0f} ms")
    print(
        f"bench-prices: regions={options.regions} idle_ms={_middle(idle, 1):.1f}"
        f" due_ms={_middle(due, 1):.0f} due_worst_ms={max(tick[1] for tick in due):.0f}"
        f" idle_cpu_ms={_middle(idle, 2):.1f} due_cpu_ms={_middle(due, 2):.0f}"
        f" database_share_pct={100 * database_ms / (database_ms + ours_ms):.0f}"
    )


def _middle(ticks: list[list[float]], column: int) -> float:
    found = sorted(tick[column] for tick in ticks)
    return found[len(found) // 2]


if __name__ == "__main__":
    main()
