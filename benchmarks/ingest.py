"""`make bench-ingest`: readings a second from HTTP to the table, durable, nothing left out.

The real processes run as in production: keys, validation, per-item answers, durable append,
keyed storage, windows, region loads and the live feed; the load generator is on the same
machine. The floor is a plain binary COPY of rows of the same shape into a table of the same
shape, one transaction a batch, in the same run and before the load.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import time
from datetime import UTC, datetime

import numpy as np
import psycopg

from benchmarks import fleet
from benchmarks.client import Client
from benchmarks.stack import KEY, Stack
from meters import copying
from meters.columns import ABSENT, Columns

COPY_ROWS = 50_000
COPY_SECONDS = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--meters", type=int, default=50_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rate", type=int, default=0, help="readings/s; 0: all it takes")
    parser.add_argument("--metadata", type=float, default=0.0, help="share of items with metadata")
    options = parser.parse_args()
    with Stack() as stack:
        stack.run(fleet.register_script(meters=options.meters, key=KEY, interval_s=1))
        floor = copy_floor(stack)
        print(f"floor: plain binary COPY {floor:,.0f} rows/s", flush=True)
        stack.start("ingest", "worker", "relay", "celery", "beat", "web")
        stack.wait_for_ingest()
        report = drive(stack, options)
        print_line(report, floor)


def copy_floor(stack: Stack) -> float:
    """Return rows a second of COPY into a keyed table, committed batch by batch."""
    body = copying.readings(_floor_rows())
    # A batch differs from the last by its timestamps alone: the same bytes under other keys.
    with psycopg.connect(stack.database.url("segs"), autocommit=True) as connection:
        connection.execute("CREATE TABLE floor (LIKE meters_reading INCLUDING ALL)")
        rates = []
        begun = time.perf_counter()
        while time.perf_counter() - begun < COPY_SECONDS:
            connection.execute("TRUNCATE floor") if len(rates) % 10 == 9 else None
            started = time.perf_counter()
            with connection.cursor().copy(
                f"COPY floor ({copying.READINGS}) FROM STDIN (FORMAT BINARY)"
            ) as copy:
                copy.write(body)
            rates.append(COPY_ROWS / (time.perf_counter() - started))
            body = copying.readings(_floor_rows(len(rates)))
        connection.execute("DROP TABLE floor")
    return statistics.median(rates)


def _floor_rows(step: int = 0) -> Columns:
    rows = np.arange(COPY_ROWS, dtype=np.int64)
    now = int(time.time() * 1e6)
    return Columns(
        meter=rows + 1,
        ts=np.full(COPY_ROWS, now + step, np.int64),
        power=rows * 1000,
        energy=rows,
        register=np.full(COPY_ROWS, ABSENT, np.int64),
        voltage=rows % 60_000,
        seq=rows,
        received=np.full(COPY_ROWS, now, np.int64),
        reading_id=np.random.default_rng(step).integers(0, 255, (COPY_ROWS, 16), np.uint8),
        extra=[None] * COPY_ROWS,
    )


def drive(stack: Stack, options: argparse.Namespace) -> dict[str, float]:
    """Load the door from a process of its own while watching from here."""
    before, cpu_before = _stored(stack), stack.cpu_seconds()
    here, there = multiprocessing.Pipe()
    load = multiprocessing.Process(target=_load, args=(stack.ingest_port, options, there))
    load.start()
    lags, memory = [], []
    while load.is_alive() and not here.poll(0):
        lags.append(_lag_s(stack))
        if len(lags) % 20 == 1:
            memory.append(stack.memory_mb())
        time.sleep(0.25)
    sent = here.recv()
    load.join()
    expected = before + sent["accepted"]
    drained = stack.wait_until("drained", lambda: _drained(stack), timeout_s=120)
    stored = _stored(stack)
    thousands = max(1, sent["accepted"]) / 1000
    for name, seconds in stack.cpu_seconds().items():
        used = (seconds - cpu_before[name]) * 1000 / thousands
        print(f"  {name:9} {used:6.2f} ms of processor time per 1,000 readings")
    print(f"  {'client':9} {sent['cpu'] * 1000 / thousands:6.2f} ms")
    elapsed = sent["elapsed"]
    return {
        "readings_s": sent["accepted"] / elapsed,
        "p50": float(np.percentile(sent["latencies"], 50) * 1000),
        "p99": float(np.percentile(sent["latencies"], 99) * 1000),
        "lag_p99": float(np.percentile(lags[8:] or lags, 99)),
        "drained_s": drained,
        "peak_mb": max(memory),
        "lost": expected - stored,
        "refused": sent["refused"],
        "minutes": float(stack.query("SELECT count(*) FROM meters_minute")[0][0]),  # type: ignore[arg-type]
    }


def print_line(report: dict[str, float], floor: float) -> None:
    print(
        f"refused={report['refused']:.0f} drained_s={report['drained_s']:.1f}"
        f" minute_windows={report['minutes']:.0f} copy_s={floor:.0f}"
    )
    print(
        f"bench-ingest: readings_s={report['readings_s']:.0f}"
        f" copy_ratio={report['readings_s'] / floor:.3f} ack_p50_ms={report['p50']:.1f}"
        f" ack_p99_ms={report['p99']:.1f} commit_lag_p99_s={report['lag_p99']:.2f}"
        f" peak_mb={report['peak_mb']:.0f} lost={report['lost']:.0f}"
    )


def _load(port: int, options: argparse.Namespace, there) -> None:  # type: ignore[no-untyped-def]
    there.send(asyncio.run(_send_all(port, options)))


async def _send_all(port: int, options: argparse.Namespace) -> dict[str, object]:
    bodies = fleet.bodies(meters=options.meters, metadata_share=options.metadata)
    state = {"next": 0, "accepted": 0, "refused": 0}
    latencies: list[float] = []
    begun = time.perf_counter()
    ends = begun + options.seconds

    async def one() -> None:
        async with Client(port, KEY) as client:
            while time.perf_counter() < ends:
                turn = state["next"]
                state["next"] += 1
                if options.rate:
                    due = begun + turn * 1000 / options.rate
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                stamp = datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
                body = bodies[turn % len(bodies)].replace(fleet.STAMP.encode(), stamp.encode())
                started = time.perf_counter()
                status, answer = await client.post(body)
                latencies.append(time.perf_counter() - started)
                if status in (202, 207):
                    state["accepted"] += json.loads(answer)["accepted"]
                else:
                    state["refused"] += 1
                    await asyncio.sleep(0.2)

    await asyncio.gather(*(one() for _ in range(options.connections)))
    return state | {
        "cpu": time.process_time(),
        "latencies": latencies,
        "elapsed": time.perf_counter() - begun,
    }


def _stored(stack: Stack) -> int:
    return int(stack.query("SELECT count(*) FROM meters_reading")[0][0])  # type: ignore[call-overload]


def _lag_s(stack: Stack) -> float:
    lag = stack.query("SELECT extract(epoch FROM now() - min(consumed_until)) FROM workers_shard")
    return float(lag[0][0] or 0)  # type: ignore[arg-type]


def _drained(stack: Stack) -> bool:
    # A clock past the last append says that the shard was read empty after it.
    return _lag_s(stack) < 1.6


if __name__ == "__main__":
    main()
