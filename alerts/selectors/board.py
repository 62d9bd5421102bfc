"""What the pages of the desk show: lists of alerts by tab and filter, counts, one alert's life."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Q, QuerySet

from alerts import lifecycle
from alerts.choices import Severity, State
from alerts.conditions.kinds import On, Subject
from alerts.models import Alert, AlertEvent, Shelving
from alerts.models.alerts import AlertQuerySet
from alerts.selectors import desk
from segs_site.lib.periods import Period

ROWS = 100
NOBODY = "nobody"
PLACES = ("region", "feeder", "transformer", "meter")
SHOWN_WITH = (*PLACES, "assigned_to", "planned_work")


class Tab(StrEnum):
    """The lists of open alerts."""

    ACTIVE = "active"
    SHELVED = "shelved"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts a person wants to see; what is empty keeps all.

    `severity` is the least, `place` a subject that is the place or lies above it, `owner` a user's
    key or NOBODY.
    """

    severity: Severity | None = None
    kind: str = ""
    region: str = ""
    place: Subject | None = None
    owner: str = ""
    waiting: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many causes stand in each tab, and how many wait for a person."""

    active: int
    shelved: int
    cleared: int
    unacknowledged: int
    critical: int


@dataclass(frozen=True, slots=True)
class Row:
    """An alert as the desk lists it: with those it explains and, on the shelf, why it is there."""

    alert: Alert
    children: int = 0
    shelving: Shelving | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """The worst of a list, and how many it has in all."""

    rows: list[Row]
    total: int


def listed(tab: Tab, wanted: Wanted, *, now: datetime) -> AlertQuerySet:
    """Return the causes of a tab that somebody wants to see, the worst and newest first."""
    causes = Alert.objects.open().causes()
    if tab is Tab.SHELVED:
        return causes.shelved(now=now).filter(condition(wanted))
    states = [State.CLEARED] if tab is Tab.CLEARED else [*lifecycle.STANDING]
    return causes.not_shelved(now=now).filter(condition(wanted), state__in=states)


def condition(wanted: Wanted, *, of: str = "") -> Q:
    """Return what wanted alerts fulfil; `of` leads to the alert, such as `alert__`."""
    found = Q()
    if wanted.severity is not None:
        found &= Q(**{f"{of}severity__gte": wanted.severity})
    if wanted.kind:
        found &= Q(**{f"{of}kind": wanted.kind})
    if wanted.region:
        found &= Q(**{f"{of}region__code": wanted.region})
    if wanted.place is not None:
        found &= _at(wanted.place, of)
    if wanted.waiting:
        found &= Q(**{f"{of}state__in": lifecycle.UNACKNOWLEDGED})
    if wanted.text:
        found &= Q(**{f"{of}message__icontains": wanted.text})
    return found & _of_owner(wanted.owner, of)


def rows(tab: Tab, wanted: Wanted, *, now: datetime, limit: int = ROWS) -> Rows:
    """Return the first rows of a tab."""
    found = listed(tab, wanted, now=now)
    shown = list(found.select_related(*SHOWN_WITH)[:limit])
    total = len(shown) if len(shown) < limit else found.count()
    return Rows(with_children(shown), total)


def with_children(alerts: list[Alert]) -> list[Row]:
    """Return rows of alerts: how many open ones each explains, and why it is on the shelf."""
    counts = desk.children_of(alert.pk for alert in alerts)
    shelved = [alert.pk for alert in alerts if alert.shelved_until is not None]
    shelvings = Shelving.objects.filter(alert__in=shelved, ended_at=None) if shelved else []
    by_alert = {each.alert_id: each for each in shelvings}
    return [Row(each, counts.get(each.pk, 0), by_alert.get(each.pk)) for each in alerts]


def children(alert: Alert, *, behind: int = 0, limit: int = ROWS) -> Rows:
    """Return open alerts that one explains, in order of key, from behind a key."""
    found = alert.children.open().order_by("pk")
    shown = list(found.filter(pk__gt=behind).select_related(*SHOWN_WITH)[:limit])
    return Rows(with_children(shown), found.count())


def counts(*, now: datetime) -> Counts:
    """Return how many causes each tab holds; one query."""
    on_shelf = Q(shelved_until__gt=now)
    waiting = Q(state__in=lifecycle.UNACKNOWLEDGED) & ~on_shelf
    return Counts(
        **Alert.objects.open()
        .causes()
        .aggregate(
            active=Count("pk", filter=Q(state__in=lifecycle.STANDING) & ~on_shelf),
            shelved=Count("pk", filter=on_shelf),
            cleared=Count("pk", filter=Q(state=State.CLEARED) & ~on_shelf),
            unacknowledged=Count("pk", filter=waiting),
            critical=Count("pk", filter=waiting & Q(severity=Severity.CRITICAL)),
        )
    )


def waiting(*, now: datetime, limit: int) -> Rows:
    """Return the worst causes that nobody has acknowledged."""
    found = Alert.objects.on_desk(now=now).unacknowledged()
    shown = list(found.select_related(*SHOWN_WITH)[:limit])
    total = len(shown) if len(shown) < limit else found.count()
    return Rows(with_children(shown), total)


def life(alert: Alert, *, limit: int = ROWS) -> list[AlertEvent]:
    """Return the newest steps of one alert's life, the newest first."""
    return list(alert.events.order_by("-at", "-id")[:limit])


def journal(wanted: Wanted, *, step: str, period: Period | None) -> QuerySet[AlertEvent]:
    """Return what happened to wanted alerts, whatever has become of them; not ordered."""
    found = AlertEvent.objects.filter(condition(wanted, of="alert__"))
    if step:
        found = found.filter(step=step)
    if period is not None:
        found = found.filter(at__gte=period.start, at__lt=period.end)
    return found.select_related("alert", *(f"alert__{each}" for each in PLACES))


def _at(place: Subject, of: str) -> Q:
    below = {On.METER: "meter", On.TRANSFORMER: "transformer", On.FEEDER: "feeder"}
    if place.on is On.REGION:
        return Q(**{f"{of}region": place.id})
    if place.on in below:
        return Q(**{f"{of}{below[place.on]}": place.id})
    return Q(**{f"{of}subject": place.key})


def _of_owner(owner: str, of: str) -> Q:
    if not owner:
        return Q()
    if owner == NOBODY:
        return Q(**{f"{of}assigned_to": None})
    return Q(**{f"{of}assigned_to": int(owner)})
