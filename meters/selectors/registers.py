"""What registers showed: where they began anew, in which exchange they were read, what they moved.

A register's read is taken as it is shown; consumption of it is times the ratio of the place, once.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from meters.models import MeterExchange, MeterInstallation, RegisterTurn
from segs_site.lib.periods import EPOCH, Period

SHOWN = 20  # exchanges, turns
# The highest of the newest reads: a dip among them is not where the register stands.
_STOOD = """
SELECT max(register_mwh + lifted) FROM (
    SELECT r.ts, r.register_mwh, (
        SELECT coalesce(sum(t.before_mwh + t.used_mwh - t.after_mwh), 0)
        FROM meters_registerturn t WHERE t.meter_id = r.meter_id AND t.at <= r.ts) AS lifted
    FROM meters_reading r
    WHERE r.meter_id = %(meter)s AND r.register_mwh IS NOT NULL
      AND r.ts > %(since)s AND r.ts <= %(until)s
    ORDER BY r.ts DESC LIMIT 20
) newest
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a meter's register moved while it hung at a place in a period.

    `start_mwh` and `end_mwh` go on across rollovers and resets. `used_mwh` is the difference
    times the ratio of the place; None where either is not known.
    """

    meter_id: int
    serial: str
    point: str
    multiplier: Decimal
    period: Period
    start_mwh: int | None
    end_mwh: int | None
    used_mwh: int | None


def exchanges(*, meter_id: int) -> QuerySet[MeterExchange]:
    """Return the exchanges in which a meter was hung or taken down, newest first."""
    found = MeterExchange.objects.filter(Q(removed=meter_id) | Q(hung=meter_id))
    return found.select_related("service_point", "removed", "hung")[:SHOWN]


def turns(*, meter_id: int) -> QuerySet[RegisterTurn]:
    """Return where a meter's register began anew, newest first."""
    return RegisterTurn.objects.filter(meter=meter_id).order_by("-at")[:SHOWN]


def moved(*, service_point_id: int, period: Period) -> list[Moved]:
    """Return what the registers at a place moved in a period, a meter after the other."""
    there = MeterInstallation.objects.filter(
        service_point=service_point_id, during__overlap=(period.start, period.end)
    )
    return _all_moved(there, period)


def moved_by(*, meter_id: int, period: Period) -> list[Moved]:
    """Return what a meter's register moved in a period, a place after the other."""
    hung = MeterInstallation.objects.filter(
        meter=meter_id, during__overlap=(period.start, period.end)
    )
    return _all_moved(hung, period)


def _all_moved(places: QuerySet[MeterInstallation], period: Period) -> list[Moved]:
    found = places.select_related("meter", "service_point").order_by("during")
    return [_moved(place, period) for place in found]


def _moved(place: MeterInstallation, period: Period) -> Moved:
    hung, taken = place.during.lower, place.during.upper
    start, end = max(hung or period.start, period.start), min(taken or period.end, period.end)
    began = _first_read(place, start) if hung == start else None
    ended = _final_read(place, end) if taken == end else None
    if began is None:
        began = _stood(place.meter_id, start, hung)
    if ended is None:
        ended = _stood(place.meter_id, end, hung)
    known = began is not None and ended is not None
    used = round((ended - began) * place.multiplier) if known else None  # type: ignore[operator]
    return Moved(
        place.meter_id,
        place.meter.serial,
        place.service_point.code,
        place.multiplier,
        Period(start, end),
        began,
        ended,
        used,
    )


def _first_read(place: MeterInstallation, at: datetime) -> int | None:
    found = MeterExchange.objects.filter(hung=place.meter_id, at=at).first()
    return found.first_mwh if found else None


def _final_read(place: MeterInstallation, at: datetime) -> int | None:
    found = MeterExchange.objects.filter(removed=place.meter_id, at=at).first()
    if found is None or found.final_mwh is None:
        return None
    return found.final_mwh + _lift(place.meter_id, at)


def _lift(meter_id: int, at: datetime) -> int:
    return sum(
        turn.before_mwh + turn.used_mwh - turn.after_mwh
        for turn in RegisterTurn.objects.filter(meter=meter_id, at__lte=at)
    )


def _stood(meter_id: int, at: datetime, since: datetime | None) -> int | None:
    """Return where a register stood last at a moment, of what was heard since it was hung."""
    parameters: dict[str, Any] = {"meter": meter_id, "until": at, "since": since or EPOCH}
    with connection.cursor() as cursor:
        cursor.execute(_STOOD, parameters)
        row = cursor.fetchone()
    return None if row is None or row[0] is None else int(row[0])
