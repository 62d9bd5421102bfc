"""Finds the stretches that nobody measured, and fills those that may be filled.

A gap that has an end is filled at once; one that lasts waits for late data, then day by day,
until it ends and is filled anew as a whole. What lies in a known outage is not filled: nothing
may have flowed. What a person has edited or accepted is no gap any more.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from meters.choices import FillMethod, FindingState, RuleKind
from meters.models import Finding, ValidationMark
from meters.selectors import judged
from meters.selectors.judged import GONE, Marked, Stand
from meters.services import finals
from meters.services.finals import Done
from meters.vee import filling as calculation
from meters.vee.filling import Filling, Gap
from meters.vee.rules import Action, Kind, Rule
from segs_site.lib.periods import DAY, MINUTE, QUARTER, Period, floor

LOOK_FOR_S: Final = 2.0


class Darkness(Protocol):
    """Tells when meters were without supply in a period."""

    def __call__(
        self, meters: Collection[int], period: Period, /
    ) -> Mapping[int, Sequence[Period]]: ...


@dataclass(frozen=True, slots=True)
class About:
    """What gaps are looked at with."""

    rules: Mapping[Kind, Rule]
    zone: ZoneInfo
    darkness: Darkness
    holidays: frozenset[date]
    now: datetime

    @property
    def rule(self) -> Rule:
        """The rule of gaps."""
        return self.rules[Kind.GAP]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a gap of which the same is to be done."""

    period: Period
    state: FindingState


def fill_marked(marked: Marked, about: About) -> int:
    """Look at the gaps that marks touch; return how many quarter-hours were filled.

    Nobody closes windows meanwhile, so what takes too long is marked anew, meter by meter.
    """
    spans = _spans(marked)
    if not spans:
        return 0
    over = Period(
        min(span.start for each in spans.values() for span in each),
        max(span.end for each in spans.values() for span in each),
    )
    dark = about.darkness(list(spans), over)
    changed: list[datetime] = []
    ends = time.monotonic() + LOOK_FOR_S
    left = list(spans)
    while left:
        meter = left.pop()
        for span in _joined(spans[meter]):
            changed += _look(meter, span, dark.get(meter, ()), about)
        if time.monotonic() > ends:
            break
    ValidationMark.objects.bulk_create(
        ValidationMark(meter_id=meter, start=start) for meter, start in marked.of(left)
    )
    finals.sum_regions(changed, now=about.now)
    return len(changed)


def _spans(marked: Marked) -> dict[int, list[Period]]:
    """Return what is missing or was found missing before, by meter."""
    spans: dict[int, list[Period]] = {}
    for meter, start in judged.missing(marked):
        spans.setdefault(meter, []).append(Period(start, start + QUARTER))
    for meter, start, end in judged.touched_gaps(marked, states=FindingState.unsettled()):
        spans.setdefault(meter, []).append(Period(start, end))
    return spans


