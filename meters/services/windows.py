"""Closes minutes once every shard has passed them, and heals those that late readings touch.

Marks say which minutes have readings that their windows do not know. They are only ever added;
a close deletes the ids it has read and no others, so a mark that is still uncommitted while a
close runs is found by the next one.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from grid import live as grid_live
from grid.models import RegionMinute
from meters.models import MINUTES, QUARTERS, ValidationMark, WindowClock, WindowMark
from meters.services import sums
from segs_site.lib import partitions
from segs_site.lib.locks import Lock
from segs_site.lib.periods import DAY, MINUTE, QUARTER, floor

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=5)  # the time a reading may take from its stamp to its shard's clock
MINUTES_A_STEP = 15
MARKS_A_STEP = 20_000
FRESH = timedelta(hours=1)  # a change to an older minute is for those who ask, not for screens


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks that a step works off: whole minutes by shard, and single meters' minutes."""

    ids: Sequence[int]
    whole: dict[datetime, set[int]]
    single: Sequence[tuple[int, datetime]]
    shards: Sequence[int]

    @property
    def minutes(self) -> set[datetime]:
        """Every minute that a mark names."""
        return set(self.whole) | {minute for _, minute in self.single}


@dataclass(frozen=True, slots=True)
class Step:
    """What one step closed: minutes closed for the first time, minutes summed anew."""

    closed: int
    revised: int


NOTHING = Step(0, 0)


def close(*, consumed_until: datetime, now: datetime) -> Step:
    """Close what is due, one step of it; nothing to do is `NOTHING`.

    `consumed_until` is the clock of the shard that is furthest behind: every reading that
    arrived before it is stored. Safe to call from many places: one works, the others return.
    """
    until = floor(consumed_until - GRACE, MINUTE)
    due = _due(until)
    _ensure_partitions(due, until)
    with transaction.atomic():
        if not _have_lock():
            return NOTHING
        closed_until = _closed_until()
        due = _minutes(closed_until, until)
        end = due[-1] + MINUTE if due else closed_until
        marks = _read_marks(before=end, now=now)
        if not due and not marks.ids:
            return NOTHING
        _sum(marks, due, end, now)
        WindowMark.objects.filter(pk__in=marks.ids).delete()
        WindowClock.objects.update(closed_until=end)
    return Step(len(due), len(marks.minutes - set(due)))


def _have_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.WINDOWS])
        return bool(cursor.fetchone()[0])


def _closed_until() -> datetime:
    return WindowClock.objects.values_list("closed_until", flat=True).get()


def _due(until: datetime) -> list[datetime]:
    return _minutes(_closed_until(), until)


def _minutes(closed_until: datetime, until: datetime) -> list[datetime]:
    count = max(0, min(MINUTES_A_STEP, (until - closed_until) // MINUTE))
    return [closed_until + MINUTE * step for step in range(count)]


def _ensure_partitions(due: Sequence[datetime], until: datetime) -> None:
    marked = WindowMark.objects.filter(minute__lt=until).order_by("minute")
    minutes = marked.values_list("minute", flat=True).distinct()[:MARKS_A_STEP]
    days = {minute.date() for minute in (*due, *minutes)}
    partitions.ensure(MINUTES, days)
    partitions.ensure(QUARTERS, days)


def _read_marks(*, before: datetime, now: datetime) -> Marks:
    rows = list(
        WindowMark.objects.filter(minute__lt=before)
        .order_by("minute", "id")
        .values_list("id", "shard", "meter_id", "minute")[:MARKS_A_STEP]
    )
    kept_from = raw_kept_from(now=now)
    whole: dict[datetime, set[int]] = {}
    single: set[tuple[int, datetime]] = set()
    for _, shard, meter, minute in rows:
        if minute < kept_from:
            continue  # some of its raw rows are gone: a sum of the rest would be a lie
        if meter is None:
            whole.setdefault(minute, set()).add(shard)
        else:
            single.add((meter, minute))
    past = sum(minute < kept_from for *_, minute in rows)
    if past:
        log.warning("left %s marks alone: raw readings of before %s are gone", past, kept_from)
    return Marks(
        ids=[row[0] for row in rows],
        whole=whole,
        single=sorted(single),
        shards=sorted({row[1] for row in rows}),
    )


def raw_kept_from(*, now: datetime) -> datetime:
    """Return the moment from which every raw reading is still there."""
    return floor(now, DAY) - DAY * settings.SEGS_RAW_RETENTION_DAYS


def _sum(marks: Marks, due: Sequence[datetime], end: datetime, now: datetime) -> None:
    with connection.cursor() as cursor:
        for minute, shards in marks.whole.items():
            sums.whole_minute(cursor, minute=minute, shards=sorted(shards), now=now)
        if marks.single:
            sums.single_minutes(cursor, pairs=marks.single, shards=marks.shards, now=now)
        touched = sorted(marks.minutes | set(due))
        changed = sums.region_minutes(cursor, starts=touched, now=now)
        _sum_quarters(cursor, marks, due, end, now)
    _announce(changed, now)


def _sum_quarters(
    cursor: object, marks: Marks, due: Sequence[datetime], end: datetime, now: datetime
) -> None:
    """Sum the quarter-hours that are over and that the step touched."""
    whole = _over({*due, *marks.whole}, end)
    single = {(meter, floor(minute, QUARTER)) for meter, minute in marks.single}
    pairs = sorted((m, q) for m, q in single if q not in whole and q + QUARTER <= end)
    if whole:
        sums.whole_quarters(cursor, starts=sorted(whole), now=now)
    if pairs:
        sums.single_quarters(cursor, pairs=pairs, now=now)
    touched = whole | {quarter for _, quarter in pairs}
    if touched:
        sums.region_quarters(cursor, starts=sorted(touched), now=now)
    _mark_to_validate(sorted(whole), pairs)


def _mark_to_validate(whole: Sequence[datetime], pairs: Sequence[tuple[int, datetime]]) -> None:
    marks = [ValidationMark(start=start) for start in whole]
    marks += [ValidationMark(meter_id=meter, start=start) for meter, start in pairs]
    ValidationMark.objects.bulk_create(marks)


def _over(minutes: Iterable[datetime], end: datetime) -> set[datetime]:
    quarters = {floor(minute, QUARTER) for minute in minutes}
    return {quarter for quarter in quarters if quarter + QUARTER <= end}


def _announce(changed: Sequence[int], now: datetime) -> None:
    fresh = RegionMinute.objects.filter(pk__in=changed, start__gte=now - FRESH)
    loads = list(fresh.select_related("region").order_by("start", "region_id"))
    grid_live.announce_loads(loads=loads, now=now)
