"""Which meters are heard, late, silent or without supply, from what each said last.

A meter is silent when its shard's clock has passed its last reading by three intervals and its
line was heard for most of that time; it is dark when it says so: next to no power where there
is some usually, or next to no voltage.
"""

from dataclasses import dataclass, replace
from math import log

import numpy as np

from alerts.conditions.fleet import Fleet, Floats, Ints, Latest, Layout, Mask, align
from alerts.conditions.gateways import Hearing

LATE_INTERVALS = 1.9  # enough to count along with neighbours that are silent
LATE_HEARD = 1.4
SILENT_HEARD = 2.4  # a meter that lives is heard within two intervals of its line
DEAD_VOLTAGE_MV = 60_000  # half of the lowest nominal voltage there is
LEAST_USUAL_MW = 50_000_000 // 1000  # 50 W: below it nothing tells an outage from an empty flat
USUAL_MEMORY = 0.05
ZERO_INTERVALS = 1.9  # three readings of nothing in a row, where the voltage says nothing
LOST_INTERVALS = 1.25  # a meter that is behind by more has lost a message, not only jitter
CHANCE = 1e-6  # that a meter which lives misses so many of its times
MOST_MISSED = 30
MW_PER_KW = 1_000_000


@dataclass(frozen=True, slots=True)
class Signs:
    """What is remembered of each meter, in order of `meter`; moments in microseconds.

    `seen_us` and `heard_us` are when it was last seen, by arrival and by its line's clock.
    `good_us` is the stamp of its last reading with supply, `zero_us` of the first since without,
    0 for none. `usual_mw` is what it draws usually. `certain_us` says since when it has been
    silent or dark (by then it was last seen at `certain_seen_us`), `lit_us` since when it is
    neither again while the desk thinks so.
    `told` is what the desk was told (a code of `sweep`), `told_tier` of which tier's node it was
    made a child (0: none). `out_us` is the start of its interruption, 0 while supplied, and
    `absent_us` when it was first known to have missed its time, 0 while it has not.
    """

    meter: Ints
    seen_us: Ints
    heard_us: Ints
    good_us: Ints
    zero_us: Ints
    usual_mw: Ints
    certain_us: Ints
    lit_us: Ints
    told: Ints
    told_tier: Ints
    out_us: Ints
    certain_seen_us: Ints
    absent_us: Ints

    def fitted(self, fleet: Fleet, layout: Layout, line_heard_us: Ints) -> "Signs":
        """Return the same for the meters of a fleet.

        A new meter counts as seen when it was registered, and as heard now: it has its time.
        """
        if np.array_equal(self.meter, fleet.meter):
            return self
        places, known = align(self.meter, fleet.meter)

        def fit(column: Ints, otherwise: Ints | int = 0) -> Ints:
            if not len(column):
                return np.broadcast_to(np.int64(otherwise), known.shape).copy()
            return np.where(known, column[places], otherwise)

        return Signs(
            meter=fleet.meter,
            seen_us=fit(self.seen_us, fleet.registered_us),
            heard_us=fit(self.heard_us, line_heard_us[layout.line]),
            good_us=fit(self.good_us),
            zero_us=fit(self.zero_us),
            usual_mw=fit(self.usual_mw),
            certain_us=fit(self.certain_us),
            lit_us=fit(self.lit_us),
            told=fit(self.told),
            told_tier=fit(self.told_tier),
            out_us=fit(self.out_us),
            certain_seen_us=fit(self.certain_seen_us),
            absent_us=fit(self.absent_us),
        )


def unknown() -> Signs:
    """Return the state before any meter is known."""
    nothing = np.zeros(0, np.int64)
    return Signs(*([nothing] * 13))


@dataclass(frozen=True, slots=True)
class Look:
    """What a sweep sees of each meter.

    `has_sent`: a reading of it is known. `late`, `silent`, `dark` (it says that it has no supply);
    `fading`: its newest readings say nothing flows, not for long enough. `missed` is the time
    it should have been heard in, in intervals. `is_overdue`: by the clock, heard or not.
    """

    seen_us: Ints
    heard_us: Ints
    good_us: Ints
    zero_us: Ints
    usual_mw: Ints
    has_sent: Mask
    has_moved: Mask
    late: Mask
    silent: Mask
    dark: Mask
    fading: Mask
    missed: Floats
    absent_us: Ints
    is_overdue: Mask


