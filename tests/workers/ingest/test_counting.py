"""A body is counted by a registry that may be newer than the one it was judged by."""

from dataclasses import replace

import numpy as np

from tests.meters import bodies
from workers.ingest import metrics
from workers.ingest.counting import UNKNOWN, Regions


class TestRegions:
    def test_count_a_meter_that_was_lost_since_as_nowhere(self) -> None:
        judged = bodies.judged(bodies.body(bodies.item(meterId=bodies.STORED)))
        known = bodies.known()
        lost = known.meter > known.meter.min(where=known.meter > 0, initial=10**9)
        before = metrics.SUCCESSES.labels(UNKNOWN)._value.get()

        Regions(replace(known, meter=np.where(lost, -1, known.meter))).count(judged, [])

        assert metrics.SUCCESSES.labels(UNKNOWN)._value.get() - before == 1
