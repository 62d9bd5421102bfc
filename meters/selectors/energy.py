"""How much was used: sums of quarter-hours over stretches of time, with what they are made of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import connection

from segs_site.lib.choices import Quality
from segs_site.lib.periods import QUARTER, Period

INSTANT = timedelta(microseconds=1)

_SUMS = """
SELECT s.subject, width_bucket(q.start, %(edges)s::timestamptz[]) AS bucket, q.quality, count(*),
       sum(q.energy_mwh), sum(q.estimated_mwh), sum({fed_in}), sum(q.mean_mw), min(q.min_mw),
       max(q.max_mw), sum(q.mean_mv), count(q.mean_mv)
FROM unnest(%(subjects)s::int[], %(meters)s::int[], %(starts)s::timestamptz[],
            %(ends)s::timestamptz[]) AS s (subject, meter_id, start, until)
JOIN meters_quarter q ON q.meter_id = s.meter_id AND q.start >= s.start AND q.start <= s.until
WHERE q.start >= %(first)s AND q.start < %(last)s
GROUP BY 1, 2, 3
"""
# At an exchange two meters share a quarter-hour: for their subject it is one, of the lower
# quality, and its mean power is that of its energy.
_SUMS_OF_SEVERAL = """
SELECT q.subject, width_bucket(q.start, %(edges)s::timestamptz[]) AS bucket, q.quality, count(*),
       sum(q.energy_mwh), sum(q.estimated_mwh), sum(q.export_mwh), sum(q.mean_mw), min(q.min_mw),
       max(q.max_mw), sum(q.mean_mv), count(q.mean_mv)
