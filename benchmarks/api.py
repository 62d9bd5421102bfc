"""`make bench-api`: how long the API's questions take with 20 clients at once.

A real web process on a real database: 5,000 meters, 30 days of quarter-hours, a customer, an
operator. The clients, on the same machine, ask one path after another as fast as they are
answered; each path is measured alone, so that the worst is the worst of its own work.
"""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np

from benchmarks import fleet
from benchmarks.stack import KEY, Stack

PASSWORD = "bench-secret"
OPERATOR, CUSTOMER = "operator@bench.example", "customer@bench.example"

FILL = """
from datetime import UTC, datetime, timedelta
from accounts.choices import UserRole
from accounts.models import Customer, CustomerAccount, ServiceAgreement, User
from benchmarks import quarters
from django.db import connection
from grid.models import Region, RegionMinute
from meters.models import (
    LatestReading, Meter, MeterInstallation, QuarantinedReading, ServicePoint, WindowClock,
)
from segs_site.lib.periods import MINUTE, QUARTER, floor
from tariffs.models import RatePlan

now = datetime.now(UTC)
end, start = floor(now, QUARTER), floor(now, QUARTER) - timedelta(days={days})
meters = list(Meter.objects.order_by("pk"))
quarters.fill([meter.pk for meter in meters], start=start, end=end, kw=0.4, spread_kw=0.02)
LatestReading.objects.bulk_create([
    LatestReading(meter=meter, ts=now, power_mw=meter.pk * 1000, received_at=now)
    for meter in meters
], batch_size=5000)
RegionMinute.objects.bulk_create([
    RegionMinute(region=region, start=floor(now, MINUTE) - MINUTE * back, load_mw=10**9,
                 meters_reporting=1000, meters_expected=1250, capacity_mw=10**10,
                 load_known=True, revised_at=now)
    for region in Region.objects.all() for back in range(1, 1441)
], batch_size=2000)
WindowClock.objects.update(closed_until=floor(now, MINUTE))
with connection.cursor() as cursor:
    cursor.execute('''
        INSERT INTO grid_regionquarter (region_id, start, load_mw, estimated_mw, mean_mw, min_mw,
            max_mw, energy_mwh, meters_reporting, meters_expected, capacity_mw, load_known,
            revised_at)
        SELECT region_id, start, sum(mean_mw), 0, avg(mean_mw), min(min_mw), max(max_mw),
               sum(energy_mwh), count(*), count(*), 10000000000, true, now()
        FROM meters_quarter GROUP BY 1, 2''')
QuarantinedReading.objects.bulk_create([
    QuarantinedReading(serial=f"STRANGER-{{n}}", ts=now, reason="unknown_meter", raw="{{}}",
                       received_at=now - timedelta(seconds=n), origin=f"bench/{{n}}")
    for n in range(5000)
], batch_size=5000)
plan = RatePlan.objects.create(code="BENCH", name="Bench")
User.objects.create_user({operator!r}, {password!r}, role=UserRole.OPERATOR)
for place in range(20):
    email = {customer!r} if place == 0 else f"customer-{{place}}@bench.example"
    user = User.objects.create_user(email, {password!r}, role=UserRole.CUSTOMER)
    customer = Customer.objects.create(code=f"USR-{{place}}", name=email, user=user)
    account = CustomerAccount.objects.create(number=f"ACC-{{place}}", customer=customer)
    for point in ServicePoint.objects.order_by("pk")[place * 2:place * 2 + 2]:
        ServiceAgreement.objects.create(
            account=account, service_point=point, plan=plan, during=(start, None)
        )
with connection.cursor() as cursor:
    cursor.execute("VACUUM ANALYZE")
"""


@dataclass
class Timing:
    """What one path took."""

    path: str
    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    size: int = 0
    elapsed: float = 0.0

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.seconds, share) * 1000)

    @property
    def is_good(self) -> bool:
        return set(self.statuses) <= {200, 304}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=5000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--requests", type=int, default=400, help="of each path")
    parser.add_argument("--only", default="", help="paths that hold this text")
    options = parser.parse_args()
    unlimited = "anonymous=0,customer=0,operator=0,clerk=0,admin=0"
    with Stack(SEGS_API_LIMITS=unlimited) as stack:
        begun = time.monotonic()
        stack.run(fleet.register_script(meters=options.meters, key=KEY, interval_s=10))
        stack.run(
            FILL.format(days=options.days, operator=OPERATOR, customer=CUSTOMER, password=PASSWORD)
        )
        rows = stack.query("SELECT count(*) FROM meters_quarter")[0][0]
        print(f"{rows:,} quarter-hours made in {time.monotonic() - begun:.0f} s", flush=True)
        stack.start("web")
        stack.wait_until("the web answers", lambda: _is_ready(stack), timeout_s=60)
        timings = asyncio.run(_measure(stack, options))
    _print(timings)


