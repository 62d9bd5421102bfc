"""The judge's words: a table of runs, one of faults, and the line that others read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Result = Mapping[str, Any]

OUTAGES = ("dead meter", "transformer", "feeder", "region")
SHOWN = 12  # missed faults and false alarms printed of each run


def table(results: Sequence[Result]) -> str:
    """Return what every run showed, in columns."""
    lines = [
        f"{'run':9} {'seed':>4} {'hours':>6} {'every':>5} {'sweep':>5} {'readings':>11}"
        f" {'alarms':>6} {'/10 min':>8} {'floods':>6} {'strays':>6} {'false':>6}"
        f" {'precision':>9} {'took':>7}"
    ]
    for one in results:
        precision = "" if one["precision_pct"] is None else f"{one['precision_pct']:.1f} %"
        groundless = int(one["groundless_count"])
        lines.append(
            f"{one['run']:9} {one['seed']:>4} {one['simulated_h']:6.1f} {one['interval_s']:3} s"
            f" {one['tick_s']:3} s {one['readings']:11,}"
            f" {one['alarms']:6} {one['per_10min']:8.3f} {one['floods']:6}"
            f" {one['false_alarms'] - groundless:6} {groundless:6}"
            f" {precision:>9} {one['wall_s']:5.0f} s"
        )
    return "\n".join(lines)


def faults(results: Sequence[Result]) -> str:
    """Return how many faults of each kind were found, and how soon after the last reading."""
    lines = [
        f"{'run':9} {'seed':>4}  {'fault':16} {'injected':>8} {'found':>6} {'found %':>8}"
        f" {'in 45 s %':>9} {'p50 s':>8} {'p95 s':>8} {'max s':>8}"
    ]
    lines += [
        f"{one['run']:9} {one['seed']:>4}  {_fault(row)}"
        for one in results
        for row in one["faults"]
    ]
    return "\n".join(lines)


def _fault(row: Mapping[str, Any]) -> str:
    delays, injected = row["delays"], row["injected"]
    in_time = sum(delay <= 45 for delay in delays)
    spread = [f"{value:8.1f}" for value in percentiles(delays)] if delays else ["", "", ""]
    return (
        f"{row['fault']:16} {injected:8} {len(delays):6} {_pct(len(delays), injected):8.1f}"
        f" {_pct(in_time, injected):9.1f} {' '.join(spread)}"
    )


def percentiles(delays: Sequence[float]) -> list[float]:
    """Return the median, the 95th percentile and the largest."""
    return [float(value) for value in np.percentile(delays, [50, 95, 100])]


def _pct(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0


def details(results: Sequence[Result]) -> str:
    """Return each run's own figures, and what was missed or falsely told."""
    lines = []
    for one in results:
        lines.append(f"{one['run']} seed {one['seed']}: alarms: {one['alarms_kinds']}")
        if one["figures"]:
            figures = ", ".join(f"{name} {_say(value)}" for name, value in one["figures"].items())
            lines.append(f"    {figures}")
        if one["false_alarms"]:
            lines.append(f"    strays: {one['strays']}; out of nothing: {one['groundless']}")
        for kind in ("missed", "wrong"):
            lines += [f"    {text}" for text in one[kind][:SHOWN]]
            if len(one[kind]) > SHOWN:
                lines.append(f"    … and {len(one[kind]) - SHOWN} more {kind}")
    return "\n".join(lines)


def _say(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def line(results: Sequence[Result]) -> str:
    """Return the closing line: the worst seed's rate and floods, outages of all seeds together.

    What no run of this call measured is a dash.
    """
    quiet = [one for one in results if one["run"] == "quiet"]
    judged = [one for one in results if one["run"] == "outages"]
    rows = [row for one in judged for row in one["faults"] if row["fault"] in OUTAGES]
    delays = [delay for row in rows for delay in row["delays"]]
    injected = sum(row["injected"] for row in rows)
    in_time = sum(delay <= 45 for delay in delays)
    said = {
        "alarms_per_10min": f"{max(one['per_10min'] for one in quiet):.3f}" if quiet else "-",
        "floods": max(one["floods"] for one in quiet) if quiet else "-",
        "outages_found_pct": f"{_pct(in_time, injected):.2f}" if injected else "-",
        "outages_p95_s": f"{percentiles(delays)[1]:.1f}" if delays else "-",
        "false_alarms": sum(one["false_alarms"] for one in results) if results else "-",
    }
    return "bench-alerts: " + " ".join(f"{name}={value}" for name, value in said.items())