FROM (
    SELECT s.subject, q.start, min(q.quality) AS quality, sum(q.energy_mwh) AS energy_mwh,
           sum(q.estimated_mwh) AS estimated_mwh, sum({fed_in}) AS export_mwh,
           CASE WHEN count(*) = 1 THEN min(q.mean_mw) ELSE sum(q.energy_mwh) * 4 END AS mean_mw,
           min(q.min_mw) AS min_mw, max(q.max_mw) AS max_mw, round(avg(q.mean_mv)) AS mean_mv
    FROM unnest(%(subjects)s::int[], %(meters)s::int[], %(starts)s::timestamptz[],
                %(ends)s::timestamptz[]) AS s (subject, meter_id, start, until)
    JOIN meters_quarter q ON q.meter_id = s.meter_id AND q.start >= s.start AND q.start <= s.until
    WHERE q.start >= %(first)s AND q.start < %(last)s
    GROUP BY s.subject, q.start
) q
GROUP BY 1, 2, 3
"""
_FED_IN = "coalesce(q.export_mwh, greatest(-q.energy_mwh, 0))"  # older windows kept the net alone


@dataclass(frozen=True, slots=True)
class Span:
    """A meter for as long as it counts for a subject, which is any number, such as a place's.

    `period` is when it hung there; `within` the time that is asked for and the subject's, which
    holds windows whole. A window in whose middle the meter was hung or taken down counts: it is
    of the time that it hung.
    """

    subject: int
    meter_id: int
    period: Period
    within: Period | None = None

    def starts(self, length: timedelta) -> tuple[datetime, datetime]:
        """Return the first and the last moment at which a window that counts may start."""
        within = self.within or self.period
        first = max(within.start, self.period.start - length + INSTANT)
        return first, min(within.end - length, self.period.end - INSTANT)


@dataclass(slots=True)
class Sum:
    """What quarter-hours add up to; nothing found is nothing known, not zero.

    Milliwatt-hours, milliwatts, millivolts. `by_quality` holds the energy of windows of each
    quality; `estimated_mwh` is the part of all of it that no reading covered; `export_mwh` what
    was fed in. Energy is net: what was drawn less what was fed in.
    """

    found: int = 0
    estimated_mwh: int = 0
    export_mwh: int = 0
    by_quality: dict[Quality, int] = field(default_factory=dict)
    lowest_mw: int | None = None
    highest_mw: int | None = None
    _means_mw: int = 0
    _volts_mv: int = 0
    _volts: int = 0

    @property
    def energy_mwh(self) -> int | None:
        """The energy of what was found."""
        return sum(self.by_quality.values()) if self.found else None

    @property
    def import_mwh(self) -> int | None:
        """What was drawn, whatever was fed in."""
        net = self.energy_mwh
        return None if net is None else net + self.export_mwh

    @property
    def mean_mw(self) -> int | None:
        """The mean power of what was found, divided once."""
        return round(self._means_mw / self.found) if self.found else None

    @property
    def mean_mv(self) -> int | None:
        """The mean voltage of what was found."""
        return round(self._volts_mv / self._volts) if self._volts else None

    @classmethod
    def of_row(cls, row: Sequence[int]) -> Self:
        """Make one of a row of one quality."""
        quality, found, energy, estimated, fed_in, means, low, high, volts_mv, volts = row
        return cls(
            found=found,
            estimated_mwh=int(estimated),
            export_mwh=int(fed_in),
            by_quality={Quality(quality): int(energy)},
            lowest_mw=low,
            highest_mw=high,
            _means_mw=int(means),
            _volts_mv=int(volts_mv or 0),
            _volts=volts,
        )

    def add(self, other: "Sum") -> None:
        """Take in what was found elsewhere or under another quality."""
        self.found += other.found
        self.estimated_mwh += other.estimated_mwh
        self.export_mwh += other.export_mwh
        for quality, energy in other.by_quality.items():
            self.by_quality[quality] = self.by_quality.get(quality, 0) + energy
        self.lowest_mw = _pick(min, self.lowest_mw, other.lowest_mw)
        self.highest_mw = _pick(max, self.highest_mw, other.highest_mw)
        self._means_mw += other._means_mw
        self._volts_mv += other._volts_mv
        self._volts += other._volts


def _pick(choose: Callable[[list[int]], int], one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return choose(known) if known else None


Sums = dict[tuple[int, int], Sum]  # by subject and place of the bucket


def sums(*, spans: Sequence[Span], buckets: Sequence[Period]) -> Sums:
    """Return what each subject used in each bucket where anything is known: one query.

    Buckets follow each other without a gap. A quarter-hour belongs to the bucket it starts in,
    and counts when `Span.starts` says so: once for its subject, however many meters measured it.
    """
    if not spans or not buckets:
        return {}
    found: Sums = {}
    for subject, bucket, *row in _rows(spans, buckets):
        found.setdefault((subject, bucket - 1), Sum()).add(Sum.of_row(row))
    return found


def _rows(spans: Sequence[Span], buckets: Sequence[Period]) -> list[tuple[int, ...]]:
    bounds = [span.starts(QUARTER) for span in spans]
    subjects = [span.subject for span in spans]
    parameters: dict[str, Any] = {
        "edges": [bucket.start for bucket in buckets],
        "subjects": subjects,
        "meters": [span.meter_id for span in spans],
        "starts": [first for first, _ in bounds],
        "ends": [last for _, last in bounds],
        "first": buckets[0].start,
        "last": buckets[-1].end,
    }
    statement = _SUMS if len(set(subjects)) == len(subjects) else _SUMS_OF_SEVERAL
    with connection.cursor() as cursor:
        cursor.execute(statement.format(fed_in=_FED_IN), parameters)
        return cursor.fetchall()


def total(parts: Iterable[Sum]) -> Sum:
    """Return the sum of sums."""
    whole = Sum()
    for part in parts:
        whole.add(part)
    return whole


@dataclass(frozen=True, slots=True)
class Consumer:
    """How much one meter used, and where it hangs now."""

    serial: str
    service_point: str | None
    region: str | None
    energy_mwh: int
    estimated_mwh: int
    highest_mw: int
    found: int


_TOP = """
SELECT m.serial, p.code, r.code, t.energy, t.estimated, t.high, t.found
FROM (
    SELECT meter_id, sum(energy_mwh) AS energy, sum(estimated_mwh) AS estimated,
           max(max_mw) AS high, count(*) AS found
    FROM meters_quarter
    WHERE start >= %(start)s AND start < %(end)s
      AND (%(region)s::int IS NULL OR region_id = %(region)s::int)
    GROUP BY meter_id ORDER BY energy DESC, meter_id LIMIT %(limit)s
) t
JOIN meters_meter m ON m.id = t.meter_id
LEFT JOIN meters_meterinstallation i ON i.meter_id = m.id AND i.during @> %(now)s::timestamptz
LEFT JOIN meters_servicepoint p ON p.id = i.service_point_id
LEFT JOIN grid_region r ON r.id = p.region_id
ORDER BY t.energy DESC, m.id
"""


def top_consumers(
    *, period: Period, region_id: int | None, limit: int, now: datetime
) -> list[Consumer]:
    """Return the meters that used most in a period, in one region or all, most first.

    A window counts for the region its meter hung in then. Reads every quarter-hour of the
    period: a month of 5,000 meters takes seconds, so its answer is worth keeping for a while.
    """
    parameters: dict[str, Any] = {
        "start": period.start,
        "end": period.end,
        "region": region_id,
        "limit": limit,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TOP, parameters)
        return [_consumer(*row) for row in cursor.fetchall()]


def _consumer(
    serial: str,
    point: str | None,
    region: str | None,
    energy: int,
    estimated: int,
    high: int,
    found: int,
) -> Consumer:
    return Consumer(serial, point, region, int(energy), int(estimated), high, found)
