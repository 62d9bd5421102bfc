"""Counts a body once it is answered: a few steps for each body, none for each reading."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from meters.admission import Judged
from meters.registry import Registry
from workers.ingest import metrics
from workers.ingest.answers import Answer

UNKNOWN = "unknown"  # the region of a meter that is not known, or installed nowhere


class Regions:
    """Where meters are, by one version of the registry."""

    def __init__(self, registry: Registry) -> None:
        # Place 0 is nowhere. The last element answers for UNREGISTERED, which is -1.
        self._place = np.zeros(int(registry.meter.max(initial=0)) + 2, np.int64)
        known = registry.meter >= 0
        self._place[registry.meter[known]] = registry.region[known] + 1
        by_place = sorted(registry.regions, key=registry.regions.__getitem__)
        names = (UNKNOWN, *by_place)
        self._counters = [metrics.SUCCESSES.labels(name) for name in names]

    def count(self, judged: Judged, repeats: Sequence[int]) -> None:
        """Count the readings of a body that were accepted."""
        meters = judged.columns.meter
        if repeats:
            meters = meters[~np.isin(judged.places, repeats)]
        # A body may have been judged by an older registry, whose last meters are gone here.
        meters = np.where(meters < len(self._place) - 1, meters, -1)
        counts = np.bincount(self._place[meters], minlength=len(self._counters))
        for place in np.flatnonzero(counts).tolist():
            self._counters[place].inc(int(counts[place]))


def count(answer: Answer) -> None:
    """Count what was answered, by verdict and by code."""
    for verdict in ("accepted", "duplicates", "quarantined", "rejected"):
        number = getattr(answer, verdict)
        if number:
            metrics.READINGS.labels(verdict).inc(number)
    for code, number in Counter(fault.code for fault in answer.errors).items():
        metrics.FAULTS.labels(code).inc(number)
        metrics.ERRORS.labels(code).inc(number)


def count_refusal(code: str) -> None:
    """Count a request that was refused as a whole."""
    metrics.REFUSALS.labels(code).inc()
    metrics.ERRORS.labels(code).inc()
