"""What one meter said and did, row by row: raw readings, minutes, quarter-hours."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from django.db.models import F, Q, QuerySet

from meters.models import MinuteWindow, QuarterWindow, Reading
from meters.selectors.energy import Span
from segs_site.lib.periods import MINUTE, QUARTER


class Resolution(StrEnum):
    """How fine a history is."""

    RAW = "raw"
    MINUTE = "1m"
    QUARTER = "15m"


WINDOWS = {Resolution.MINUTE: (MinuteWindow, MINUTE), Resolution.QUARTER: (QuarterWindow, QUARTER)}
READING_FIELDS = (
    "power_mw", "energy_mwh", "register_mwh", "voltage_mv", "seq", "reading_id",
    "received_at",
)  # fmt: skip
WINDOW_FIELDS = (
    "mean_mw", "min_mw", "max_mw", "energy_mwh", "estimated_mwh", "export_mwh", "mean_mv",
    "count", "expected", "quality", "revised_at",
)  # fmt: skip

Rows = QuerySet[Any, dict[str, Any]]


def history(*, spans: Sequence[Span], resolution: Resolution) -> Rows:
    """Return the rows of one meter within the spans, unordered, their time named `at`.

    A reading stands for what ends at its stamp, so it lies in `(start, end]` of a span; which
    windows count `Span.starts` says. Without a span there is nothing.
    """
    if resolution is Resolution.RAW:
        rows = Reading.objects.filter(_any(spans, _reading_in)).annotate(at=F("ts"))
        return rows.values("at", *READING_FIELDS)
    model, length = WINDOWS[resolution]
    within = _any(spans, lambda span: Q(start__range=span.starts(length)))
    return (
        model._default_manager.filter(within).annotate(at=F("start")).values("at", *WINDOW_FIELDS)
    )


def _reading_in(span: Span) -> Q:
    return Q(ts__gt=span.period.start, ts__lte=span.period.end)


def _any(spans: Sequence[Span], within: Callable[[Span], Q]) -> Q:
    chosen = Q(pk__in=[]) if not spans else Q()
    for span in spans:
        chosen |= Q(meter_id=span.meter_id) & within(span)
    return chosen
