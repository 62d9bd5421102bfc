"""`make bench-billing`: how many accounts a second are rated and issued.

The real Celery workers, two of them, on a real database: 5,000 accounts with a month of
quarter-hours (14.9 million rows), on a dynamic plan with standing charge and tax. A run is asked
for as a clerk asks; it drafts every account, is approved, and issues every account, so each is
rated twice. `accounts_s` counts an account once for both; `issue_s` is the issue alone.
"""

import argparse
import sys
import time
from datetime import UTC, datetime

from benchmarks import fleet
from benchmarks.stack import KEY, Stack

START, END = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)

FILL = """
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from accounts.models import Customer, CustomerAccount, ServiceAgreement
from benchmarks import quarters
from django.db import connection
from grid.models import Region
from meters.models import Meter, ServicePoint
from segs_site.lib.periods import QUARTER
from tariffs.models import PricingPolicy, RatePlan, RegionPrice

start, end = datetime.fromisoformat({start!r}), datetime.fromisoformat({end!r})
meters = list(Meter.objects.order_by("pk").values_list("pk", flat=True))
quarters.fill(meters, start=start, end=end, kw=0.4, spread_kw=0.02)
policy = PricingPolicy.objects.create(
    version=9, effective_from=start - timedelta(days=999), currency="EUR",
    base_price=Decimal("0.2"), created_by="bench", created_at=start)
for region in Region.objects.all():
    RegionPrice.objects.bulk_create([
        RegionPrice(
            region=region, starts_at=start + place * QUARTER,
            ends_at=start + (place + 1) * QUARTER,
            price=Decimal(16 + 4 * (place % 5)) / 100, base_price=Decimal("0.2"), currency="EUR",
            multiplier=Decimal(16 + 4 * (place % 5)) / 20, policy=policy, reason="bench",
            triggered_by="AUTO", decided_at=start)
        for place in range((end - start) // QUARTER)], batch_size=1000)
plan = RatePlan.objects.create(code="BENCH", name="Bench", currency="EUR", definition={{
    "energy": {{"kind": "dynamic", "added": "0.05"}}, "standing_per_day": "0.30",
    "taxes": [{{"name": "VAT", "pct": "20"}}]}})
points = list(ServicePoint.objects.order_by("pk"))
customers = Customer.objects.bulk_create(
    [Customer(code=f"USR-{{n}}", name=f"Customer {{n}}") for n in range(len(points))],
    batch_size=5000)
accounts = CustomerAccount.objects.bulk_create(
    [CustomerAccount(number=f"ACC-{{n:06d}}", customer=c) for n, c in enumerate(customers)],
    batch_size=5000)
ServiceAgreement.objects.bulk_create([
    ServiceAgreement(account=a, service_point=p, plan=plan, during=(start, None))
    for a, p in zip(accounts, points, strict=True)], batch_size=5000)
with connection.cursor() as cursor:
    cursor.execute("VACUUM ANALYZE")
"""
REQUEST = """
from datetime import UTC, date, datetime
from billing.services import running
running.request(day=date(2026, 5, 15), by="bench", now=datetime.now(UTC))
"""
APPROVE = """
from billing.models import BillRun
from billing.services import approving
approving.approve(run=BillRun.objects.get(), by="bench")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    celery = [
        *[sys.executable, "-m", "celery", "-A", "workers", "worker", "-Q", "billing"],
        *["--loglevel", "warning", "--concurrency", str(options.workers)],
    ]
    with Stack({"billing": celery}) as stack:
        begun = time.monotonic()
        stack.run(fleet.register_script(meters=options.accounts, key=KEY, interval_s=10))
        stack.run(FILL.format(start=START.isoformat(), end=END.isoformat()))
        rows = stack.query("SELECT count(*) FROM meters_quarter")[0][0]
        print(f"{rows:,} quarter-hours made in {time.monotonic() - begun:.0f} s", flush=True)
        _measure(stack, options.accounts)


def _measure(stack: Stack, accounts: int) -> None:
    stack.start("billing", "beat")
    time.sleep(5)  # both are up
    stack.run(REQUEST)
    peak = [0.0]
    draft_s = _until(stack, "rated", accounts, peak)
    stack.run(APPROVE)
    issue_s = _until(stack, "issued", accounts, peak)
    _check(stack, accounts)
    print(f"drafted: {accounts / draft_s:.0f} accounts/s in {draft_s:.1f} s")
    print(f"issued:  {accounts / issue_s:.0f} accounts/s in {issue_s:.1f} s")
    print("CPU seconds:", {name: round(s, 1) for name, s in stack.cpu_seconds().items()})
    print(
        f"bench-billing: accounts_s={accounts / (draft_s + issue_s):.0f}"
        f" issue_accounts_s={accounts / issue_s:.0f} pdfs_s=0 peak_mb={peak[0]:.0f}"
    )


def _until(stack: Stack, state: str, accounts: int, peak: list[float]) -> float:
    begun = time.monotonic()
    while time.monotonic() < begun + 600:
        rows = stack.query("SELECT count(*) FROM billing_turn WHERE state = %s", state)
        peak[0] = max(peak[0], stack.memory_mb())
        if rows[0][0] == accounts:
            return time.monotonic() - begun
        time.sleep(0.1)
    message = f"{rows[0][0]} of {accounts} {state} in ten minutes"
    raise SystemExit(message)


def _check(stack: Stack, accounts: int) -> None:
    """Compare with the database's own arithmetic what was issued, account by account."""
    wrong = stack.query(
        """
        SELECT count(*) FROM billing_invoice i JOIN accounts_serviceagreement a USING (account_id)
        JOIN meters_meterinstallation m ON m.service_point_id = a.service_point_id
        JOIN meters_servicepoint p ON p.id = a.service_point_id
        JOIN LATERAL (SELECT round(sum(q.energy_mwh * (r.price + 0.05)) / 1e6, 2) AS energy
            FROM meters_quarter q JOIN tariffs_regionprice r
              ON r.region_id = p.region_id AND r.starts_at = q.start
            WHERE q.meter_id = m.meter_id) e ON true
        WHERE i.total <> e.energy + 9.30 + round((e.energy + 9.30) * 0.2, 2)
        """
    )[0][0]
    count, last = stack.query("SELECT count(number), max(number) FROM billing_invoice")[0]
    print(f"checked in SQL: {wrong} of {accounts} invoices differ; {count} numbers to {last}")
    if wrong:
        raise SystemExit("an invoice is wrong")


if __name__ == "__main__":
    main()
