"""What `benchmarks.api` asks, by who asks it, and what of the API's description it does not."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import fleet

PASSWORD = "bench-secret"
PEOPLE = {role: f"{role}@bench.example" for role in ("admin", "operator", "customer")}
DESCRIPTION = Path(__file__).resolve().parent.parent / "docs" / "openapi.yaml"
Asked = dict[str, list[str]]  # paths by the address of whoever asks


@dataclass(frozen=True, slots=True)
class Keys:
    """Of what is asked for by its key: one row each of what was made."""

    user: int
    meter: int
    alert: int
    work: int
    override: int
    run: int
    invoice: int


def asked(keys: Keys) -> Asked:
    """Return every question, by who asks it."""
    user_id, now = keys.user, datetime.now(UTC)
    month = f"start={now - timedelta(days=30):%Y-%m-%d}"
    days = f"{month}&end={now:%Y-%m-%d}"
    return {
        PEOPLE["operator"]: [
            *_of_the_grid(keys.meter, month),
            *_of_prices(month),
            f"/api/admin/tariffs/override/{keys.override}",
            *_of_the_desk(keys),
        ],
        PEOPLE["customer"]: [*_of_oneself(user_id, month), *_of_bills(keys.invoice, days)],
        PEOPLE["admin"]: [
            "/api/admin/users",
            "/api/admin/users?search=customer-7",
            f"/api/admin/users/{user_id}",
            "/api/admin/api-keys",
            "/api/admin/audit",
            "/api/admin/audit?subject_type=accounts.Customer",
            f"/api/users/{user_id}/consumption?granularity=day",
            f"/api/users/{user_id}/consumption/summary",
            "/api/admin/bill-runs",
            f"/api/admin/bill-runs/{keys.run}",
            f"/api/admin/bill-runs/{keys.run}/exceptions",
        ],
    }


def _of_the_grid(meter_id: int, month: str) -> list[str]:
    return [
        "/api/admin/grid/status",
        "/api/admin/grid/load?minutes=60",
        "/api/admin/grid/load?minutes=1440",
        "/api/admin/grid/topology",
        "/api/admin/regions/stats",
        f"/api/admin/regions/stats?{month}",
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
    ]


def _of_prices(month: str) -> list[str]:
    return [
        "/api/tariffs/current",
        "/api/tariffs/regions/North",
        "/api/tariffs/history?region=North",
        f"/api/tariffs/estimate?region=North&kwh=100&{month}",
        "/api/tariffs/forecast?region=North",
        "/api/tariffs/plans",
        f"/api/admin/tariffs/analytics?region=North&{month}",
        "/api/admin/tariffs/override",
    ]


def _of_oneself(user_id: int, month: str) -> list[str]:
    serial = fleet.SERIAL.format(0)
    return [
        "/api/users/me",
        "/api/users/me/preferences",
        "/api/users/me/notices",
        "/api/users/me/notifications",
        "/api/auth/second-factor",
        f"/api/users/{user_id}/consumption?granularity=15m",
        f"/api/users/{user_id}/consumption?granularity=month",
        f"/api/users/{user_id}/consumption/summary?{month}",
        "/api/telemetry/my-meters",
        f"/api/telemetry/history?meter={serial}",
        f"/api/telemetry/stats?{month}",
        "/api/telemetry/daily",
        "/api/telemetry/monthly",
        f"/api/telemetry/export.csv?meter={serial}",
        f"/api/telemetry/export.xml?meter={serial}",
    ]


def _of_the_desk(keys: Keys) -> list[str]:
    alerts = "/api/admin/alerts"
    return [
        alerts,
        f"{alerts}?state=resolved",
        f"{alerts}/{keys.alert}",
        f"{alerts}/{keys.alert}/journal",
        f"{alerts}/journal",
        f"{alerts}/planned-work",
        f"{alerts}/planned-work/{keys.work}",
        f"{alerts}/rules",
        f"{alerts}/shift-notes",
        f"{alerts}/stats",
    ]


def _of_bills(invoice: int, days: str) -> list[str]:
    invoices = "/api/billing/invoices"
    return [
        "/api/alerts/mine",
        invoices,
        f"{invoices}/{invoice}",
        f"{invoices}/{invoice}/lines",
        f"{invoices}/{invoice}/lines/1/intervals",
        f"{invoices}/{invoice}/intervals.csv",
        f"{invoices}/{invoice}/invoice.pdf",
        "/api/billing/payments",
        "/api/billing/disputes",
        f"/api/billing/calculate?{days}",
        f"/api/tariffs/compare?{days}",
    ]


def not_asked(paths: Iterable[str]) -> list[str]:
    """Return the read endpoints of the committed description that no path is one of."""
    plain = [path.split("?")[0] for path in paths]
    return [
        endpoint
        for endpoint in _endpoints(DESCRIPTION.read_text())
        if not any(_pattern(endpoint).fullmatch(path) for path in plain)
    ]


def _pattern(endpoint: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(endpoint)))


def _endpoints(description: str) -> Iterator[str]:
    path = ""
    for line in description.splitlines():
        if found := re.fullmatch(r"  (/\S+):", line):
            path = found[1]
        elif line == "    get:":
            yield path
