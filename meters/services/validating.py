"""Judges quarter-hours that were summed, and fills what nobody measured.

Closing windows leaves marks; a step works some off and deletes the ids it has read, so that a
mark that is still uncommitted is found by the next one. Rules are read anew in each step.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from meters.choices import FillMethod, FindingState, RuleKind
from meters.models import Finding, ValidationMark
from meters.selectors import judged
from meters.selectors.judged import Marked
from meters.services import finals, gaps
from meters.services.finals import Done
from meters.vee import checks
from meters.vee.checks import Verdict
from meters.vee.rules import Action, Kind, Rule
from segs_site.lib.locks import Lock
from segs_site.lib.periods import QUARTER, Period, local_day

WHOLE_A_STEP = 8  # two hours of every meter
MARKS_A_STEP = 1_000


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did: marks worked off, stretches found, quarter-hours filled."""

    marks: int = 0
    found: int = 0
    filled: int = 0


NOTHING = Step()


@dataclass(slots=True)
class _Found:
    """What is wrong with one quarter-hour after the other, by meter and rule."""

    verdict: Verdict
    starts: list[datetime] = field(default_factory=list)

    @property
    def end(self) -> datetime:
        return self.starts[-1] + QUARTER


def nobody_dark(_meters: Collection[int], _period: Period) -> Mapping[int, Sequence[Period]]:
    """Know of no outage."""
    return {}


def validate(
    *,
    now: datetime,
    darkness: gaps.Darkness = nobody_dark,
    holidays: frozenset[date] = frozenset(),
) -> Step:
    """Work off some marks; nothing to do is `NOTHING`.

    `darkness` tells when meters were without supply: nothing is estimated there. Safe to call
    from many places: one works, the others return.
    """
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    with transaction.atomic():
        if not _have_lock():
            return NOTHING
        ids, marked = _read_marks()
        if not ids:
            return NOTHING
        finals.wait_for_windows()
        rules = judged.rules()
        found = _judge(marked, rules, zone, now)
        filled = 0
        if Kind.GAP in rules:
            about = gaps.About(rules, zone, darkness, holidays, now)
            filled = gaps.fill_marked(marked, about)
        found += _check_sums(marked, rules, zone, now)
        _heal(rules, now)
        ValidationMark.objects.filter(pk__in=ids).delete()
    return Step(len(ids), found, filled)


def _have_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.VALIDATION])
        return bool(cursor.fetchone()[0])


def _read_marks() -> tuple[list[int], Marked]:
    rows = ValidationMark.objects.order_by("id").values_list("id", "meter_id", "start")
    whole: dict[datetime, None] = {}
    single: dict[tuple[int, datetime], None] = {}
    ids = []
    for pk, meter, start in rows[:MARKS_A_STEP]:
        if meter is not None:
            single[meter, start] = None
        elif start not in whole and len(whole) == WHOLE_A_STEP:
            break
        else:
            whole[start] = None
        ids.append(pk)
    return ids, Marked(sorted(whole), sorted(key for key in single if key[1] not in whole))


def _judge(marked: Marked, rules: Mapping[Kind, Rule], zone: ZoneInfo, now: datetime) -> int:
    """Judge single quarter-hours; return how many stretches were found."""
    found: list[tuple[int, _Found]] = []
    for meter, start, facts in judged.facts(marked, rules=rules, zone=zone):
        verdict = checks.judge(facts, list(rules.values()))
        if verdict is None:
            continue
        last = found[-1] if found else None
        if last and last[0] == meter and last[1].end == start and _same(last[1].verdict, verdict):
            last[1].starts.append(start)
        else:
            found.append((meter, _Found(verdict, [start])))
    changed: list[datetime] = []
    for meter, stretch in found:
        _write_down(meter, stretch, now)
        changed += _act(meter, stretch, rules, zone, now)
    finals.sum_regions(changed, now=now)
    return len(found)


def _same(one: Verdict, other: Verdict) -> bool:
    return one.rule.kind == other.rule.kind


def _write_down(meter: int, stretch: _Found, now: datetime) -> None:
    """Write a finding, or lengthen the one that ends where this one starts."""
    verdict, start = stretch.verdict, stretch.starts[0]
    kind = str(verdict.rule.kind)
    is_estimated = verdict.rule.action is Action.ESTIMATE
    state = FindingState.ESTIMATED if is_estimated else FindingState.OPEN
    before = Finding.objects.filter(meter_id=meter, rule=kind, end=start, state=state)
    if before.update(end=stretch.end, changed_at=now, value=verdict.value):
        return
    values = {
        "end": stretch.end, "state": state, "value": verdict.value, "limit": verdict.limit,
        "changed_at": now, "decided_by": "", "reason": "",
    }  # fmt: skip
    settled = Finding.objects.filter(meter_id=meter, rule=kind, start=start)
    if settled.filter(state__in=[FindingState.ACCEPTED], value=verdict.value).exists():
        return  # a person has seen just this
    Finding.objects.update_or_create(
        meter_id=meter,
        rule=kind,
        start=start,
        defaults=values,
        create_defaults=values | {"found_at": now},
    )