def _is_ready(stack: Stack) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{stack.web_port}/readyz", timeout=2)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


def paths(user_id: int, meter_id: int) -> dict[str, list[str]]:
    """Return what operators and customers ask, by who asks."""
    serial = fleet.SERIAL.format(0)
    end = datetime.now(UTC)
    month = f"start={end - timedelta(days=30):%Y-%m-%d}"
    return {
        OPERATOR: [
            "/api/admin/grid/status",
            "/api/admin/grid/load?minutes=60",
            "/api/admin/grid/topology",
            "/api/admin/regions/stats",
            "/api/admin/regions/North/capacities",
            "/api/admin/meters",
            "/api/admin/meters?search=0042",
            "/api/admin/meters?region=North&state=silent&ordering=-seen_at",
            f"/api/admin/meters/{meter_id}",
            f"/api/admin/meters/{meter_id}/history?limit=96",
            "/api/admin/top-consumers",
            f"/api/admin/top-consumers?{month}&region=North",
            "/api/admin/quarantine",
            "/api/admin/dead-letters",
            "/api/admin/metrics",
            f"/api/users/{user_id}/consumption?granularity=day",
            f"/api/users/{user_id}/consumption/summary",
        ],
        CUSTOMER: [
            f"/api/users/{user_id}/consumption?granularity=15m",
            f"/api/users/{user_id}/consumption?granularity=month",
            f"/api/users/{user_id}/consumption/summary?{month}",
            "/api/telemetry/my-meters",
            f"/api/telemetry/history?meter={serial}",
            f"/api/telemetry/stats?{month}",
            "/api/telemetry/daily",
            "/api/telemetry/monthly",
            f"/api/telemetry/export.csv?meter={serial}",
        ],
    }


async def _measure(stack: Stack, options: argparse.Namespace) -> list[Timing]:
    base = f"http://127.0.0.1:{stack.web_port}"
    user_id = stack.query("SELECT id FROM accounts_user WHERE email = %s", CUSTOMER)[0][0]
    meter_id = stack.query("SELECT min(id) FROM meters_meter")[0][0]
    timings = []
    for email, asked in paths(int(user_id), int(meter_id)).items():  # type: ignore[call-overload]
        token = _token(base, email)
        for path in asked:
            if options.only in path:
                timing = await _time(base, path, token, options)
                timings.append(timing)
                print(_line(timing), flush=True)
    return timings


def _token(base: str, email: str) -> str:
    credentials = {"email": email, "password": PASSWORD}
    answer = httpx.post(f"{base}/api/auth/login", json=credentials, timeout=30)
    answer.raise_for_status()
    access: str = answer.json()["access"]
    return access


async def _time(base: str, path: str, token: str, options: argparse.Namespace) -> Timing:
    """Ask a path from all clients until it was asked often enough; the first ask is not timed."""
    timing = Timing(path)
    left = options.requests
    limits = httpx.Limits(max_connections=options.clients)
    async with httpx.AsyncClient(
        base_url=base,
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
        limits=limits,
    ) as client:
        timing.size = len((await client.get(path)).content)

        async def one() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                begun = time.perf_counter()
                answer = await client.get(path)
                timing.seconds.append(time.perf_counter() - begun)
                timing.statuses[answer.status_code] = (
                    timing.statuses.get(answer.status_code, 0) + 1
                )

        begun = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(options.clients)))
        timing.elapsed = time.perf_counter() - begun
    return timing


def _line(timing: Timing) -> str:
    rate = len(timing.seconds) / timing.elapsed
    good = "" if timing.is_good else f"  {json.dumps(timing.statuses)}"
    return (
        f"{timing.percentile(50):8.1f} {timing.percentile(95):8.1f} {timing.percentile(99):8.1f}"
        f" {rate:8.0f}/s {timing.size / 1000:9.1f} KB  {timing.path}{good}"
    )


def _print(timings: list[Timing]) -> None:
    worst = max(timings, key=lambda timing: timing.percentile(95))
    bad = [timing.path for timing in timings if not timing.is_good]
    print(f"worst: {worst.path}")
    if bad:
        print(f"not answered well: {bad}")
    print(f"bench-api: paths={len(timings)} worst_p95_ms={worst.percentile(95):.1f}")


if __name__ == "__main__":
    main()
