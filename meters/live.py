"""The live map: once a second every meter's state, as a snapshot or as what changed."""

from datetime import datetime

import numpy as np

from meters import mapframes, selectors
from segs_site.lib import periods

SNAPSHOT_EVERY = 30  # frames: a client that lost one waits no longer for the whole


class MapFeed:
    """Makes the frames of one relay; each delta builds on the frame made before it."""

    def __init__(self) -> None:
        self._installed: selectors.Installed | None = None
        self._states: mapframes.States | None = None
        self._sequence = 0

    def frame(self, *, now: datetime, whole: bool = False) -> bytes:
        """Return the next frame; `whole` asks for a snapshot."""
        known = self._current(now)
        latest = selectors.latest().of(known.meter_ids)
        now_us = periods.microseconds(now)
        states = mapframes.judge(
            power_mw=latest.power_mw,
            received_us=latest.received_us,
            limit_mw=known.limit_mw,
            interval_us=known.interval_us,
            now_us=now_us,
        )
        moment = self._next_moment(known.version, now_us, latest)
        before, self._states = self._states, states
        is_due = self._sequence % SNAPSHOT_EVERY == 0
        if before is None or whole or is_due or not mapframes.is_small(states, before):
            return mapframes.snapshot(states, moment)
        return mapframes.delta(states, before, moment)

    def _current(self, now: datetime) -> selectors.Installed:
        version = selectors.registry_version()
        known = self._installed
        if known is None or not known.is_current(registry_version=version, now=now):
            known = self._installed = selectors.installed(now=now)
            self._states = None  # another order of meters: nothing to build on
        return known

    def _next_moment(
        self, version: int, now_us: int, latest: selectors.Latest
    ) -> mapframes.Moment:
        """Count the frame; a reading is no newer than its arrival, whatever its clock says."""
        self._sequence = (self._sequence + 1) % 2**32
        newest_us = int(np.minimum(latest.ts_us, latest.received_us).max(initial=0))
        return mapframes.Moment(self._sequence, version, now_us / 1000, newest_us / 1000)
