"""`make bench-api`: how long the API's questions take with 20 clients at once.

The web as it is run in earnest (DEBUG off, rates counted, a process for each core) on a database
with 5,000 meters, 30 days of quarter-hours, 2,000 customers with a bill each, prices, forecasts
and alerts. Every read endpoint is asked, each path alone, so that the worst is the worst of its
own work: 20 clients on the same machine, each on a connection of its own and spread over the
processes, ask again as soon as they have read the whole answer (packed, as browsers take it).

Printed for each path: median and 95th percentile of the seconds from question to the last byte;
the first ask of all, which nothing was kept for; how many questions it put to the database; the
processor's milliseconds a request in web, database and cache, which a busy machine blurs less
than the clock; and the size as sent. What is kept between requests is kept as in earnest, with
its own limits of age. Read the times on a machine that does nothing else: the load beside the
result says whether it did.
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import httpx
import numpy as np

from benchmarks import api_paths, fleet
from benchmarks.api_paths import PASSWORD, PEOPLE, Keys
from benchmarks.client import Reader
from benchmarks.stack import KEY, Stack
from workers import embedded

WARM = 2  # rounds of all clients before the clock runs
STORES = ("database", "broker")
IN_EARNEST = {
    "DEBUG": "0",
    "SEGS_TLS_REDIRECT": "0",  # as behind a proxy that ends TLS
    "SEGS_API_LIMITS": "anonymous=10000000,customer=10000000,operator=10000000,admin=10000000",
}
KEYS = """
SELECT u.id, (SELECT min(id) FROM meters_meter), (SELECT min(id) FROM alerts_alert),
    (SELECT min(id) FROM alerts_plannedwork), (SELECT min(id) FROM tariffs_priceoverride),
    (SELECT min(id) FROM billing_billrun),
    (SELECT i.id FROM billing_invoice i JOIN accounts_customeraccount a ON a.id = i.account_id
     JOIN accounts_customer c ON c.id = a.customer_id WHERE c.user_id = u.id)
FROM accounts_user u WHERE u.email = %s
"""
QUERIES = """
import json
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
found = {{}}
for token, paths in json.loads({asked!r}).items():
    client = Client(headers={{"Authorization": f"Bearer {{token}}", "Host": "127.0.0.1"}})
    for path in paths:
        b"".join(client.get(path))
        with CaptureQueriesContext(connection) as queries:
            b"".join(client.get(path))
        found[path] = len(queries)
