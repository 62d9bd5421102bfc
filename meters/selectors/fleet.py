"""The list of meters as an operator searches it: where each hangs now, and when it was heard."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    DateTimeField,
    DecimalField,
    DurationField,
    ExpressionWrapper,
    F,
    FilteredRelation,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Coalesce

from grid.models import Transformer
from meters.choices import Reporting
from meters.mapframes import SILENT_AFTER_INTERVALS
from meters.models import Meter, MeterInstallation, ServicePoint
from segs_site.lib.periods import EPOCH

Rows = QuerySet[Meter, dict[str, Any]]

_PLACE = "place__service_point__"
FIELDS = {
    "region": F(f"{_PLACE}region__code"),
    "service_point": F(f"{_PLACE}code"),
    "address": F(f"{_PLACE}address"),
    "transformer": F(f"{_PLACE}transformer__code"),
    "feeder": F(f"{_PLACE}transformer__feeder__code"),
    "last_ts": F("latestreading__ts"),
    "last_received_at": F("latestreading__received_at"),
    # What flowed: what it said times the ratio of the transformers in front of it.
    "last_power_mw": Cast(
        ExpressionWrapper(
            F("latestreading__power_mw") * Coalesce(F("place__multiplier"), Decimal(1)),
            output_field=DecimalField(max_digits=40, decimal_places=6),
        ),
        BigIntegerField(),
    ),
    "last_voltage_mv": F("latestreading__voltage_mv"),
}
OWN = (
    "id",
    "serial",
    "flow",
    "limit_kw",
    "reading_interval_s",
    "auto_registered",
    "registered_at",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which meters: every part that is given must hold."""

    search: str = ""
    region: str = ""
    state: str = ""
    feeder: str = ""
    transformer: str = ""
    seen_since: datetime | None = None
    seen_before: datetime | None = None


def meters(wanted: Wanted, *, now: datetime) -> Rows:
    """Return the meters that are wanted, unordered, as mappings of OWN and FIELDS."""
    hanging = FilteredRelation("installations", condition=Q(installations__during__contains=now))
    rows = Meter.objects.annotate(place=hanging).annotate(**FIELDS)
    return _kept(rows, wanted, now).values(*OWN, *FIELDS)


def with_seen_at(rows: Rows) -> Rows:
    """Add when the newest reading came, which a list can be ordered by.

    That is 1970 for a meter that was never heard.
    """
    seen_at = Coalesce("latestreading__received_at", Value(EPOCH), output_field=DateTimeField())
    return rows.annotate(seen_at=seen_at)


def meter(*, pk: int, now: datetime) -> dict[str, Any]:
    """Return one meter; raises Meter.DoesNotExist."""
    found: dict[str, Any] = meters(Wanted(), now=now).get(pk=pk)
    return found


def state_of(row: Mapping[str, Any], *, now: datetime) -> Reporting:
    """Return whether a meter reports: it is silent after three intervals without a reading."""
    heard_at = row["last_received_at"]
    if heard_at is None:
        return Reporting.UNHEARD
    patience = timedelta(seconds=row["reading_interval_s"] * SILENT_AFTER_INTERVALS)
    return Reporting.SILENT if heard_at < now - patience else Reporting.REPORTING


def _in_state(state: Reporting, now: datetime) -> Q:
    """Return what `state_of` says of meters, in terms that the planner can estimate."""
    if state is Reporting.UNHEARD:
        return Q(latestreading__isnull=True)
    patience = ExpressionWrapper(
        F("reading_interval_s") * Value(timedelta(seconds=SILENT_AFTER_INTERVALS)),
        output_field=DurationField(),
    )
    heard_until = ExpressionWrapper(Value(now) - patience, output_field=DateTimeField())
    is_late = state is Reporting.SILENT
    return Q(**{f"latestreading__received_at__{'lt' if is_late else 'gte'}": heard_until})


def _kept(rows: QuerySet[Meter], wanted: Wanted, now: datetime) -> QuerySet[Meter]:
    exact = {
        "region": wanted.region,
        "feeder": wanted.feeder,
        "transformer": wanted.transformer,
        "latestreading__received_at__gte": wanted.seen_since,
        "latestreading__received_at__lt": wanted.seen_before,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if wanted.state:
        rows = rows.filter(_in_state(Reporting(wanted.state), now))
    return rows.filter(pk__in=_found(wanted.search, now)) if wanted.search else rows


def _found(search: str, now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of meters whose serial, service point, transformer or feeder has a text.

    Each table is read by itself: over their join, every row of it would be made first.
    """
    transformers = Transformer.objects.filter(
        Q(code__icontains=search) | Q(feeder__code__icontains=search)
    )
    points = [
        ServicePoint.objects.filter(code__icontains=search),
        ServicePoint.objects.filter(transformer__in=transformers),
    ]
    there = MeterInstallation.objects.filter(during__contains=now)
    hanging = [there.filter(service_point__in=each).values("meter_id") for each in points]
    return Meter.objects.filter(serial__icontains=search).values("pk").union(*hanging)
