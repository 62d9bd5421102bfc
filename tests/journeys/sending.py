"""What journeys send, and how they look at what became of it."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from benchmarks.stack import KEY, Stack

TOWN, HARBOUR = "Mumbai-North", "Harbour"
REGIONS = (TOWN, HARBOUR)
LIGHTHOUSE = "MTR-LIGHTHOUSE"  # registered, alone in its region, read every 10 s
STORED_S, CLOSED_S = 30, 60

Item = dict[str, Any]


def reading(serial: str, at: datetime, power_kw: float, **more: object) -> Item:
    """Return one item of telemetry."""
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "readingId": f"{serial}@{stamp}",
        "meterId": serial,
        "timestamp": stamp,
        "powerKw": power_kw,
        "region": TOWN,
        **more,
    }


def url(stack: Stack) -> str:
    """Return the address of the door for batches."""
    return f"http://127.0.0.1:{stack.ingest_port}/telemetry/batch"


def post(stack: Stack, items: Sequence[Item] | bytes) -> httpx.Response:
    """Send one body."""
    headers = {"X-Api-Key": KEY, "Content-Type": "application/json"}
    body = {"content": items} if isinstance(items, bytes) else {"json": items}
    return httpx.post(url(stack), headers=headers, timeout=30, **body)


async def post_at_once(stack: Stack, bodies: Iterable[Sequence[Item]]) -> list[httpx.Response]:
    """Send bodies at the same moment."""
    async with httpx.AsyncClient(headers={"X-Api-Key": KEY}, timeout=30) as client:
        return await asyncio.gather(*(client.post(url(stack), json=body) for body in bodies))


def stored(stack: Stack, serials: str) -> list[tuple[Any, ...]]:
    """Return serial, time and milliwatts of the stored readings of meters LIKE `serials`."""
    return stack.query(
        "SELECT m.serial, r.ts, r.power_mw FROM meters_reading r"
        " JOIN meters_meter m ON m.id = r.meter_id WHERE m.serial LIKE %s ORDER BY 1, 2",
        serials,
    )


def wait_until_stored(stack: Stack, serials: str, count: int) -> list[tuple[Any, ...]]:
    """Wait until so many readings are stored; return them."""
    stack.wait_until(
        f"{count} readings of {serials}",
        lambda: len(stored(stack, serials)) >= count,
        timeout_s=STORED_S,
    )
    return stored(stack, serials)


def wait_until_drained(stack: Stack) -> None:
    """Wait until every shard has read its stream empty after this moment."""
    now = datetime.now(UTC)
    statement = "SELECT bool_and(consumed_until > %s) FROM workers_shard"
    stack.wait_until(
        "all is stored", lambda: stack.query(statement, now)[0][0] is True, timeout_s=STORED_S
    )


def revive(stack: Stack) -> None:
    """Start again what has fallen, as a supervisor does: Celery does when its broker goes."""
    for name, process in list(stack.processes.items()):
        if process.poll() is not None:
            stack.kill(name)
            stack.start(name)


def windows(stack: Stack, table: str, serials: str) -> list[tuple[Any, ...]]:
    """Return start, count, milliwatts, milliwatt-hours and estimated ones of windows."""
    return stack.query(
        "SELECT w.start, w.count, w.mean_mw, w.energy_mwh, w.estimated_mwh"
        f" FROM {table} w JOIN meters_meter m ON m.id = w.meter_id"
        " WHERE m.serial LIKE %s ORDER BY w.start",
        serials,
    )


def wait_until_summed(stack: Stack, table: str, serials: str, count: int) -> list[tuple[Any, ...]]:
    """Wait until the windows of meters count so many readings; return the windows."""

    def summed() -> bool:
        revive(stack)
        return sum(row[1] for row in windows(stack, table, serials)) >= count

    stack.wait_until(f"{table} counts {count} readings of {serials}", summed, timeout_s=CLOSED_S)
    return windows(stack, table, serials)


def held(stack: Stack, serials: str) -> list[tuple[Any, ...]]:
    """Return reason and text of what waits in quarantine."""
    return stack.query(
        "SELECT reason, raw FROM meters_quarantinedreading WHERE serial LIKE %s", serials
    )
