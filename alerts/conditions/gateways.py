"""What a gateway lets through: time counts against a meter only while its line is heard.

A gateway that loses messages makes all its meters late at once. So each line has a clock that
runs only while readings come through it: a meter that misses three of its times while others
behind the same gateway are heard is silent; one whose gateway is not heard is unknown. While
nothing at all comes through a line its clock stands, unless nothing was due.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from alerts.conditions.fleet import SHARED, Floats, Ints, Layout, Mask, align

GAP_INTERVALS = 1.5  # a line that is quiet for longer was not heard in between
MANY_MISSED = 6  # nor one that is quiet when so many of its meters are due: they did not all die
SHORTEST_GAP_US = 5_000_000  # sweeps look every two seconds: less than this cannot be told
UNHEARD_INTERVALS = 2.5
LOSS_MEMORY = 0.002  # a sweep's weight in the loss of a line: some twenty minutes of memory


@dataclass(frozen=True, slots=True)
class Lines:
    """How each line is heard, by gateway; moments and times in microseconds.

    `heard_us` is the line's clock. `gap_from_us` to `gap_until_us` is when it was last quiet.
    `loss` is the share of its meters that are late though the line is heard. `lost_us` says since
    when it is not heard, 0 while it is; `told` whether the desk knows; `back_us` since when it is
    heard again.
    """

    gateway: Ints
    newest_us: Ints
    heard_us: Ints
    gap_from_us: Ints
    gap_until_us: Ints
    loss: Floats
    lost_us: Ints
    told: Mask
    back_us: Ints

    def fitted(self, layout: Layout) -> "Lines":
        """Return the same for the lines of a layout; new ones have not been heard yet."""
        if np.array_equal(self.gateway, layout.line_gateway):
            return self
        places, known = align(self.gateway, layout.line_gateway)

        def fit(column: Any) -> Any:
            if not len(column):
                return np.zeros(len(known), column.dtype)
            return np.where(known, column[places], 0).astype(column.dtype)

        return Lines(
            gateway=layout.line_gateway,
            newest_us=fit(self.newest_us),
            heard_us=fit(self.heard_us),
            gap_from_us=fit(self.gap_from_us),
            gap_until_us=fit(self.gap_until_us),
            loss=fit(self.loss),
            lost_us=fit(self.lost_us),
            told=fit(self.told),
            back_us=fit(self.back_us),
        )


def unheard_of() -> Lines:
    """Return the state before anything is known."""
    nothing = np.zeros(0, np.int64)
    return Lines(
        gateway=nothing,
        newest_us=nothing,
        heard_us=nothing,
        gap_from_us=nothing,
        gap_until_us=nothing,
        loss=np.zeros(0, np.float64),
        lost_us=nothing,
        told=np.zeros(0, np.bool_),
        back_us=nothing,
    )


@dataclass(frozen=True, slots=True)
class Hearing:
    """How the lines are heard now: the step their clocks made, and which are quiet.

    `age_us` is the time since a line was last heard, by the clocks of its meters' shards.
    """

    newest_us: Ints
    heard_us: Ints
    advance_us: Ints
    gap_from_us: Ints
    gap_until_us: Ints
    age_us: Ints
    is_unheard: Mask


def hear(
    lines: Lines, layout: Layout, *, before_us: Ints, seen_us: Ints, clock_us: Ints
) -> Hearing:
    """Return how lines are heard now.

    Of each meter: when it had been seen `before_us`, is seen now, and its shard's clock.
    """
    newest = np.maximum(lines.newest_us, _newest(layout, seen_us))
    has_moved = seen_us > before_us
    gap = np.where(lines.newest_us > 0, _first(layout, seen_us, has_moved) - lines.newest_us, 0)
    gap = np.clip(gap, 0, newest - lines.newest_us)
    missed = _missed(lines, layout, before_us=before_us, gap_us=gap)
    longest = np.maximum(GAP_INTERVALS * layout.line_interval_us, SHORTEST_GAP_US)
    was_quiet = (gap > longest) | (missed >= MANY_MISSED)
    step = np.where(lines.newest_us > 0, newest - lines.newest_us, 0)
    advance = np.where(was_quiet, step - gap, step)
    age = np.maximum(_newest(layout, clock_us) - newest, 0)
    return Hearing(
        newest_us=newest,
        heard_us=lines.heard_us + advance,
        advance_us=advance,
        gap_from_us=np.where(was_quiet, lines.newest_us, lines.gap_from_us),
        gap_until_us=np.where(was_quiet, lines.newest_us + gap, lines.gap_until_us),
        age_us=age,
        is_unheard=age >= UNHEARD_INTERVALS * layout.line_interval_us,
    )


def _newest(layout: Layout, moments: Ints) -> Ints:
    """Return the newest of the meters' moments by line; on the shared line all are heard."""
    newest = layout.newest_of_lines(moments)
    newest[SHARED] = moments.max(initial=0)
    return newest


def _first(layout: Layout, seen_us: Ints, has_moved: Mask) -> Ints:
    """Return the oldest of the new readings by line, 0 where there is none."""
    never = np.iinfo(np.int64).max
    first = np.full(len(layout.line_gateway), never)
    np.minimum.at(first, layout.line[has_moved], seen_us[has_moved])
    first[SHARED] = seen_us[has_moved].min(initial=never)
    return np.where(first == never, 0, first)


def _missed(lines: Lines, layout: Layout, *, before_us: Ints, gap_us: Ints) -> Ints:
    """Return how many meters were due, for the first time, while their line was quiet."""
    interval = layout.fleet.interval_us
    due = before_us + interval
    missed = np.zeros(len(layout.line_gateway), np.int64)
    for line, places in ((layout.line, slice(1, None)), (np.zeros_like(layout.line), slice(1))):
        start = lines.newest_us[line]
        end = start + gap_us[line] - interval // 10
        late = (due > start) & (due <= end) & (start > 0)
        missed[places] = np.bincount(line[late], minlength=len(missed))[places]
    return missed


def learn_loss(lines: Lines, layout: Layout, *, late: Mask, counted: Mask) -> Floats:
    """Return the lines' loss, a little nearer to what it is now."""
    count = len(layout.line_gateway)
    of = np.bincount(layout.line[counted], minlength=count)
    missing = np.bincount(layout.line[counted & late], minlength=count)
    share = missing / np.maximum(of, 1)
    return np.where(of > 0, lines.loss + LOSS_MEMORY * (share - lines.loss), lines.loss)
