"""`make bench-billing`: how many accounts a second are rated and issued.

The real Celery workers, two of them, on a real database: 5,000 accounts with a month of
quarter-hours (14.9 million rows), on a dynamic plan with standing charge and tax. A run is asked
for as a clerk asks; it drafts every account, is approved, and issues every account, so each is
rated twice. `accounts_s` counts an account once for both; `issue_accounts_s` is the issue alone.

`--documents N` then waits for N of their PDFs, which the same workers draw. Beside the clock
stands the processor time of workers and database, which says as much on a busy machine; its load
is printed with it. `worker_mb` is the most that the workers had, `peak_mb` with the database.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil

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
from meters.models import MeterInstallation, ServicePoint
from segs_site.lib.periods import QUARTER
from tariffs.models import PricingPolicy, RatePlan, RegionPrice

start, end = datetime.fromisoformat({start!r}), datetime.fromisoformat({end!r})
hung = MeterInstallation.objects.values_list("meter_id", "service_point__region_id")
quarters.pour(dict(hung), start=start, end=end, kw=0.4, spread_kw=0.02)
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


PATIENCE_S = 600
LOOK_EVERY_S, WEIGH_EVERY_S = 0.1, 1.0  # to weigh processes costs more than to ask for a count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--documents", type=int, default=0, help="of so many the PDFs are drawn")
    options = parser.parse_args()
    celery = [
        *[sys.executable, "-m", "celery", "-A", "workers", "worker", "-Q", "billing"],
        *["--loglevel", "warning", "--concurrency", str(options.workers)],
    ]
    # As in service: with DEBUG every query would be written down.
    with Stack({"billing": celery}, DEBUG="0", SECRET_KEY="bench" * 12) as stack:
        begun = time.monotonic()
        stack.run(fleet.register_script(meters=options.accounts, key=KEY, interval_s=10))
        stack.run(FILL.format(start=START.isoformat(), end=END.isoformat()))
        rows = stack.query("SELECT count(*) FROM meters_quarter")[0][0]
        print(f"{rows:,} quarter-hours made in {time.monotonic() - begun:.0f} s", flush=True)
        _measure(stack, options.accounts, options.documents)


@dataclass
class Peak:
    """The most memory that was seen, in megabytes."""

    workers: float = 0
    all: float = 0

    def look(self, stack: Stack) -> None:
        """Weigh the processes."""
        self.workers = max(self.workers, _memory_mb(stack.processes["billing"].pid))
        self.all = max(self.all, stack.memory_mb())


@dataclass(frozen=True)
class Step:
    """What a step took: seconds by the clock, milliseconds of processor time for each."""

    count: int
    seconds: float
    worker_ms: float
    database_ms: float

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.count / self.seconds

    @property
    def cpu_ms(self) -> float:
        """The processor time of one, wherever it was spent."""
        return self.worker_ms + self.database_ms

    def told(self, what: str) -> str:
        """Return the step in words."""
        return (
            f"{what}: {self.rate:.0f}/s, {self.count} in {self.seconds:.1f} s; CPU of one"
            f" {self.cpu_ms:.1f} ms (worker {self.worker_ms:.1f}, database"
            f" {self.database_ms:.1f}); load {os.getloadavg()[0]:.1f}"
        )


def _measure(stack: Stack, accounts: int, documents: int) -> None:
    stack.start("billing", "beat")
    time.sleep(5)  # both are up
    peak = Peak()
    draft = _step(stack, peak, accounts, _state("rated"), lambda: stack.run(REQUEST))
    print(draft.told("drafted"), f"{2976 * draft.rate:,.0f} quarter-hours/s", flush=True)
    issue = _step(stack, peak, accounts, _state("issued"), lambda: stack.run(APPROVE))
    print(issue.told("issued"), flush=True)
    pdfs = None
    if documents:
        drawn = "SELECT count(*) FROM billing_invoicedocument WHERE drawn_at IS NOT NULL"
        pdfs = _step(stack, peak, min(documents, accounts), drawn)
        print(pdfs.told("drawn"), flush=True)
    _check(stack, accounts)
    accounts_s = 1 / (1 / draft.rate + 1 / issue.rate)
    print(
        f"bench-billing: accounts_s={accounts_s:.0f}"
        f" issue_accounts_s={issue.rate:.0f} cpu_ms={draft.cpu_ms + issue.cpu_ms:.1f}"
        f" pdfs_s={pdfs.rate if pdfs else 0:.0f} pdf_cpu_ms={pdfs.cpu_ms if pdfs else 0:.0f}"
        f" worker_mb={peak.workers:.0f} peak_mb={peak.all:.0f}"
    )


def _state(state: str) -> str:
    return f"SELECT count(*) FROM billing_turn WHERE state = '{state}'"


def _step(
    stack: Stack, peak: Peak, count: int, query: str, ask: Callable[[], None] | None = None
) -> Step:
    """Ask for something and wait until the query counts so many; the asking takes no time."""
    if ask is not None:
        ask()
    there = _count(stack, query)
    begun, before, weighed = time.monotonic(), stack.cpu_seconds(), 0.0
    done = there
    while done < count:
        if time.monotonic() > begun + PATIENCE_S:
            message = f"{done} of {count} in {PATIENCE_S} s: {query}"
            raise SystemExit(message)
        time.sleep(LOOK_EVERY_S)
        done = _count(stack, query)
        if time.monotonic() > weighed + WEIGH_EVERY_S:
            weighed = time.monotonic()
            peak.look(stack)
    seconds = time.monotonic() - begun
    after = stack.cpu_seconds()
    worker, database = (
        1000 * (after[name] - before[name]) / max(1, done - there)
        for name in ("billing", "database")
    )
    return Step(done - there, seconds, worker, database)


def _count(stack: Stack, query: str) -> int:
    return int(str(stack.query(query)[0][0]))


def _memory_mb(pid: int) -> float:
    root = psutil.Process(pid)
    family = [root, *root.children(recursive=True)]
    return sum(process.memory_full_info().pss for process in family) / 1e6


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