print(json.dumps(found))
"""


@dataclass
class Timing:
    """What one path took."""

    path: str
    first_s: float
    size: int
    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)

    def percentile_ms(self, share: float) -> float:
        return float(np.percentile(self.seconds, share) * 1000)

    def cpu_ms(self, process: str) -> float:
        return self.cpu_s[process] / len(self.seconds) * 1000

    @property
    def is_good(self) -> bool:
        return set(self.statuses) == {200}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=5000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--requests", type=int, default=400, help="of each path")
    parser.add_argument("--only", default="", help="paths that hold this text")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="of the web; one a core"
    )
    options = parser.parse_args()
    ports = [embedded.free_port() for _ in range(options.processes)]
    webs = {f"web-{port}": _daphne(port) for port in ports}
    with Stack(webs, SECRET_KEY=secrets.token_urlsafe(60), **IN_EARNEST) as stack:
        _make_world(stack, options)
        stack.start(*webs)
        for port in ports:
            ready = partial(_is_ready, port)
            stack.wait_until(f"port {port} answers", ready, timeout_s=60)
        timings = _measure(stack, ports, options)
    _sum_up(timings)


def _daphne(port: int) -> list[str]:
    return [sys.executable, "-m", "daphne", "-p", str(port), "segs_site.asgi:application"]


def _make_world(stack: Stack, options: argparse.Namespace) -> None:
    begun = time.monotonic()
    stack.run(fleet.register_script(meters=options.meters, key=KEY, interval_s=10))
    stack.run(f"from benchmarks import api_world; api_world.fill(days={options.days})")
    stack.run(f"from benchmarks import api_desk; api_desk.fill(days={options.days})")
    rows = stack.query("SELECT count(*) FROM meters_quarter")[0][0]
    print(f"{rows:,} quarter-hours made in {time.monotonic() - begun:.0f} s", flush=True)


def _is_ready(port: int) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


def _measure(stack: Stack, ports: list[int], options: argparse.Namespace) -> list[Timing]:
    asked = _asked(stack, options.only)
    timings = []
    print("   p50    p95   first ms |  web   db  cache ms |    KB  path", flush=True)
    for email, paths in asked.items():
        for path in paths:
            token = _token(ports[0], email)  # anew: tokens end after a while
            timing = asyncio.run(_first(Reader(ports[0], token), path))
            asyncio.run(_time(stack, timing, _readers(ports, token, options.clients), options))
            timings.append(timing)
            print(_line(timing), flush=True)
    _print_queries(stack, {_token(ports[0], email): paths for email, paths in asked.items()})
    return timings


def _asked(stack: Stack, only: str) -> api_paths.Asked:
    everything = api_paths.asked(Keys(*map(int, stack.query(KEYS, PEOPLE["customer"])[0])))
    return {email: [path for path in paths if only in path] for email, paths in everything.items()}


def _readers(ports: list[int], token: str, count: int) -> list[Reader]:
    return [Reader(ports[place % len(ports)], token) for place in range(count)]


def _token(port: int, email: str) -> str:
    credentials = {"email": email, "password": PASSWORD}
    address = f"http://127.0.0.1:{port}/api/auth/login"
    answer = httpx.post(address, json=credentials, timeout=30)
    answer.raise_for_status()
    access: str = answer.json()["access"]
    return access


async def _first(reader: Reader, path: str) -> Timing:
    begun = time.perf_counter()
    async with reader:
        _, body = await reader.get(path)
    return Timing(path, time.perf_counter() - begun, len(body))


async def _time(
    stack: Stack, timing: Timing, readers: list[Reader], options: argparse.Namespace
) -> None:
    """Ask from all clients until it was asked often enough."""
    for _ in range(WARM):
        await asyncio.gather(*(reader.get(timing.path) for reader in readers))
    before = _cpu_seconds(stack)
    left = iter(range(options.requests))
    await asyncio.gather(*(_ask(reader, timing, left) for reader in readers))
    after = _cpu_seconds(stack)
    timing.cpu_s = {name: after[name] - before[name] for name in after}
    for reader in readers:
        reader.close()


def _cpu_seconds(stack: Stack) -> dict[str, float]:
    found = stack.cpu_seconds()
    stores = {name: found.pop(name) for name in STORES}
    return {"web": sum(found.values()), **stores}


async def _ask(reader: Reader, timing: Timing, left: Iterator[int]) -> None:
    for _ in left:
        begun = time.perf_counter()
        status, _ = await reader.get(timing.path)
        timing.seconds.append(time.perf_counter() - begun)
        timing.statuses[status] = timing.statuses.get(status, 0) + 1


def _line(timing: Timing) -> str:
    good = "" if timing.is_good else f"  {json.dumps(timing.statuses)}"
    web, database, cache = (timing.cpu_ms(name) for name in ("web", *STORES))
    return (
        f"{timing.percentile_ms(50):6.1f} {timing.percentile_ms(95):6.1f}"
        f" {timing.first_s * 1000:8.1f}    | {web:4.1f} {database:4.1f}  {cache:4.2f}    |"
        f" {timing.size / 1000:6.1f}  {timing.path}{good}"
    )


def _print_queries(stack: Stack, asked: api_paths.Asked) -> None:
    """Print how many questions each path takes; `asked` is by token here."""
    script = QUERIES.format(asked=json.dumps(asked))
    said = stack.manage("shell", "--verbosity", "0", "-c", script)
    found: dict[str, int] = json.loads(said.splitlines()[-1])
    print("\nquestions to the database, once warm:")
    for count in sorted(set(found.values()), reverse=True):
        print(f"{count:4}  {' '.join(path for path, n in found.items() if n == count)}")


def _sum_up(timings: list[Timing]) -> None:
    worst = max(timings, key=lambda timing: timing.percentile_ms(95))
    dearest = max(timings, key=lambda timing: timing.cpu_ms("web") + timing.cpu_ms("database"))
    bad = [timing.path for timing in timings if not timing.is_good]
    spent = dearest.cpu_ms("web") + dearest.cpu_ms("database")
    print(f"\nworst: {worst.path}\ndearest: {spent:.1f} ms of processor, {dearest.path}")
    print(f"load of the machine: {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    if bad:
        print(f"not answered well: {bad}")
    for endpoint in api_paths.not_asked(timing.path for timing in timings):
        print(f"not asked: {endpoint}")
    print(f"bench-api: paths={len(timings)} worst_p95_ms={worst.percentile_ms(95):.1f}")


if __name__ == "__main__":
    main()