def _joined(spans: Iterable[Period]) -> list[Period]:
    """Return the spans, those that overlap or follow each other as one."""
    found: list[Period] = []
    for span in sorted(spans, key=lambda one: one.start):
        if found and span.start <= found[-1].end:
            found[-1] = Period(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _look(meter: int, span: Period, dark: Sequence[Period], about: About) -> list[datetime]:
    """Write down what is missing in a span and fill what may be; return what was filled."""
    around = Period(span.start, span.end + QUARTER)
    there = judged.stands(meter_id=meter, period=around)
    is_measured = there.get(span.end, GONE).is_settled
    pieces: list[Piece] = []
    starts = [one.start for one in span.windows(QUARTER)]
    for stands, run in groupby(starts, key=lambda start: there.get(start, GONE).is_settled):
        if stands:
            continue
        missing = list(run)
        gap = Period(missing[0], missing[-1] + QUARTER)
        has_end = gap.end < span.end or is_measured
        pieces += _pieces(gap, dark, about, has_end=has_end)
    filled: list[datetime] = []
    outcome: list[Piece] = []
    for piece in pieces:
        done = _fill(meter, piece, there, about)
        filled += done or []
        outcome.append(Piece(piece.period, _state(piece, is_filled=done is not None)))
    _write_down(meter, span, outcome, about)
    return filled


def _pieces(gap: Period, dark: Sequence[Period], about: About, *, has_end: bool) -> list[Piece]:
    """Cut a gap by known outages and, where it lasts, at what may still come."""
    waits_from = floor(about.now - about.rule["wait_min"] * MINUTE, DAY)
    states = [
        (one.start, _wanted(one, dark, waits=not has_end and one.end > waits_from))
        for one in gap.windows(QUARTER)
    ]
    found = []
    for state, run in groupby(states, key=lambda each: each[1]):
        starts = [start for start, _ in run]
        found.append(Piece(Period(starts[0], starts[-1] + QUARTER), state))
    return found


def _wanted(quarter: Period, dark: Sequence[Period], *, waits: bool) -> FindingState:
    if any(quarter.overlaps(one) for one in dark):
        return FindingState.SUSPENDED
    return FindingState.WAITING if waits else FindingState.ESTIMATED


def _fill(
    meter: int, piece: Piece, there: Mapping[datetime, Stand], about: About
) -> list[datetime] | None:
    """Fill a piece; None where it may not or cannot be, nothing where it is already."""
    if piece.state != FindingState.ESTIMATED or about.rule.action is not Action.ESTIMATE:
        return None
    starts = [one.start for one in piece.period.windows(QUARTER)]
    has_end = there.get(piece.period.end, GONE).is_settled
    if not has_end and all(start in there for start in starts):
        return []
    found = filling(meter, piece.period, rule=about.rule, zone=about.zone, holidays=about.holidays)
    if found is None:
        return None
    if found.energies == tuple(there.get(start, GONE).energy_mwh for start in starts) and all(
        start in there for start in starts
    ):
        return []
    done = Done(
        meter, piece.period.start, piece.period.end, FillMethod(found.method), str(Kind.GAP)
    )
    finals.put(done, starts=starts, energies=found.energies, now=about.now)
    return starts


def _state(piece: Piece, *, is_filled: bool) -> FindingState:
    if piece.state == FindingState.ESTIMATED and not is_filled:
        return FindingState.OPEN
    return piece.state


def filling(
    meter_id: int,
    gap: Period,
    *,
    rule: Rule,
    zone: ZoneInfo,
    holidays: frozenset[date] = frozenset(),
) -> Filling | None:
    """Return what would fill a gap of a meter, by its history and registers; None for nothing."""
    history = judged.history(meter_id=meter_id, gap=gap, weeks=rule["weeks"])
    first = (gap.start - history.start) // QUARTER
    return calculation.fill(
        history,
        Gap(first, gap.length // QUARTER),
        rule=rule,
        zone=zone,
        total_mwh=judged.counted(meter_id=meter_id, gap=gap),
        holidays=holidays,
    )


def _write_down(meter: int, span: Period, pieces: Sequence[Piece], about: About) -> None:
    """Bring the findings of a span in line with what is missing there."""
    now = about.now
    known = {
        row.start: row
        for row in Finding.objects.filter(
            meter_id=meter, rule=RuleKind.GAP, start__lt=span.end, end__gt=span.start
        )
    }
    wanted = {piece.period.start: piece for piece in pieces}
    for start, row in known.items():
        if start in wanted or row.decided_by or row.state not in FindingState.unsettled():
            continue
        if any(piece.period.start < row.end and row.start < piece.period.end for piece in pieces):
            row.delete()  # it goes on as a part of another
        else:
            Finding.objects.filter(pk=row.pk).update(state=FindingState.HEALED, changed_at=now)
    for piece in pieces:
        _keep(meter, RuleKind.GAP, piece.period, piece.state, now)
    if Kind.CONSECUTIVE in about.rules:
        _check_lengths(meter, span, pieces, about)


def _keep(meter: int, rule: RuleKind, period: Period, state: FindingState, now: datetime) -> None:
    values = {
        "end": period.end, "state": state, "value": period.length // MINUTE, "changed_at": now,
        "decided_by": "", "reason": "",
    }  # fmt: skip
    same = Finding.objects.filter(meter_id=meter, rule=rule, start=period.start, end=period.end)
    if same.filter(state=state).exists():
        return
    Finding.objects.update_or_create(
        meter_id=meter,
        rule=rule,
        start=period.start,
        defaults=values,
        create_defaults=values | {"found_at": now},
    )


def _check_lengths(meter: int, span: Period, pieces: Sequence[Piece], about: About) -> None:
    """Note what was estimated for longer than somebody should believe."""
    most = about.rules[Kind.CONSECUTIVE]["hours"] * 60 * MINUTE
    estimated = [one.period for one in pieces if one.state == FindingState.ESTIMATED]
    long = [period for period in _joined(estimated) if period.length > most]
    open_ones = Finding.objects.filter(
        meter_id=meter, rule=RuleKind.CONSECUTIVE, state=FindingState.OPEN,
        start__lt=span.end, end__gt=span.start,
    )  # fmt: skip
    open_ones.exclude(start__in=[period.start for period in long]).update(
        state=FindingState.HEALED, changed_at=about.now
    )
    for period in long:
        decided = Finding.objects.filter(
            meter_id=meter, rule=RuleKind.CONSECUTIVE, start=period.start, end=period.end
        ).exclude(state=FindingState.HEALED)
        if not decided.exists():
            _keep(meter, RuleKind.CONSECUTIVE, period, FindingState.OPEN, about.now)
