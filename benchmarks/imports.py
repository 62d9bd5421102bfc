"""`make bench-imports`: how much memory a large meter file takes on its way into the database.

A NEM12 file of `--mb` megabytes is made, many points with half-hours, and taken in by the command
`import_readings` as a process of its own on a real database; then one of a megabyte, whose peak is
what any file takes. `peak_mb` is the resident memory of the process at its highest.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks.stack import ROOT, Stack

MEGABYTE = 1_000_000
DAYS = 365  # of a point
FIRST = date(2025, 1, 1)
SLOTS = 48
NAME = "NEM1{number:06}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=float, default=100)
    options = parser.parse_args()
    with Stack() as stack:
        small = _take_in(stack, "small", 1, first=900_000)
        large = _take_in(stack, "large", options.mb, first=0)
    print(
        f"bench-imports: mb={options.mb:g} reads={large[0]} seconds={large[1]:.0f}"
        f" reads_s={large[0] / large[1]:.0f} small_peak_mb={small[2]:.0f} peak_mb={large[2]:.0f}"
    )


def _take_in(stack: Stack, name: str, size_mb: float, *, first: int) -> tuple[int, float, float]:
    """Take a file in; return its reads, the seconds, and the peak of memory in megabytes."""
    path = stack.folder / f"{name}.csv"
    reads = _write(path, size_mb, first)
    before = _stored(stack)
    begun = time.monotonic()
    command = [sys.executable, "manage.py", "import_readings", str(path), "--format", "nem12"]
    process = subprocess.Popen(command, cwd=ROOT, env=stack.environment, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    stored = _stored(stack) - before
    if process.returncode or stored != reads:
        message = f"{name}: exit code {process.returncode}, {stored} of {reads} reads are stored"
        raise SystemExit(message)
    return reads, seconds, usage.ru_maxrss / 1_000


def _stored(stack: Stack) -> int:
    return int(str(stack.query("SELECT count(*) FROM meters_intervalread")[0][0]))


def _write(path: Path, size_mb: float, first: int) -> int:
    reads = written = 0
    with path.open("w") as file:
        written += file.write("100,NEM12,202601011200,BENCH,BENCH\n")
        number = first
        while written < size_mb * MEGABYTE:
            for line in _point(number):
                written += file.write(line)
            reads += DAYS * SLOTS
            number += 1
        file.write("900\n")
    return reads


def _point(number: int) -> Iterator[str]:
    name = NAME.format(number=number)
    yield f"200,{name},E1,E1,E1,N1,{number},kWh,30,\n"
    for turn in range(DAYS):
        values = ",".join(f"{(number + turn * slot) % 997 / 1000:.3f}" for slot in range(SLOTS))
        day = FIRST + timedelta(days=turn)
        yield f"300,{day:%Y%m%d},{values},A,,,20260101120000,\n"


if __name__ == "__main__":
    main()