def look(
    signs: Signs,
    layout: Layout,
    hearing: Hearing,
    latest: Latest,
    *,
    clock_us: Ints,
    silent_intervals: float,
    dark_kw: float,
) -> Look:
    """Return what is seen; `clock_us` is each meter's shard's clock, 0 where it has none."""
    fleet = layout.fleet
    has_moved = latest.seen_us > signs.seen_us
    behind = np.clip(
        hearing.newest_us[layout.line] - latest.seen_us, 0, hearing.advance_us[layout.line]
    )
    heard = np.where(has_moved, hearing.heard_us[layout.line] - behind, signs.heard_us)
    seen = np.maximum(signs.seen_us, latest.seen_us)
    missed = (hearing.heard_us[layout.line] - heard) / fleet.interval_us
    age = (clock_us - seen) / fleet.interval_us
    good, zero, usual, nothing = _flow(signs, latest, has_moved, dark_kw)
    no_voltage = nothing & (latest.voltage_mv >= 0) & (latest.voltage_mv < DEAD_VOLTAGE_MV)
    can_tell = ~fleet.feeds_in & (usual >= max(LEAST_USUAL_MW, 10 * dark_kw * MW_PER_KW))
    for_long = latest.ts_us - zero >= ZERO_INTERVALS * fleet.interval_us
    return Look(
        seen_us=seen,
        heard_us=heard,
        good_us=good,
        zero_us=zero,
        usual_mw=usual,
        has_sent=latest.seen_us > 0,
        has_moved=has_moved,
        late=(age >= LATE_INTERVALS) & (missed >= LATE_HEARD),
        silent=(age >= silent_intervals) & (missed >= SILENT_HEARD),
        dark=no_voltage | (nothing & can_tell & for_long),
        fading=nothing & can_tell,
        missed=missed,
        absent_us=_absent(signs, layout, hearing, has_moved=has_moved, missed=missed),
        is_overdue=age >= LOST_INTERVALS,
    )


def spared(seen: Look, layout: Layout, hearing: Hearing, *, alive: Mask, alive_us: Ints) -> Look:
    """Return the same, where meters that have answered a ping are neither silent nor dark."""
    if not alive.any():
        return seen
    return replace(
        seen,
        good_us=np.where(alive, np.maximum(seen.good_us, alive_us), seen.good_us),
        zero_us=np.where(alive, 0, seen.zero_us),
        late=seen.late & ~alive,
        silent=seen.silent & ~alive,
        dark=seen.dark & ~alive,
        fading=seen.fading & ~alive,
        absent_us=np.where(alive, hearing.newest_us[layout.line], seen.absent_us),
        is_overdue=seen.is_overdue & ~alive,
    )


def _absent(
    signs: Signs, layout: Layout, hearing: Hearing, *, has_moved: Mask, missed: Floats
) -> Ints:
    """Return when each meter was first known to have missed its time, 0 for those that did not."""
    newest = hearing.newest_us[layout.line]
    first = np.where(signs.absent_us > 0, signs.absent_us, newest)
    return np.where(has_moved | (missed < 1), 0, first)


def _flow(
    signs: Signs, latest: Latest, has_moved: Mask, dark_kw: float
) -> tuple[Ints, Ints, Ints, Mask]:
    """Return last good stamp, first stamp of nothing, usual power, and where nothing flows."""
    has_sent = latest.seen_us > 0
    nothing = has_sent & (np.abs(latest.power_mw) <= dark_kw * MW_PER_KW)
    flows = has_sent & ~nothing
    good = np.where(flows, latest.ts_us, signs.good_us)
    first = nothing & (signs.zero_us == 0)
    zero = np.where(flows, 0, np.where(first, latest.ts_us, signs.zero_us))
    learns = flows & (has_moved | (signs.usual_mw == 0))
    nearer = signs.usual_mw + USUAL_MEMORY * (latest.power_mw - signs.usual_mw)
    fresh = np.where(signs.usual_mw == 0, latest.power_mw, nearer)
    usual = np.where(learns, fresh, signs.usual_mw).astype(np.int64)
    return good, zero, usual, nothing


def patience(loss: Floats) -> Floats:
    """Return how many of its times a meter may miss by chance on a line with such a loss."""
    share = np.clip(loss, 1e-9, 0.9)
    return np.minimum(log(CHANCE) / np.log(share), MOST_MISSED)


def is_certain_alone(seen: Look, layout: Layout, loss: Floats) -> Mask:
    """Tell which silent meters are so for longer than the loss of their line explains."""
    enough: Mask = seen.missed >= patience(loss)[layout.line]
    return enough
