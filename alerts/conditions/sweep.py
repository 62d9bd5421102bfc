"""One sweep: who is silent or without supply, which node or gateway that comes from.

Pure: it takes what was known, what every meter said last and how far each shard has been read
(its clock, by which silence is measured), and returns what is known now and what to tell.
Clocks must be older than `latest`: what came before a clock is then in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from alerts.conditions import findings, gateways, liveness, nodes, spans
from alerts.conditions.findings import FINE, OUTAGE, SILENT, Found, Outages, Returns, Teller
from alerts.conditions.fleet import SHARED, Ints, Latest, Layout, Mask, Tier
from alerts.conditions.gateways import Hearing, Lines
from alerts.conditions.kinds import SYSTEM, Kind, Matter, On, Subject
from alerts.conditions.limits import Limit, Limits
from alerts.conditions.liveness import Look, Signs
from alerts.conditions.nodes import Judged
from alerts.conditions.standing import Input, Nodes, State

SETTLED_INTERVALS = 2.0
HELD_US = 6_000_000  # a node waits so long for one above it that may be out as well
ALONE_INTERVALS = 3.0  # a single meter that says it is dark waits for what its neighbours do
SAME_RETURN_US = 900_000_000  # later ones of an outage may be unheard for so long
CROWD = 5
CROWD_INTERVALS = 5.0
LONGEST_STEP_US = 10_000_000  # of the clock: after a standstill nothing counts as watched


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
    return _Sweep(state, layout, latest, clocks, limits).run()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of each meter once nodes are judged.

    `sure`: silent or dark, or explained by a node that is out. `lowest` is the tier (1 to 3) of
    the lowest open node above a meter, 0 for none.
    """

    look: Look
    known: Mask
    out: Mask
    sure: Mask
    unheard: Mask
    lowest: Ints
    is_pending: Mask


