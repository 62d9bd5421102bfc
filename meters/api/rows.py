"""Sums, readings and windows as JSON-ready rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.selectors import Supply
from meters import intervals
from meters.choices import Flow
from meters.intervals import Granularity
from meters.selectors import energy, fleet
from meters.selectors.energy import Span, Sum, Sums
from meters.selectors.exports import LENGTHS, Part
from meters.selectors.histories import Resolution
from segs_site.lib.choices import Quality
from segs_site.lib.manners import local_zone
from segs_site.lib.periods import MINUTE, Period
from segs_site.lib.quantities import MV_PER_V, to_kw, to_kwh

QUALITIES = [quality for quality in reversed(Quality) if quality is not Quality.MISSING]
READING_HEADER = (
    "at", "power_kw", "energy_kwh", "register_kwh", "voltage_v", "seq", "reading_id",
    "received_at",
)  # fmt: skip
WINDOW_HEADER = (
    "at", "mean_kw", "lowest_kw", "peak_kw", "energy_kwh", "estimated_kwh", "voltage_v", "count",
    "expected", "quality", "revised_at",
)  # fmt: skip

WHOSE_HEADER = ("point", "meter")
WHOSE_WINDOW_HEADER = (*WHOSE_HEADER, "flow", "minutes")


def figures(found: Sum, expected: int) -> dict[str, Any]:
    """Return a sum as it is answered; `expected` counts the quarter-hours that are over."""
    known = found.found > 0
    by_quality = {q.name.lower(): to_kwh(found.by_quality.get(q, 0)) for q in QUALITIES}
    return {
        "kwh": to_kwh(found.energy_mwh),
        "import_kwh": to_kwh(found.import_mwh),
        "export_kwh": to_kwh(found.export_mwh) if known else None,
        "kwh_by_quality": by_quality if known else None,
        "estimated_kwh": to_kwh(found.estimated_mwh) if known else None,
        "intervals_expected": expected,
        "intervals_found": found.found,
        "mean_kw": to_kw(found.mean_mw),
        "lowest_kw": to_kw(found.lowest_mw),
        "peak_kw": to_kw(found.highest_mw),
    }


def volts(millivolts: int | None) -> float | None:
    """Return volts; None stays None."""
    return None if millivolts is None else millivolts / MV_PER_V


def expected(parts: Iterable[Period], bucket: Period, over: Period | None) -> int:
    """Return how many quarter-hours of a bucket lie wholly in each part and are over."""
    if over is None:
        return 0
    return sum(
        intervals.whole_quarters(
            max(part.start, bucket.start, over.start), min(part.end, bucket.end, over.end)
        )
        for part in parts
    )


def stays(supplies: Iterable[Supply], period: Period) -> list[Period]:
    """Return the parts of a period in which the service points are the customer's."""
    parts = (supply.stay.within(period) for supply in supplies)
    return [part for part in parts if part is not None]


def series(
    *,
    spans: Sequence[Span],
    parts: Sequence[Period],
    period: Period,
    over: Period | None,
    granularity: Granularity,
) -> dict[str, Any]:
    """Return a period in stretches of time, all subjects of the spans together.

    `parts` are when something was to be measured; `over` what of the period lies behind us.
    """
    zone = local_zone()
    buckets = intervals.cut(period, granularity, zone)
    together = _together(energy.sums(spans=spans, buckets=buckets))
    return {
        "start": period.start,
        "end": period.end,
        "granularity": granularity.value,
        "zone": zone.key,
        "intervals": [
            {"start": bucket.start, "end": bucket.end}
            | figures(together.get(place) or Sum(), expected(parts, bucket, over))
            for place, bucket in enumerate(buckets)
        ],
    }


def _together(found: Sums) -> dict[int, Sum]:
    together: dict[int, Sum] = {}
    for (_, bucket), part in found.items():
        together.setdefault(bucket, Sum()).add(part)
    return together


def history(rows: Iterable[Mapping[str, Any]], resolution: Resolution) -> Iterator[dict[str, Any]]:
    """Yield rows of a history as they are answered."""
    header = header_of(resolution)
    for cells in history_cells(rows, resolution):
        yield dict(zip(header, cells, strict=True))


def header_of(resolution: Resolution) -> Sequence[str]:
    """Return the names of a history's columns."""
    return READING_HEADER if resolution is Resolution.RAW else WINDOW_HEADER


def history_cells(
    rows: Iterable[Mapping[str, Any]], resolution: Resolution
) -> Iterator[Sequence[Any]]:
    """Yield rows of a history as cells, in the order of `header_of`."""
    return map(_reading if resolution is Resolution.RAW else _window, rows)


def whose_header(resolution: Resolution) -> Sequence[str]:
    """Return the names of the columns that say, in a download, whose a row is."""
    return WHOSE_HEADER if resolution is Resolution.RAW else WHOSE_WINDOW_HEADER


def whose(part: Part, resolution: Resolution) -> Sequence[Any]:
    """Return the cells below `whose_header`; energy of a meter of flow `both` may be negative."""
    if resolution is Resolution.RAW:
        return (part.point, part.serial)
    flow = Flow.BOTH if part.flows_back else Flow.IMPORT
    return (part.point, part.serial, flow.value, LENGTHS[resolution] // MINUTE)


def _reading(row: Mapping[str, Any]) -> Sequence[Any]:
    return (
        row["at"],
        to_kw(row["power_mw"]),
        to_kwh(row["energy_mwh"]),
        to_kwh(row["register_mwh"]),
        volts(row["voltage_mv"]),
        row["seq"],
        row["reading_id"],
        row["received_at"],
    )


def _window(row: Mapping[str, Any]) -> Sequence[Any]:
    return (
        row["at"],
        to_kw(row["mean_mw"]),
        to_kw(row["min_mw"]),
        to_kw(row["max_mw"]),
        to_kwh(row["energy_mwh"]),
        to_kwh(row["estimated_mwh"]),
        volts(row["mean_mv"]),
        row["count"],
        row["expected"],
        Quality(row["quality"]).name.lower(),
        row["revised_at"],
    )


def meter(row: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return a row of the list of meters as it is answered."""
    same = (
        "id", "serial", "flow", "limit_kw", "reading_interval_s", "auto_registered",
        "registered_at", "region", "service_point", "address", "transformer", "feeder",
    )  # fmt: skip
    return {name: row[name] for name in same} | {
        "state": fleet.state_of(row, now=now).value,
        "last_reading_at": row["last_ts"],
        "last_received_at": row["last_received_at"],
        "power_kw": to_kw(row["last_power_mw"]),
        "voltage_v": volts(row["last_voltage_mv"]),
    }