def _act(
    meter: int, stretch: _Found, rules: Mapping[Kind, Rule], zone: ZoneInfo, now: datetime
) -> list[datetime]:
    """Do what the rule says; return whose final values may have changed."""
    rule = stretch.verdict.rule
    if rule.action is Action.NOTE:
        return []
    flagged = Done(meter, stretch.starts[0], stretch.end, FillMethod.FLAGGED, str(rule.kind))
    finals.flag(flagged, starts=stretch.starts, now=now)
    if rule.action is Action.ESTIMATE and Kind.GAP in rules:
        gap = Period(stretch.starts[0], stretch.end)
        filling = gaps.filling(meter, gap, rule=rules[Kind.GAP], zone=zone)
        if filling is not None:
            done = Done(meter, gap.start, gap.end, FillMethod(filling.method), str(rule.kind))
            finals.replace(done, starts=stretch.starts, energies=filling.energies, now=now)
    return stretch.starts


def _check_sums(marked: Marked, rules: Mapping[Kind, Rule], zone: ZoneInfo, now: datetime) -> int:
    """Hold local days that are over against what registers counted."""
    if Kind.SUM_CHECK not in rules:
        return 0
    days: dict[date, set[int] | None] = {}
    for meter, start in marked.single:
        wanted = days.setdefault(start.astimezone(zone).date(), set())
        if wanted is not None:
            wanted.add(meter)
    for start in marked.whole:
        if (start + QUARTER).astimezone(zone).date() != (day := start.astimezone(zone).date()):
            days[day] = None
    return sum(
        _check_day(local_day(day, zone), meters, rules[Kind.SUM_CHECK], now)
        for day, meters in days.items()
    )


def _check_day(day: Period, meters: Iterable[int] | None, rule: Rule, now: datetime) -> int:
    found, right = 0, []
    ids = None if meters is None else sorted(meters)
    for meter, counted, summed in judged.counted_days(day, meter_ids=ids):
        verdict = checks.differs_from_register(counted_mwh=counted, summed_mwh=summed, rule=rule)
        if verdict is None:
            right.append(meter)
            continue
        quarters = [day.start, day.end - QUARTER]
        _write_down(meter, _Found(verdict, quarters), now)
        found += 1
    Finding.objects.filter(
        rule=RuleKind.SUM_CHECK, state=FindingState.OPEN, start=day.start, meter_id__in=right
    ).update(state=FindingState.HEALED, changed_at=now)
    return found


_HEALED = """
UPDATE meters_finding f SET state = 'healed', changed_at = %(now)s
WHERE f.state IN ('open', 'estimated') AND (
    f.rule = ANY(%(suspecting)s) AND NOT EXISTS (
        SELECT FROM meters_quarter w WHERE w.meter_id = f.meter_id
         AND w.start >= f.start AND w.start < f."end" AND w.edit_id IS NOT NULL)
    OR f.rule = 'conflict' AND f.found_at < %(now)s AND NOT EXISTS (
        SELECT FROM meters_quarantinedreading h JOIN meters_meter m ON m.serial = h.serial
        WHERE m.id = f.meter_id AND h.reason = 'conflict' AND h.state = 'open'
          AND h.ts > f.start AND h.ts <= f."end"))
"""


def _heal(rules: Mapping[Kind, Rule], now: datetime) -> None:
    """Settle what late data put right: the raw value changed, and nothing is wrong with it."""
    suspecting = [
        str(rule.kind)
        for rule in rules.values()
        if rule.kind in checks.CHECKS and rule.action is not Action.NOTE
    ]
    with connection.cursor() as cursor:
        cursor.execute(_HEALED, {"now": now, "suspecting": suspecting})


def mark(period: Period) -> int:
    """Have the quarter-hours of a period judged, again or for the first time; return how many."""
    marks = [ValidationMark(start=one.start) for one in period.windows(QUARTER)]
    return len(ValidationMark.objects.bulk_create(marks))


def mark_conflicts(*, now: datetime, since: timedelta = timedelta(hours=1)) -> int:
    """Have quarter-hours judged that a second value came for: it left no mark of its own."""
    with connection.cursor() as cursor:
        cursor.execute(_CONFLICTS, {"since": now - since})
        return cursor.rowcount


_CONFLICTS = """
INSERT INTO meters_validationmark (meter_id, start)
SELECT DISTINCT m.id, date_bin('15 minutes', h.ts - interval '1 microsecond', '1970-01-01Z')
FROM meters_quarantinedreading h JOIN meters_meter m ON m.serial = h.serial
WHERE h.reason = 'conflict' AND h.state = 'open' AND h.received_at >= %(since)s
  AND NOT EXISTS (SELECT FROM meters_finding f
                  WHERE f.meter_id = m.id AND f.rule = 'conflict'
                    AND f.start < h.ts AND f."end" >= h.ts)
  AND NOT EXISTS (SELECT FROM meters_validationmark k WHERE k.meter_id = m.id)
  AND EXISTS (SELECT FROM meters_quarter w WHERE w.meter_id = m.id AND w.start
              = date_bin('15 minutes', h.ts - interval '1 microsecond', '1970-01-01Z')
              AND w.edit_id IS NULL)
"""
