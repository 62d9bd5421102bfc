"""One local day of one meter, quarter-hour by quarter-hour, beside what is typical of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from meters.choices import Found
from meters.models import Meter, WindowClock
from meters.selectors import histories
from meters.selectors.energy import Span
from meters.selectors.histories import Resolution
from segs_site.lib.choices import Quality
from segs_site.lib.periods import DAY, QUARTER, Period, local_day

WEEKS_LOOKED_AT = 4  # of working days 20, of weekend days 8
LEAST_DAYS = 3  # fewer days say nothing of what is typical
SATURDAY = 5  # by `date.weekday`

_TYPICAL = """
SELECT (start AT TIME ZONE %(zone)s)::time,
       percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY mean_mw)
FROM meters_quarter
WHERE meter_id = %(meter)s AND start >= %(start)s AND start < %(end)s AND quality >= %(least)s
  AND (extract(isodow FROM start AT TIME ZONE %(zone)s) > 5) = %(is_weekend)s
GROUP BY 1 HAVING count(*) >= %(days)s
"""


@dataclass(frozen=True, slots=True)
class Typical:
    """What a meter draws at a time of day: on half of the days between `low` and `high`.

    All of it is None where too few days are known.
    """

    low_mw: float | None = None
    middle_mw: float | None = None
    high_mw: float | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A quarter-hour: what is found of it, its window (as of a history), and what is typical."""

    start: datetime
    found: Found
    window: Mapping[str, Any] | None
    typical: Typical

    @property
    def mean_mw(self) -> int | None:
        """Its mean power."""
        return None if self.window is None else self.window["mean_mw"]

    @property
    def mean_mv(self) -> int | None:
        """Its mean voltage."""
        return None if self.window is None else self.window["mean_mv"]

    @property
    def measured_mwh(self) -> int | None:
        """The part of its energy that readings cover."""
        if self.window is None:
            return None
        part: int = self.window["energy_mwh"] - self.window["estimated_mwh"]
        return part


@dataclass(frozen=True, slots=True)
class Stretch:
    """Quarter-hours that follow each other, and of which the same is found."""

    found: Found
    period: Period

    @property
    def quarters(self) -> int:
        """How many they are."""
        return self.period.length // QUARTER


@dataclass(frozen=True, slots=True)
class Day:
    """A local day of a meter: 92, 96 or 100 quarter-hours."""

    day: date
    slots: Sequence[Slot]

    @property
    def before(self) -> date:
        """The day before."""
        return self.day - DAY

    @property
    def after(self) -> date:
        """The day after."""
        return self.day + DAY

    @property
    def is_shifted(self) -> bool:
        """Whether the clock changes, so that an hour comes twice or never."""
        return len(self.slots) != DAY // QUARTER

    @property
    def has_typical(self) -> bool:
        """Whether enough days are known to say what is typical."""
        return any(slot.typical.middle_mw is not None for slot in self.slots)

    @property
    def windows(self) -> list[Mapping[str, Any]]:
        """The windows of quarter-hours of which anything is known."""
        return [slot.window for slot in self.slots if slot.window is not None]

    @property
    def energy_mwh(self) -> int | None:
        """The energy of what is known; None where nothing is."""
        return sum(window["energy_mwh"] for window in self.windows) if self.windows else None

    @property
    def by_quality(self) -> list[tuple[Quality, int]]:
        """The energy of each quality, the best first."""
        sums: dict[Quality, int] = {}
        for window in self.windows:
            quality = Quality(window["quality"])
            sums[quality] = sums.get(quality, 0) + window["energy_mwh"]
        return sorted(sums.items(), reverse=True)

    @property
    def missing(self) -> list[Stretch]:
        """Where nothing is known, though it should be."""
        return self._stretches(Found.MISSING)

    @property
    def estimated(self) -> list[Stretch]:
        """Where no reading covers a part."""
        return self._stretches(Found.PARTLY)

    def _stretches(self, found: Found) -> list[Stretch]:
        runs = [
            [slot.start for slot in run]
            for what, run in groupby(self.slots, key=lambda slot: slot.found)
            if what is found
        ]
        return [Stretch(found, Period(run[0], run[-1] + QUARTER)) for run in runs]


def of_meter(*, meter: Meter, day: date, zone: ZoneInfo, now: datetime) -> Day:
    """Return a day of a meter by the clock of a zone."""
    period = local_day(day, zone)
    spans = [Span(0, meter.pk, period)]
    windows = {
        row["at"]: row for row in histories.history(spans=spans, resolution=Resolution.QUARTER)
    }
    usual = typical(meter_id=meter.pk, day=day, zone=zone)
    closed = WindowClock.objects.values_list("closed_until", flat=True).first() or now
    slots = [
        Slot(
            start=quarter.start,
            found=_found(windows.get(quarter.start), quarter, meter.registered_at, closed, now),
            window=windows.get(quarter.start),
            typical=usual.get(quarter.start.astimezone(zone).time(), Typical()),
        )
        for quarter in period.windows(QUARTER)
    ]
    return Day(day, slots)


def _found(
    window: Mapping[str, Any] | None,
    quarter: Period,
    registered_at: datetime,
    closed: datetime,
    now: datetime,
) -> Found:
    if window is not None:
        return Found.PARTLY if window["estimated_mwh"] else Found.KNOWN
    if quarter.end > now:
        return Found.AHEAD
    if quarter.start < registered_at:
        return Found.BEFORE
    return Found.WAITING if quarter.end > closed else Found.MISSING


def typical(*, meter_id: int, day: date, zone: ZoneInfo) -> dict[time, Typical]:
    """Return what is typical of a working or a weekend day, by time of day.

    Only of days before it, and of what was measured: an estimate would make itself typical.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _TYPICAL,
            {
                "zone": zone.key,
                "meter": meter_id,
                "start": local_day(day - WEEKS_LOOKED_AT * 7 * DAY, zone).start,
                "end": local_day(day, zone).start,
                "least": int(Quality.CALCULATED),
                "is_weekend": day.weekday() >= SATURDAY,
                "days": LEAST_DAYS,
            },
        )
        return {at: Typical(*parts) for at, parts in cursor.fetchall()}
