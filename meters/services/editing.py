"""What a person decides about intervals: accept what stands, enter it, or have it estimated.

Each decision settles one finding, once, and is an `IntervalEdit` that nobody can change; the raw
values stay beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from meters.choices import FillMethod, FindingState, RuleKind
from meters.models import QUARTERS, Finding, IntervalEdit, Meter, QuarterWindow
from meters.selectors import judged
from meters.services import finals, gaps
from meters.services.finals import Done
from meters.vee import filling as calculation
from meters.vee import rules
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.periods import QUARTER, Period
from segs_site.lib.quantities import MWH_PER_KWH, from_kwh

FILLED = (RuleKind.GAP, RuleKind.CONSECUTIVE)


class AlreadySettled(Exception):
    """Somebody decided before, or late data healed it."""


class NothingThere(Exception):
    """There is nothing that could be accepted: no value stands there."""


class NotEstimable(Exception):
    """Neither neighbours nor history nor registers say what it was."""


class Misentered(Exception):
    """The energies are not what the stretch and the meter can hold; the text says why."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, when, and why."""

    by: str
    reason: str
    now: datetime


def accept(*, pk: int, decision: Decision) -> Finding:
    """Let what stands stand: the raw value where there is one, else the estimate.

    Raises Finding.DoesNotExist, AlreadySettled and NothingThere.
    """
    with transaction.atomic():
        finals.wait_for_windows()
        found = _settle(pk, FindingState.ACCEPTED, decision)
        windows = list(_windows(found).select_related("edit"))
        if not windows:
            raise NothingThere
        raw = [one.start for one in windows if one.raw_mwh is not None and _is_ours(one, found)]
        guessed = [one.start for one in windows if found.rule in FILLED and one.count == 0]
        done = _done(found, FillMethod.ACCEPTED, decision)
        if raw:
            finals.restore(done, starts=raw, now=decision.now)
        if guessed:
            finals.consent(done, starts=guessed, now=decision.now)
        if not raw and not guessed:
            _write(done, decision)
        finals.sum_regions(raw, now=decision.now)
    return found


def edit(*, pk: int, kwh: Sequence[Decimal] | Decimal, decision: Decision) -> Finding:
    """Enter the energies of a finding's quarter-hours, or their sum, which takes their shape.

    Raises Finding.DoesNotExist, AlreadySettled and Misentered.
    """
    with transaction.atomic():
        finals.wait_for_windows()
        found = _settle(pk, FindingState.EDITED, decision)
        starts = _starts(found)
        energies = _energies(found, starts, kwh)
        _check(found.meter, energies)
        partitions.ensure(QUARTERS, {start.date() for start in starts})
        done = _done(found, FillMethod.EDITED, decision)
        finals.put(done, starts=starts, energies=energies, now=decision.now)
        finals.sum_regions(starts, now=decision.now)
    return found


def estimate(*, pk: int, decision: Decision) -> Finding:
    """Put estimates in the place of a finding's quarter-hours, also in a known outage.

    Raises Finding.DoesNotExist, AlreadySettled and NotEstimable.
    """
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    with transaction.atomic():
        finals.wait_for_windows()
        found = _settle(pk, FindingState.ESTIMATED, decision)
        gap = Period(found.start, found.end)
        rule = judged.rules().get(rules.Kind.GAP) or rules.checked(
            rules.Kind.GAP, rules.Action.ESTIMATE, {}
        )
        filling = gaps.filling(found.meter_id, gap, rule=rule, zone=zone)
        if filling is None:
            raise NotEstimable
        done = _done(found, FillMethod(filling.method), decision)
        starts = _starts(found)
        finals.put(done, starts=starts, energies=filling.energies, now=decision.now)
        finals.sum_regions(starts, now=decision.now)
    return found


def _settle(pk: int, state: FindingState, decision: Decision) -> Finding:
    """Claim a finding; whoever is first decides."""
    waiting = FindingState.waiting()
    claimed = Finding.objects.filter(pk=pk, state__in=waiting) | Finding.objects.filter(
        pk=pk, state=FindingState.ESTIMATED, decided_by=""
    )
    if not claimed.update(
        state=state, decided_by=decision.by, reason=decision.reason, changed_at=decision.now
    ):
        row = Finding.objects.get(pk=pk)
        message = f"it was {row.state} by {row.decided_by or 'itself'}"
        raise AlreadySettled(message)
    return Finding.objects.select_related("meter").get(pk=pk)


def _windows(found: Finding) -> QuerySet[QuarterWindow]:
    rows = QuarterWindow.objects.filter(
        meter=found.meter_id, start__gte=found.start, start__lt=found.end
    )
    return cast("QuerySet[QuarterWindow]", rows)


def _is_ours(window: QuarterWindow, found: Finding) -> bool:
    return window.edit is not None and window.edit.rule == found.rule


def _starts(found: Finding) -> list[datetime]:
    return [one.start for one in Period(found.start, found.end).windows(QUARTER)]


def _energies(
    found: Finding, starts: Sequence[datetime], kwh: Sequence[Decimal] | Decimal
) -> list[int]:
    if isinstance(kwh, Decimal):
        estimates = _windows(found).filter(quality=Quality.ESTIMATED)
        standing = dict(estimates.values_list("start", "energy_mwh"))
        shape = [standing.get(start, 0) for start in starts]
        return list(calculation.spread(shape, from_kwh(kwh)))
    if len(kwh) != len(starts):
        message = f"{len(starts)} values are meant, one a quarter-hour"
        raise Misentered(message)
    return [from_kwh(value) for value in kwh]


def _check(meter: Meter, energies: Sequence[int]) -> None:
    limit = meter.limit_kw * MWH_PER_KWH / 4
    if max(abs(energy) for energy in energies) > limit:
        message = f"more than {limit / MWH_PER_KWH:g} kWh a quarter-hour cannot flow there"
        raise Misentered(message)
    if meter.flow == "import" and min(energies) < 0:
        message = "nothing is fed in at this meter"
        raise Misentered(message)


def _done(found: Finding, method: FillMethod, decision: Decision) -> Done:
    return Done(
        found.meter_id, found.start, found.end, method, found.rule, decision.by, decision.reason
    )


def _write(done: Done, decision: Decision) -> IntervalEdit:
    """Write down a consent that changes no quarter-hour."""
    return IntervalEdit.objects.create(
        meter_id=done.meter_id, start=done.start, end=done.end, method=done.method,
        rule=done.rule, by=done.by, reason=done.reason, at=decision.now,
    )  # fmt: skip
