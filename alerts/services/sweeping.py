"""The sweep: compares what every meter said last with how far each shard has been read.

One worker sweeps at a time; its state is a row, locked for the step, so that whoever comes next
goes on from there, and a restart has forgotten nothing and raises nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from django.db import connection, transaction

from alerts.conditions import findings, packing, sweep
from alerts.conditions.findings import Found, Teller
from alerts.conditions.fleet import Latest
from alerts.conditions.kinds import Kind, Matter, Trigger
from alerts.conditions.limits import Limits
from alerts.conditions.liveness import MW_PER_KW
from alerts.conditions.nodes import KINDS
from alerts.conditions.standing import State
from alerts.models import WatchState
from alerts.selectors import answers, matters, watching
from alerts.selectors.watching import Watched
from alerts.services import answering, interruptions, pinging, raising
from segs_site.lib import periods
from segs_site.lib.locks import Lock

NAME = "sweep"
COMPARED_EVERY = timedelta(minutes=1)
SWEPT = (Kind.OUTAGE, Kind.SILENT, *KINDS.values(), Kind.GATEWAY_LOST, Kind.NO_INPUT)


class Sweeper:
    """Sweeps; keeps nothing but the fleet as it last read it, by its version."""

    def __init__(self) -> None:
        self._watched: Watched | None = None

    def sweep(self, *, clocks: Mapping[int, datetime], now: datetime) -> Found | None:
        """Look once and tell the desk; None where another worker is at it.

        `clocks` say how far each shard has been read, and were read before this call: whatever
        arrived before them is stored. Shards that have none yet are left out.
        """
        if not clocks:
            return Found()
        self._watched = watching.watched(now=now, known=self._watched)
        with transaction.atomic():
            row = _state(now)
            if row is None:
                return None
            return self._step(row, self._watched, clocks, now)

    def _step(
        self, row: WatchState, watched: Watched, clocks: Mapping[int, datetime], now: datetime
    ) -> Found:
        meters = watched.layout.fleet.meter
        latest = replace(
            watching.latest(meters=meters), alive_us=answers.alive(meters=meters, now=now)
        )
        limits = watching.limits()
        before = packing.unpack(bytes(row.columns), State())
        state, found = sweep.step(
            before,
            layout=watched.layout,
            latest=latest,
            clocks={shard: periods.microseconds(moment) for shard, moment in clocks.items()},
            limits=limits,
        )
        row.columns, row.changed_at = packing.pack(state), now
        if row.done_until is None or now - row.done_until >= COMPARED_EVERY:
            _compare(state, watched, latest, limits, found)
            row.done_until = now
        row.save()
        _tell(found, limits, now)
        answering.heed(now=now)
        return found


def _state(now: datetime) -> WatchState | None:
    """Return the locked state, None where another worker holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.SWEEP])
        if not cursor.fetchone()[0]:
            return None
    row, _ = WatchState.objects.select_for_update().get_or_create(
        name=NAME, defaults={"changed_at": now}
    )
    return row


def _tell(found: Found, limits: Limits, now: datetime) -> None:
    raising.raise_all(triggers=found.raised, now=now)
    raising.refresh_all(triggers=found.refreshed, now=now)
    if found.cleared:
        raising.clear_all(matters=found.cleared, now=now)
    interruptions.begin(outages=found.went_out)
    nothing_mw = round(limits.of(Kind.OUTAGE).threshold * MW_PER_KW)
    interruptions.end(returns=found.came_back, nothing_mw=nothing_mw)
    pinging.ask(found=found, now=now)


def _compare(state: State, watched: Watched, latest: Latest, limits: Limits, found: Found) -> None:
    """Raise what holds and is not open (somebody resolved it), clear what is open and does not."""
    standing = {trigger_of(one): one for one in _standing(state, watched, latest, limits)}
    open_now = matters.open_matters(kinds=SWEPT)
    news = {trigger_of(one) for one in found.raised}
    found.raised.extend(
        one for matter, one in standing.items() if matter not in open_now and matter not in news
    )
    gone = {matter for matter, alert in open_now.items() if alert.holds} - set(standing)
    found.cleared.extend(gone - set(found.cleared))


def trigger_of(trigger: Trigger) -> Matter:
    """Return what a trigger is about."""
    return Matter(trigger.kind, trigger.subject)


def _standing(state: State, watched: Watched, latest: Latest, limits: Limits) -> list[Trigger]:
    """Return everything that the desk was told and that is not over, parents first."""
    layout = watched.layout
    teller = Teller(layout, limits, state.tiers)
    found: list[Trigger] = []
    if state.input.is_told:
        found.append(teller.no_input(int(state.lines.newest_us[0])))
    found.extend(
        teller.gateway(int(line), int(state.lines.newest_us[line]))
        for line in state.lines.told.nonzero()[0]
    )
    for place in (2, 1, 0):
        nodes = state.tiers[place]
        found.extend(
            teller.node(place, int(node), int(nodes.told[node]))
            for node in nodes.is_open.nonzero()[0]
        )
    told = (state.signs.told != findings.FINE).nonzero()[0]
    fleet, signs = layout.fleet, state.signs
    since = np.where(signs.out_us > 0, signs.out_us, signs.good_us)
    since = np.where(since > 0, since, fleet.registered_us + fleet.interval_us)
    found.extend(teller.meters(told, signs=signs, latest=latest, start_us=since))
    return found
