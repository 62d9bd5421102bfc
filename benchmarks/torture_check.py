"""What must hold after the torture, held against the ledger and the stored rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks import fleet
from benchmarks.stack import Stack
from benchmarks.torture_load import CONFLICT_MW, Integers, Ledger, keys_of, values
from benchmarks.torture_sums import (
    QUARTER_US,
    Window,
    Windows,
    minutes_of,
    quarters_of,
    regions_of,
)

SHOWN = 5  # differences printed of each kind

_ROWS = """
SELECT substr(m.serial, 7)::bigint, (extract(epoch FROM r.ts) * 1000000)::bigint, r.power_mw,
       coalesce(r.energy_mwh, -1), r.voltage_mv
FROM meters_reading r JOIN meters_meter m ON m.id = r.meter_id
"""
_WINDOWS = """
SELECT substr(m.serial, 7)::bigint, (extract(epoch FROM w.start) * 1000000)::bigint, w.mean_mw,
       w.min_mw, w.max_mw, w.energy_mwh, w.estimated_mwh, w.mean_mv, w.count, w.quality
FROM {table} w JOIN meters_meter m ON m.id = w.meter_id WHERE w.count > 0
"""
_REGIONS = """
SELECT g.code, (extract(epoch FROM l.start) * 1000000)::bigint, l.mean_mw, l.min_mw, l.max_mw,
       l.energy_mwh, l.load_mw - l.estimated_mw, l.meters_reporting
FROM {table} l JOIN grid_region g ON g.id = l.region_id
"""
_GAPS = """
SELECT g.code, m FROM grid_region g
CROSS JOIN generate_series(date_trunc('minute', to_timestamp(%s)),
    (SELECT closed_until - interval '1 minute' FROM meters_windowclock), '1 minute') AS m
LEFT JOIN grid_regionminute l ON l.region_id = g.id AND l.start = m
WHERE l.id IS NULL
"""


@dataclass(slots=True)
class Report:
    """Counts for the closing line, and the first differences in words."""

    accepted: int = 0
    stored: int = 0
    lost: int = 0
    double: int = 0
    invented: int = 0  # stored, but never sent, or with another value
    windows: int = 0
    windows_wrong: int = 0
    prices: str = ""
    prices_wrong: int = 0
    conflicts_wrong: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether everything that was promised was kept."""
        return not self.differences

    def note(self, what: str, items: Iterable[object]) -> int:
        """Note differences of one kind; return how many there are."""
        found = list(items)
        self.differences += [f"{what}: {item}" for item in found[:SHOWN]]
        if len(found) > SHOWN:
            self.differences.append(f"{what}: … {len(found)} in all")
        return len(found)


def check(stack: Stack, ledger: Ledger, *, since: float) -> Report:
    """Hold what is stored against what was sent and answered; regions have no gap `since`."""
    report = Report()
    rows = _rows(stack)
    _check_rows(report, rows, ledger)
    _check_conflicts(report, stack, ledger)
    minutes, quarters = _windows(stack, "meters_minute"), _windows(stack, "meters_quarter")
    expected = minutes_of(*rows)
    report.windows = len(expected)
    wrong = report.note("minute", _compared(expected, minutes))
    until_us = _closed_until_us(stack)
    over = {k: v for k, v in quarters_of(expected).items() if k[1] + QUARTER_US <= until_us}
    wrong += report.note("quarter", _compared(over, quarters))
    for table, windows in (("grid_regionminute", expected), ("grid_regionquarter", over)):
        wrong += report.note(table, _compared(regions_of(windows), _regions(stack, table)))
    report.windows_wrong = wrong + report.note("gap", stack.query(_GAPS, since))
    return report


def _rows(stack: Stack) -> tuple[Integers, ...]:
    table = np.array(stack.query(_ROWS), np.int64).reshape(-1, 5)
    return tuple(table.T)


def _check_rows(report: Report, rows: Sequence[Integers], ledger: Ledger) -> None:
    meters, stamps_us, power, energy, voltage = rows
    stored = keys_of(meters, stamps_us // 1000)
    acknowledged, sent = ledger.keys(acknowledged=True), ledger.keys()
    report.accepted, report.stored = len(acknowledged), len(stored)
    report.lost = report.note("lost", _said(np.setdiff1d(acknowledged, stored)))
    unique, counts = np.unique(stored, return_counts=True)
    report.double = report.note("double", _said(unique[counts > 1]))
    report.invented = report.note("never sent", _said(np.setdiff1d(stored, sent)))
    said = values(meters, stamps_us // 1000)
    other = (power != said[0]) | (energy != said[1]) | (voltage != said[2])
    report.invented += report.note("other value", _said(stored[other]))
    report.note("refused", ledger.refusals)


def _said(keys: Integers) -> Iterable[str]:
    for key in keys.tolist():
        yield f"{fleet.SERIAL.format(key >> 43)} at {np.datetime64(key % 2**43, 'ms')}"


def _check_conflicts(report: Report, stack: Stack, ledger: Ledger) -> None:
    held = stack.query(
        "SELECT substr(serial, 7)::bigint, (extract(epoch FROM ts) * 1000)::bigint, reason,"
        " raw::jsonb ->> 'powerKw' FROM meters_quarantinedreading"
    )
    table = np.array([row[:2] for row in held], np.int64).reshape(-1, 2)
    meters, stamps = table[:, 0], table[:, 1]
    told = ledger.keys(acknowledged=True, contradicting=True)
    keys = keys_of(meters, stamps)
    missing = report.note("conflict not held", _said(np.setdiff1d(told, keys)))
    strange = np.setdiff1d(keys, ledger.keys(contradicting=True))
    missing += report.note("held though never sent", _said(strange))
    power = values(meters, stamps)[0] + CONFLICT_MW
    wrong = [
        row
        for row, milliwatts in zip(held, power.tolist(), strict=True)
        if row[2] != "conflict" or round(float(str(row[3])) * 1e6) != milliwatts
    ]
    report.conflicts_wrong = missing + report.note("held as something else", wrong)


def _windows(stack: Stack, table: str) -> Windows:
    return {(row[0], row[1]): row[2:] for row in stack.query(_WINDOWS.format(table=table))}  # type: ignore[misc]


def _regions(stack: Stack, table: str) -> dict[tuple[str, int], Window]:
    rows = stack.query(_REGIONS.format(table=table))
    return {(row[0], row[1]): row[2:] for row in rows if row[7]}  # type: ignore[misc]


def _compared(expected: dict[Any, Window], found: dict[Any, Window]) -> Iterable[str]:
    for key in sorted(expected.keys() | found.keys(), key=str):
        if expected.get(key) != found.get(key):
            moment = np.datetime64(key[1], "us")
            yield f"{key[0]} at {moment}: {found.get(key)} should be {expected.get(key)}"


def _closed_until_us(stack: Stack) -> int:
    rows = stack.query("SELECT (extract(epoch FROM closed_until) * 1000000)::bigint"
                       " FROM meters_windowclock")  # fmt: skip
    return int(str(rows[0][0]))
