"""What programs ask of the desk: alerts that are wanted, counts of them, their journal."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, F, Min, Q, QuerySet

from alerts import lifecycle
from alerts.choices import Severity, State
from alerts.models import Alert, AlertEvent, AlertRule
from alerts.models.alerts import AlertQuerySet

PLACES = ("region", "feeder", "transformer", "meter")
SHOWN_WITH = (*PLACES, "assigned_to")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts are asked for; what is empty or None keeps all.

    Places and meters are named by code and serial. `explained` keeps what another alert or
    planned work explains, or what nothing does; `assigned_to` is a user's key, 0 for nobody.
    """

    states: tuple[State, ...] = ()
    severities: tuple[Severity, ...] = ()
    kinds: tuple[str, ...] = ()
    region: str = ""
    feeder: str = ""
    transformer: str = ""
    meter: str = ""
    since: datetime | None = None
    before: datetime | None = None
    text: str = ""
    parent: int | None = None
    assigned_to: int | None = None
    shelved: bool | None = None
    explained: bool | None = None


def alerts(wanted: Wanted, *, now: datetime) -> AlertQuerySet:
    """Return the alerts that are asked for; not ordered."""
    found = Alert.objects.filter(_named(wanted)).order_by()
    if wanted.shelved is not None:
        found = found.shelved(now=now) if wanted.shelved else found.not_shelved(now=now)
    if wanted.explained is not None:
        stands_alone = Q(parent=None, planned_work=None)
        found = found.exclude(stands_alone) if wanted.explained else found.filter(stands_alone)
    return found


def _named(wanted: Wanted) -> Q:
    asked: dict[str, Any] = {
        "state__in": wanted.states,
        "severity__in": wanted.severities,
        "kind__in": wanted.kinds,
        "region__code": wanted.region,
        "feeder__code": wanted.feeder,
        "transformer__code": wanted.transformer,
        "meter__serial": wanted.meter,
        "raised_at__gte": wanted.since,
        "raised_at__lt": wanted.before,
        "parent": wanted.parent,
    }
    found = Q(**{name: value for name, value in asked.items() if value not in ("", None, ())})
    if wanted.text:
        found &= Q(message__icontains=wanted.text) | Q(note__icontains=wanted.text)
    if wanted.assigned_to is not None:
        found &= Q(assigned_to=wanted.assigned_to or None)
    return found


def children_of(ids: Iterable[int]) -> dict[int, int]:
    """Return how many open alerts each of these explains."""
    found = Alert.objects.open().filter(parent__in=list(ids)).order_by()
    return dict(found.values_list("parent").annotate(count=Count("pk")))


def events(
    *,
    alert_id: int | None = None,
    step: str = "",
    by: str = "",
    since: datetime | None = None,
    before: datetime | None = None,
) -> QuerySet[AlertEvent]:
    """Return what happened; not ordered."""
    asked: dict[str, Any] = {
        "alert": alert_id, "step": step, "by": by, "at__gte": since, "at__lt": before,
    }  # fmt: skip
    named = {name: value for name, value in asked.items() if value not in ("", None)}
    return AlertEvent.objects.filter(**named).select_related("alert").order_by()


def rules() -> QuerySet[AlertRule]:
    """Return all rules with their regions: by kind, what holds for every region first."""
    return AlertRule.objects.select_related("region").order_by(
        "kind", F("region__code").asc(nulls_first=True)
    )


@dataclass(frozen=True, slots=True)
class Stats:
    """How the desk stands. All but `explained` and `shelved` count causes off the shelf.

    `to_acknowledge_s` is the mean over the alerts of a day, None where none was acknowledged.
    """

    open: int
    unacknowledged: int
    explained: int
    shelved: int
    by_state: dict[str, int]
    by_severity: dict[str, int]
    by_kind: dict[str, int]
    by_region: dict[str, int]
    oldest_unacknowledged_at: datetime | None
    raised_last_hour: int
    raised_last_day: int
    to_acknowledge_s: float | None


def stats(*, now: datetime) -> Stats:
    """Return the counts of this moment; three queries, whatever the desk holds."""
    on_desk, explained, shelved = _standing(now)
    lately = Alert.objects.filter(raised_at__gt=now - DAY, parent=None, planned_work=None)
    raised = lately.aggregate(
        hour=Count("pk", filter=Q(raised_at__gt=now - timedelta(hours=1))),
        day=Count("pk"),
        waited=Avg(F("acknowledged_at") - F("raised_at"), filter=Q(acknowledged_at__isnull=False)),
    )
    waiting = Alert.objects.on_desk(now=now).unacknowledged()
    severities = {Severity(grade).name.lower(): n for grade, n in on_desk["severity"].items()}
    return Stats(
        open=on_desk["state"].total(),
        unacknowledged=sum(on_desk["state"][state] for state in lifecycle.UNACKNOWLEDGED),
        explained=explained,
        shelved=shelved,
        by_state={state: on_desk["state"][state] for state in lifecycle.OPEN},
        by_severity={
            grade.name.lower(): severities.get(grade.name.lower(), 0) for grade in Severity
        },
        by_kind=dict(sorted(on_desk["kind"].items())),
        by_region=dict(sorted((code or "", n) for code, n in on_desk["region__code"].items())),
        oldest_unacknowledged_at=waiting.aggregate(oldest=Min("raised_at"))["oldest"],
        raised_last_hour=raised["hour"],
        raised_last_day=raised["day"],
        to_acknowledge_s=raised["waited"].total_seconds() if raised["waited"] else None,
    )


def _standing(now: datetime) -> tuple[dict[str, Counter[Any]], int, int]:
    """Return what is on the desk by each column, and how many are explained, and shelved."""
    columns = ("state", "severity", "kind", "region__code")
    on_desk: dict[str, Counter[Any]] = {column: Counter() for column in columns}
    explained = shelved = 0
    rows = (
        Alert.objects.open()
        .order_by()
        .annotate(
            is_explained=Q(parent__isnull=False) | Q(planned_work__isnull=False),
            is_shelved=Q(shelved_until__isnull=False, shelved_until__gt=now),
        )
        .values(*columns, "is_explained", "is_shelved")
        .annotate(count=Count("pk"))
    )
    for row in rows:
        if row["is_explained"]:
            explained += row["count"]
        elif row["is_shelved"]:
            shelved += row["count"]
        else:
            for column in columns:
                on_desk[column][row[column]] += row["count"]
    return on_desk, explained, shelved
