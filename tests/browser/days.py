"""A meter to look at: a month of quarter-hours, a day with a gap, readings, held readings."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import F

from alerts.conditions.kinds import Kind, On, Severity, Subject, Trigger
from alerts.services import raising
from benchmarks import quarters
from meters.models import (
    READINGS,
    Finding,
    Meter,
    QuarantinedReading,
    QuarterWindow,
    Reading,
    WindowClock,
)
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.periods import DAY, QUARTER, floor, local_day

WEEKS, READ = 4, 120
GAP, ESTIMATED = range(13, 18), range(60, 63)  # quarter-hours of yesterday


def lay_month(serial: str, *, now: datetime) -> Meter:
    """Give a meter the days of four weeks up to now, and what else its page shows."""
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    today = now.astimezone(zone).date()
    meter = Meter.objects.get(serial=serial)
    Meter.objects.filter(pk=meter.pk).update(registered_at=now - timedelta(weeks=WEEKS + 1))
    end = floor(now, QUARTER)
    quarters.fill(
        [meter.pk], start=local_day(today - WEEKS * 7 * DAY, zone).start, end=end, kw=1.0
    )
    WindowClock.objects.update_or_create(pk=1, defaults={"closed_until": end})
    _shape(meter, zone)
    _spoil(meter, local_day(today - DAY, zone).start)
    _say(meter, now)
    about = Subject(On.METER, meter.pk)
    triggers = [
        Trigger(Kind.VOLTAGE, about, Severity.MEDIUM, since=now - DAY, value=254.2, limit=253.0)
    ]
    raising.raise_all(triggers=triggers, now=now - DAY)
    return meter


def hold(serial: str, *, count: int, now: datetime) -> None:
    """Hold readings of a meter, and nothing else."""
    QuarantinedReading.objects.all().delete()
    for place in range(count):
        at = now - timedelta(minutes=place)
        item = {
            "readingId": f"r-{place}",
            "meterId": serial,
            "timestamp": at.isoformat(),
            "powerKw": 412.5 + place,
            "region": "North",
        }
        QuarantinedReading.objects.create(
            serial=serial,
            ts=at,
            reading_id=f"r-{place}",
            reason="beyond_limit",
            raw=json.dumps(item),
            received_at=at,
            origin=f"laid/{place}",
        )


def find(serial: str, *, now: datetime) -> Finding:
    """Have one gap of a meter in the worklist: an hour of the day before yesterday."""
    meter = Meter.objects.get(serial=serial)
    start = floor(now, DAY) - 2 * DAY
    Finding.objects.filter(meter=meter).delete()
    gone = QuarterWindow.objects.of(meter).within(start + QUARTER, start + 2 * QUARTER)
    gone.delete()
    return Finding.objects.create(
        meter=meter, rule="gap", start=start, end=start + 4 * QUARTER, state="open", value=60,
        found_at=now, changed_at=now,
    )  # fmt: skip


# Little at night, more in the morning, most in the evening; no two days alike.
_SHAPE = """
UPDATE meters_quarter q SET mean_mw = k.mw, min_mw = k.mw / 2, max_mw = k.mw * 2,
    energy_mwh = k.mw / 4, mean_mv = 231000 + round(2500 * sin(k.hour / 4))
FROM (
    SELECT start, hour, round(1e6 * (0.9 + 0.05 * (day * 7 %% 5)) * (0.25
        + 1.1 * exp(-power(hour - 7.5, 2) / 2) + 2.2 * exp(-power(hour - 19.5, 2) / 5)
        + 0.08 * sin(extract(epoch FROM start)::float / 977)))::bigint AS mw
    FROM (
        SELECT start, extract(day FROM start AT TIME ZONE %(zone)s)::int AS day,
               extract(epoch FROM (start AT TIME ZONE %(zone)s)::time)::float / 3600 AS hour
        FROM meters_quarter WHERE meter_id = %(meter)s
    ) t
) k
WHERE q.meter_id = %(meter)s AND q.start = k.start
"""


def _shape(meter: Meter, zone: ZoneInfo) -> None:
    """Let it draw as a household does."""
    with connection.cursor() as cursor:
        cursor.execute(_SHAPE, {"meter": meter.pk, "zone": zone.key})


def _spoil(meter: Meter, midnight: datetime) -> None:
    """Take a part of a day away, and let another be partly estimated."""
    gone = [midnight + place * QUARTER for place in GAP]
    QuarterWindow.objects.filter(meter=meter, start__in=gone).delete()
    guessed = [midnight + place * QUARTER for place in ESTIMATED]
    QuarterWindow.objects.filter(meter=meter, start__in=guessed).update(
        estimated_mwh=F("energy_mwh") / 3, count=60, quality=Quality.ESTIMATED
    )


def _say(meter: Meter, now: datetime) -> None:
    last = now.replace(microsecond=0)
    stamps = [last - place * timedelta(seconds=10) for place in range(READ)]
    partitions.ensure(READINGS, sorted({stamp.date() for stamp in stamps}))
    Reading.objects.bulk_create(
        Reading(
            meter=meter,
            ts=stamp,
            power_mw=500_000 + 1_000 * place,
            register_mwh=8_123_456_000 - 1_400 * place,
            voltage_mv=230_000 + 10 * place,
            seq=9_000 - place,
            received_at=stamp + timedelta(seconds=1),
        )
        for place, stamp in enumerate(stamps)
    )
