"""`make bench-alerts`: how well the alarm desk tells faults from life, on simulated days.

A generator that knows nothing of the detector makes a grid, its people and its faults; readings
go at high speed through the product's own path below HTTP, and what stands on the desk is held
against what happened. docs/alert-benchmark.md says how to read it.
"""

import argparse
import json
import subprocess
import sys

import psycopg

from benchmarks import alerts_report as report
from benchmarks.stack import ROOT, Stack

RUNS = (
    "quiet", "outages", "values", "bursts", "gateways", "nested", "saidi", "blackout", "peak",
    "restart", "backlog", "no-input",
)  # fmt: skip
BY_THE_DAY = ("quiet", "values")  # judged by windows: readings come at --day-interval


def main() -> int:
    options = _options()
    print(_assumptions(options), flush=True)
    results, broken = [], []
    with Stack(SEGS_SHARDS=str(options.shards)) as stack:
        _hurry(stack)
        for run in options.runs or RUNS:
            for seed in options.seeds:
                try:
                    results.append(_run(stack, run, seed, options))
                except subprocess.CalledProcessError:
                    broken.append(f"{run} seed {seed} broke off: see above")
                else:
                    print(report.details(results[-1:]), flush=True)
    print()
    print(report.table(results))
    print()
    print(report.faults(results))
    print()
    print("\n".join([*broken, report.line(results)]))
    return bool(broken)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", nargs="+", choices=RUNS, help="all, unless named")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--meters", type=int, default=5000)
    parser.add_argument("--transformer", type=int, default=50, help="meters a transformer")
    parser.add_argument("--each", type=int, default=200, help="faults of each kind in a run")
    parser.add_argument("--interval", type=int, default=10, help="seconds between readings")
    parser.add_argument(
        "--day-interval", type=int, default=30, help="the same, in the runs quiet and values"
    )
    parser.add_argument("--tick", type=int, default=5, help="seconds between two sweeps")
    parser.add_argument(
        "--day-tick", type=int, default=15, help="the same, in the runs quiet and values"
    )
    parser.add_argument("--hours", type=float, default=24, help="length of quiet and values")
    parser.add_argument("--shards", type=int, default=1, help="of the stream")
    return parser.parse_args()


def _assumptions(options: argparse.Namespace) -> str:
    return (
        f"{options.meters} meters, seeds {options.seeds}, {options.each} faults of each kind;"
        f" a reading every {options.interval} s and a sweep every {options.tick} s, but in"
        f" {' and '.join(BY_THE_DAY)} every {options.day_interval} s and {options.day_tick} s"
        " (--day-interval 10 --day-tick 5 for the full rate);"
        f" {options.shards} shards; one operator"
    )


def _hurry(stack: Stack) -> None:
    """Spare the database its disk: what survives a kill is the torture's business."""
    with psycopg.connect(stack.database.url("postgres"), autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")


def _run(stack: Stack, run: str, seed: int, options: argparse.Namespace) -> report.Result:
    """Play one run in a database of its own, in a process of its own."""
    order = {
        "run": run,
        "seed": seed,
        "meters": options.meters,
        "each": options.each,
        "interval_s": options.day_interval if run in BY_THE_DAY else options.interval,
        "hours": options.hours,
        "meters_a_transformer": options.transformer,
        "tick_s": options.day_tick if run in BY_THE_DAY else options.tick,
    }
    stack.database.create("judge", template="segs")
    try:
        done = subprocess.run(
            [
                *[sys.executable, str(ROOT / "manage.py"), "shell", "--verbosity", "0", "-c"],
                f"from benchmarks import alerts_runs; alerts_runs.main(**{order!r})",
            ],
            env={**stack.environment, "DATABASE_URL": stack.database.url("judge")},
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    finally:
        stack.database.drop("judge")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
