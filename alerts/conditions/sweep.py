"""One sweep: who is silent or without supply, which node or gateway that comes from.

Pure: it takes what was known, what every meter said last and how far each shard has been read
(its clock, by which silence is measured), and returns what is known now and what to tell.
Clocks must be older than `latest`: what came before a clock is then in it.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from alerts.conditions import causes, gateways, intake, meters, moment, returning, seeing
from alerts.conditions.findings import Found, Teller
from alerts.conditions.fleet import SHARED, Latest, Layout
from alerts.conditions.gateways import Hearing
from alerts.conditions.kinds import SYSTEM, Kind, Matter
from alerts.conditions.limits import Limits
from alerts.conditions.moment import Moment
from alerts.conditions.standing import Input, State


def step(
    state: State,
    *,
    layout: Layout,
    latest: Latest,
    clocks: Mapping[int, int],
    limits: Limits,
) -> tuple[State, Found]:
    """Look once; `clocks` are the shards' in microseconds, a shard without one is left out."""
    if not clocks or not len(layout.fleet):
        return state, Found()
    here = moment.moment(layout, latest, clocks, limits)
    known = state.fitted(layout)
    hearing = gateways.hear(
        known.lines,
        layout,
        before_us=known.signs.seen_us,
        seen_us=latest.seen_us,
        clock_us=here.clock_us,
    )
    found = Found()
    taken = intake.take(known, here, hearing)
    _tell_input(here, known, taken, hearing, found)
    if bool(hearing.is_unheard[SHARED]) or taken.is_told:
        # Nobody is heard: nothing can be said of anybody but that.
        return _unheard(here, known, taken, hearing), found
    return _looked(here, known, taken, hearing, found)


def _tell_input(here: Moment, known: State, taken: Input, hearing: Hearing, found: Found) -> None:
    if taken.is_told and not known.input.is_told:
        teller = Teller(here.layout, here.limits, known.tiers)
        found.raised.append(teller.no_input(intake.since_us(taken, hearing)))
    if known.input.is_told and not taken.is_told:
        found.cleared.append(Matter(Kind.NO_INPUT, SYSTEM))


def _unheard(here: Moment, known: State, taken: Input, hearing: Hearing) -> State:
    signs = known.signs
    moved = here.latest.seen_us > signs.seen_us
    return replace(
        known,
        at_us=here.now_us,
        input=taken,
        lines=causes.heard(known.lines, hearing),
        signs=replace(
            signs,
            seen_us=np.maximum(signs.seen_us, here.latest.seen_us),
            heard_us=np.where(moved, hearing.heard_us[here.layout.line], signs.heard_us),
        ),
    )


def _looked(
    here: Moment, known: State, taken: Input, hearing: Hearing, found: Found
) -> tuple[State, Found]:
    """Judge and tell: gateways first, then nodes from above, then meters."""
    seen, tiers = seeing.see(here, known.signs, known.tiers, hearing)
    teller = Teller(here.layout, here.limits, tiers)
    lines = causes.tell_gateways(here, known.lines, hearing, seen, teller, found)
    tiers = causes.tell_nodes(here, known.tiers, tiers, seen, teller, found)
    signs, lit = meters.noted(here, known.signs, seen)
    signs, went_out = meters.tell(here, signs, known.lines, tiers, seen, found)
    signs, tiers, came_back = returning.bring_back(
        here, signs, tiers, hearing, lit=lit, good_us=known.signs.good_us
    )
    signs = returning.clear(here, signs, lit=lit, is_back=seen.is_back, found=found)
    found = replace(found, went_out=went_out, came_back=came_back)
    return State(here.now_us, taken, lines, signs, *tiers), found