class _Sweep:
    """The steps of a sweep, over what they share."""

    def __init__(
        self,
        state: State,
        layout: Layout,
        latest: Latest,
        clocks: Mapping[int, int],
        limits: Limits,
    ) -> None:
        self.state, self.layout, self.latest = state, layout, latest
        self.limits = limits
        self.now_us = max(clocks.values())
        self.slowest_us = min(clocks.values())
        self.clock_us = _clocks(layout, clocks)
        self.lines = state.lines.fitted(layout)
        self.signs = state.signs.fitted(layout.fleet, layout, self.lines.heard_us)
        below, middle, above = state.tiers
        self.tiers = (
            below.fitted(layout.tiers[0]),
            middle.fitted(layout.tiers[1]),
            above.fitted(layout.tiers[2]),
        )
        self.before = (self.tiers[0].is_open, self.tiers[1].is_open, self.tiers[2].is_open)
        self.found = Found()

    def run(self) -> tuple[State, Found]:
        """Look, judge, tell."""
        hearing = gateways.hear(
            self.lines,
            self.layout,
            before_us=self.signs.seen_us,
            seen_us=self.latest.seen_us,
            clock_us=self.clock_us,
        )
        taken = self._input(hearing)
        if bool(hearing.is_unheard[SHARED]) or taken.is_told:
            # Nobody is heard: nothing can be said of anybody but that.
            return self._quiet(hearing, taken), self.found
        seen = self._see(hearing)
        lines = self._gateways(hearing, seen)
        self._nodes_told(seen)
        signs = self._meters(hearing, seen)
        return self._after(taken, lines, signs), self.found

    # -- the input as a whole

    def _input(self, hearing: Hearing) -> Input:
        limit = self.limits.of(Kind.NO_INPUT)
        before = self.state.input
        passed = self.slowest_us - before.clock_us if before.clock_us else 0
        watched = before.watched_us + max(0, min(passed, LONGEST_STEP_US))
        came = int(hearing.newest_us[SHARED]) > int(self.lines.newest_us[SHARED])
        mark = watched if came or not before.clock_us else before.input_us
        after = Input(self.slowest_us, watched, mark, before.is_told, before.back_us)
        patience = int(limit.threshold * self.layout.line_interval_us[SHARED]) + limit.on_delay_us
        if not before.is_told:
            if limit.is_enabled and watched - mark >= patience:
                since = int(hearing.newest_us[SHARED]) or self.slowest_us - (watched - mark)
                teller = Teller(self.layout, self.limits, self.tiers)
                self.found.raised.append(teller.no_input(since))
                return replace(after, is_told=True, back_us=0)
            return after
        return self._input_back(after, came, limit.off_delay_us)

    def _input_back(self, after: Input, came: bool, off_delay_us: int) -> Input:
        if came and not after.back_us:
            after = replace(after, back_us=self.now_us)
        elif after.watched_us - after.input_us > 2 * int(self.layout.line_interval_us[SHARED]):
            after = replace(after, back_us=0)
        if after.back_us and self.now_us - after.back_us >= off_delay_us:
            self.found.cleared.append(Matter(Kind.NO_INPUT, SYSTEM))
            return replace(after, is_told=False, back_us=0)
        return after

    def _quiet(self, hearing: Hearing, taken: Input) -> State:
        moved = self.latest.seen_us > self.signs.seen_us
        signs = replace(
            self.signs,
            seen_us=np.maximum(self.signs.seen_us, self.latest.seen_us),
            heard_us=np.where(moved, hearing.heard_us[self.layout.line], self.signs.heard_us),
        )
        return self._after(taken, self._heard(self.lines, hearing), signs)

    def _heard(self, lines: Lines, hearing: Hearing) -> Lines:
        return replace(
            lines,
            newest_us=hearing.newest_us,
            heard_us=hearing.heard_us,
            gap_from_us=hearing.gap_from_us,
            gap_until_us=hearing.gap_until_us,
        )

    # -- what is seen, and the nodes it makes

    def _see(self, hearing: Hearing) -> _Seen:
        layout = self.layout
        look = liveness.look(
            self.signs,
            layout,
            hearing,
            self.latest,
            clock_us=self.clock_us,
            silent_intervals=self.limits.of(Kind.SILENT).threshold,
            dark_kw=self.limits.of(Kind.OUTAGE).threshold,
        )
        watched = self.clock_us > 0
        unheard = hearing.is_unheard[layout.line] & (layout.line != SHARED) & ~look.dark & watched
        known = look.has_sent & watched & ~unheard
        sure = (look.silent | look.dark) & watched
        out = sure | ((look.late | look.fading) & watched)
        black, may_be = nodes.blacked(layout, hearing, unheard=unheard, known=known, out=out)
        known, out, sure = known | black, out | black, sure | black
        judged = nodes.judge(
            layout,
            self.limits,
            known=known,
            out=out,
            sure=sure,
            open_nodes=(self.tiers[0].is_open, self.tiers[1].is_open, self.tiers[2].is_open),
        )
        self._open_and_close(hearing, look, out & known, judged, may_be)
        sure = sure | self._explained(unheard)
        waits = self._waits(judged, may_be)
        return _Seen(look, known, out, sure, unheard, self._lowest(), waits)

    def _open_and_close(
        self,
        hearing: Hearing,
        look: Look,
        out: Mask,
        judged: tuple[Judged, Judged, Judged],
        may_be: Mask,
    ) -> None:
        made = []
        for place, tier in enumerate(self.layout.tiers):
            was, is_now = self.tiers[place], judged[place]
            delays = [self._delays(place, region) for region in range(len(tier.ids))]
            on_us = np.array([on for on, _ in delays], np.int64)
            off_us = np.array([off for _, off in delays], np.int64)
            fit = np.where(is_now.proven, np.where(was.fit_us > 0, was.fit_us, self.now_us), 0)
            opens = ~was.is_open & (fit > 0) & (self.now_us - fit >= on_us)
            settled = self._settled_us(tier, look, out)
            opens &= (settled <= self.now_us) & (tier.count(may_be) == 0)
            is_held = tier.count(self._above(place, judged)) > 0
            opens &= ~is_held | (self.now_us - settled >= HELD_US)
            gone = np.where(is_now.fits, 0, np.where(was.gone_us > 0, was.gone_us, self.now_us))
            gone = np.where(was.is_open, gone, 0)
            closes = was.is_open & (gone > 0) & (self.now_us - gone >= off_us)
            start = was.start_us.copy()
            for node in np.flatnonzero(opens):
                members = (tier.of_meter == node) & out
                start[node] = spans.failure(self.layout, look, members)
            made.append(
                replace(
                    was,
                    is_open=(was.is_open | opens) & ~closes,
                    fit_us=fit,
                    gone_us=np.where(closes, 0, gone),
                    start_us=start,
                    back_us=np.where(opens, 0, was.back_us),
                )
            )
        self.tiers = (made[0], made[1], made[2])

    def _above(self, place: int, judged: tuple[Judged, Judged, Judged]) -> Mask:
        """Tell which meters hang below a higher node that fits and is not told yet."""
        above = np.zeros(len(self.layout.fleet), np.bool_)
        for higher in range(place + 1, len(self.tiers)):
            fits = judged[higher].fits & ~self.tiers[higher].is_open
            above |= self.layout.tiers[higher].spread(fits)
        return above

    def _settled_us(self, tier: Tier, look: Look, out: Mask) -> Ints:
        """Return by when all is in that a node's failure does: two intervals after it.

        By then whatever fell with it is late, and the highest node that explains it is seen.
        """
        newest = np.zeros(len(tier.ids), np.int64)
        below = out & (tier.of_meter >= 0)
        due = look.good_us + (SETTLED_INTERVALS * self.layout.fleet.interval_us).astype(np.int64)
        np.maximum.at(newest, tier.of_meter[below], due[below])
        return newest

    def _delays(self, place: int, node: int) -> tuple[int, int]:
        tier = self.layout.tiers[place]
        limit = self.limits.of(nodes.KINDS[tier.on], int(tier.region[node]))
        return limit.on_delay_us, limit.off_delay_us

    def _explained(self, unheard: Mask) -> Mask:
        """Tell which unheard meters a node that is out explains, with all of their gateway."""
        layout = self.layout
        below = np.zeros(len(unheard), np.bool_)
        for place, tier in enumerate(layout.tiers):
            below |= tier.spread(self.tiers[place].is_open)
        if not below.any():
            return below
        inside = np.bincount(layout.line[below], minlength=len(layout.line_gateway))
        lines = inside >= nodes.ALL_UNHEARD * layout.line_meters
        explained: Mask = unheard & below & lines[layout.line]
        return explained

    def _lowest(self) -> Ints:
        lowest = np.zeros(len(self.layout.fleet), np.int64)
        for place in (2, 1, 0):
            under = self.layout.tiers[place].spread(self.tiers[place].is_open)
            lowest = np.where(under, place + 1, lowest)
        return lowest

    def _waits(self, judged: tuple[Judged, Judged, Judged], may_be: Mask) -> Mask:
        """Tell which meters may turn out to be part of something larger in a moment."""
        waits = may_be.copy()
        for place, tier in enumerate(self.layout.tiers):
            waits |= tier.spread(judged[place].fits & ~self.tiers[place].is_open)
        return waits

    # -- telling

    def _gateways(self, hearing: Hearing, seen: _Seen) -> Lines:
        limit = self.limits.of(Kind.GATEWAY_LOST)
        layout, lines = self.layout, self._heard(self.lines, hearing)
        count = len(layout.line_gateway)
        under = np.bincount(layout.line[seen.sure & (seen.lowest > 0)], minlength=count)
        explained = under >= nodes.ALL_UNHEARD * layout.line_meters
        gone = hearing.is_unheard & ~explained & (np.arange(count) != SHARED)
        gone &= hearing.newest_us > 0
        lost = np.where(gone, np.where(lines.lost_us > 0, lines.lost_us, self.now_us), 0)
        tells = gone & ~lines.told & (self.now_us - lost >= limit.on_delay_us) & limit.is_enabled
        back = np.where(gone, 0, np.where(lines.back_us > 0, lines.back_us, self.now_us))
        clears = lines.told & ~gone & (self.now_us - back >= limit.off_delay_us)
        teller = Teller(layout, self.limits, self.tiers)
        for line in np.flatnonzero(tells):
            self.found.raised.append(teller.gateway(int(line), int(hearing.newest_us[line])))
        for line in np.flatnonzero(clears):
            subject = Subject(On.GATEWAY, int(layout.line_gateway[line]))
            self.found.cleared.append(Matter(Kind.GATEWAY_LOST, subject))
        late = seen.look.missed >= liveness.LOST_INTERVALS
        loss = gateways.learn_loss(lines, layout, late=late, counted=seen.known & ~seen.sure)
        return replace(
            lines,
            loss=loss,
            lost_us=lost,
            told=(lines.told | tells) & ~clears,
            back_us=np.where(lines.told, back, 0),
        )

    def _nodes_told(self, seen: _Seen) -> None:
        """Tell of nodes that went out, changed or are back, from above."""
        for place in (2, 1, 0):
            tier, now = self.layout.tiers[place], self.tiers[place]
            dark = tier.count(seen.sure)
            new = now.is_open & ~self.before[place]
            same = now.is_open & self.before[place] & ((dark != now.told) | self._has_moved(place))
            over = ~now.is_open & self.before[place]
            teller = Teller(self.layout, self.limits, self.tiers)
            for node in np.flatnonzero(new):
                self.found.raised.append(teller.node(place, int(node), int(dark[node])))
            for node in np.flatnonzero(same):
                self.found.refreshed.append(teller.node(place, int(node), int(dark[node])))
            for node in np.flatnonzero(over):
                subject = Subject(tier.on, int(tier.ids[node]))
                self.found.cleared.append(Matter(nodes.KINDS[tier.on], subject))
            told = np.where(now.is_open, dark, 0)
            self._put(place, replace(now, told=told))

    def _has_moved(self, place: int) -> bool:
        """Tell whether a node above this tier has opened or closed, so that parents changed."""
        higher = range(place + 1, len(self.tiers))
        return any((self.tiers[one].is_open != self.before[one]).any() for one in higher)

    def _put(self, place: int, made: Nodes) -> None:
        tiers = list(self.tiers)
        tiers[place] = made
        self.tiers = (tiers[0], tiers[1], tiers[2])

    def _meters(self, hearing: Hearing, seen: _Seen) -> Signs:
        signs, look = self.signs, seen.look
        fresh = seen.sure & (signs.certain_us == 0)
        certain = np.where(fresh, self.now_us, signs.certain_us)
        certain_seen = np.where(fresh, look.seen_us, signs.certain_seen_us)
        lit = (certain > 0) & ~seen.sure & ~look.fading & (look.seen_us > certain_seen)
        signs = replace(
            signs,
            seen_us=look.seen_us,
            heard_us=look.heard_us,
            good_us=look.good_us,
            zero_us=look.zero_us,
            absent_us=look.absent_us,
            usual_mw=look.usual_mw,
            certain_us=certain,
            certain_seen_us=certain_seen,
            lit_us=np.where(lit, np.where(signs.lit_us > 0, signs.lit_us, self.now_us), 0),
        )
        signs = self._tell_meters(signs, hearing, seen)
        signs = self._bring_back(signs, hearing, lit)
        return self._clear_meters(signs, lit)

    def _tell_meters(self, signs: Signs, hearing: Hearing, seen: _Seen) -> Signs:
        look, under = seen.look, seen.lowest > 0
        kind = np.where(look.dark | under, OUTAGE, SILENT)
        on_us = self._on_delays(kind)
        interval = self.layout.fleet.interval_us
        since = np.where(look.zero_us > 0, look.zero_us - interval, look.good_us)
        since = since + (ALONE_INTERVALS * interval).astype(np.int64)
        waited = self.now_us - np.maximum(signs.certain_us, since) >= on_us
        waited &= ~self._is_crowded(seen) | (look.missed >= CROWD_INTERVALS)
        by_chance = ~liveness.is_certain_alone(look, self.layout, self.lines.loss) & ~look.dark
        alone = ~under & ~seen.is_pending & ~seen.unheard & ~by_chance & waited
        tells = seen.sure & (signs.told == FINE) & (under | (alone & self._is_enabled(kind)))
        worse = (signs.told == SILENT) & seen.sure & look.dark & ~under & waited
        moves = (signs.told != FINE) & seen.sure & ~tells & (signs.told_tier != seen.lowest)
        self._retract(np.flatnonzero(worse))
        signs = replace(
            signs,
            told=np.where(tells | worse, kind, signs.told),
            told_tier=np.where(tells | worse | moves, seen.lowest, signs.told_tier),
        )
        goes_out = seen.sure & (signs.out_us == 0) & (signs.told != FINE)
        goes_out &= under | (signs.told == OUTAGE)
        start = self._starts(hearing, look, seen.lowest)
        signs = replace(signs, out_us=np.where(goes_out, start, signs.out_us))
        self._note_out(signs, goes_out)
        teller = Teller(self.layout, self.limits, self.tiers)
        since = np.where(signs.out_us > 0, signs.out_us, np.maximum(look.good_us, self._first()))
        for which, told in ((tells | worse, self.found.raised), (moves, self.found.refreshed)):
            ones = np.flatnonzero(which)
            told.extend(teller.meters(ones, signs=signs, latest=self.latest, start_us=since))
        return signs

    def _is_crowded(self, seen: _Seen) -> Mask:
        """Tell which meters have company on their line: that may be the line yet."""
        new = seen.sure & (self.signs.told == FINE) & (seen.lowest == 0) & ~seen.look.dark
        return (
            np.bincount(self.layout.line[new], minlength=len(self.layout.line_gateway))[
                self.layout.line
            ]
            >= CROWD
        )

    def _first(self) -> Ints:
        """Return the moment before which a meter that never sent could not have been silent."""
        fleet = self.layout.fleet
        return np.where(self.latest.seen_us > 0, 0, fleet.registered_us + fleet.interval_us)

    def _on_delays(self, kind: Ints) -> Ints:
        return self._by_region(kind, lambda limit: limit.on_delay_us)

    def _is_enabled(self, kind: Ints) -> Mask:
        return self._by_region(kind, lambda limit: int(limit.is_enabled)) > 0

    def _by_region(self, kind: Ints, read: Callable[[Limit], int]) -> Ints:
        tier = self.layout.tiers[2]
        regions = [*tier.ids.tolist(), None]  # the last stands for meters that hang nowhere
        of_kind = {
            code: np.array(
                [read(self.limits.of(findings.TOLD[code], region)) for region in regions],
                np.int64,
            )[tier.of_meter]
            for code in (SILENT, OUTAGE)
        }
        return np.where(kind == OUTAGE, of_kind[OUTAGE], of_kind[SILENT])

    def _starts(self, hearing: Hearing, look: Look, lowest: Ints) -> Ints:
        """Return for each meter when its supply failed: with its node, or by itself."""
        alone = spans.failures(self.layout, look)
        start = alone
        for place, tier in enumerate(self.layout.tiers):
            if not len(tier.ids):
                continue
            of_node = self.tiers[place].start_us[tier.of_meter]
            start = np.where(lowest == place + 1, np.maximum(of_node, look.good_us), start)
        return np.maximum(start, 1)

    def _note_out(self, signs: Signs, which: Mask) -> None:
        self.found = replace(
            self.found,
            went_out=Outages(
                meter=signs.meter[which],
                last_us=signs.good_us[which],
                start_us=signs.out_us[which],
            ),
        )

    def _bring_back(self, signs: Signs, hearing: Hearing, lit: Mask) -> Signs:
        back = lit & (signs.out_us > 0)
        if not back.any():
            return signs
        ts, before = self.latest.ts_us, signs.out_us > 0
        began = signs.out_us
        shared = [self._first_back(place, ts, back, before, began) for place in (2, 1, 0)]
        end = spans.returns(
            self.layout, hearing, ts_us=ts, start_us=signs.out_us, shared_us=shared
        )
        self.found = replace(self.found, came_back=Returns(signs.meter[back], ts[back], end[back]))
        return replace(signs, out_us=np.where(back, 0, signs.out_us))

    def _first_back(
        self, place: int, ts_us: Ints, back: Mask, before: Mask, began_us: Ints
    ) -> Ints:
        """Note when the first meter below each node came back; return that for each meter."""
        tier, nodes_ = self.layout.tiers[place], self.tiers[place]
        if not len(tier.ids):
            return np.zeros(len(ts_us), np.int64)
        never = np.iinfo(np.int64).max
        first = np.full(len(tier.ids), never)
        hanging = back & (tier.of_meter >= 0)
        np.minimum.at(first, tier.of_meter[hanging], ts_us[hanging])
        began = np.full(len(tier.ids), never)
        np.minimum.at(began, tier.of_meter[hanging], began_us[hanging])
        interval = int(self.layout.line_interval_us[SHARED])
        known = spans.stamps(tier, self.layout, good_us=self.signs.good_us, members=before)
        first = np.where(first == never, 0, first - interval // (known + 1))
        was = nodes_.back_us
        is_same = (first == 0) | ((was > began) & (first - was < SAME_RETURN_US))
        self._put(place, replace(nodes_, back_us=np.where(is_same, was, first)))
        return np.where(tier.of_meter >= 0, self.tiers[place].back_us[tier.of_meter], 0)

    def _clear_meters(self, signs: Signs, lit: Mask) -> Signs:
        off_us = self._by_region(signs.told, lambda limit: limit.off_delay_us)
        over = (signs.told != FINE) & lit & (self.now_us - signs.lit_us >= off_us)
        self._retract(np.flatnonzero(over), signs)
        forgotten = over | ((signs.told == FINE) & lit)
        return replace(
            signs,
            told=np.where(over, FINE, signs.told),
            told_tier=np.where(over, 0, signs.told_tier),
            certain_us=np.where(forgotten, 0, signs.certain_us),
            lit_us=np.where(forgotten, 0, signs.lit_us),
        )

    def _retract(self, which: Ints, signs: Signs | None = None) -> None:
        told = (signs or self.signs).told
        for one in which:
            subject = Subject(On.METER, int(self.layout.fleet.meter[one]))
            self.found.cleared.append(Matter(findings.TOLD[int(told[one])], subject))

    def _after(self, taken: Input, lines: Lines, signs: Signs) -> State:
        return State(self.now_us, taken, lines, signs, *self.tiers)


def _clocks(layout: Layout, clocks: Mapping[int, int]) -> Ints:
    """Return each meter's shard's clock, 0 where the shard has none."""
    shards = layout.fleet.shard
    table = np.zeros(max(max(clocks), int(shards.max(initial=0))) + 1, np.int64)
    for shard, moment in clocks.items():
        table[shard] = moment
    return table[shards]
