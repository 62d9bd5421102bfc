"""Alerts and their journal as the desk writes them, and carriers that remember."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from alerts.choices import Kind, Severity, State, Step
from alerts.models import Alert, AlertEvent, Notice
from alerts.notifications.carriers import NotCarried, Parcel, Receipt
from alerts.services import delivering, lanes, telling
from grid.models import Region, Transformer
from meters.models import Meter

SOME_KINDS = [kind for kind in Kind if kind not in (Kind.OUTAGE, Kind.UNATTENDED)]
LATER = timedelta(minutes=1)  # whatever is held has been held long enough


def region_outage(region: Region, *, at: datetime, **columns: Any) -> Alert:
    """A region in the dark, raised at `at`."""
    values = {"severity": Severity.CRITICAL, "message": f"{region}: 3 of 3 meters without supply"}
    return raised(
        Kind.REGION_OUTAGE, f"region:{region.pk}", at=at, region=region, **(values | columns)
    )


def transformer_outage(transformer: Transformer, *, at: datetime, **columns: Any) -> Alert:
    """A transformer in the dark, raised at `at`."""
    place = {
        "transformer": transformer,
        "feeder": transformer.feeder,
        "region": transformer.feeder.substation.region,
    }
    return raised(
        Kind.TRANSFORMER_OUTAGE, f"transformer:{transformer.pk}", at=at, **(place | columns)
    )


def meter_outage(meter: Meter, *, at: datetime, **columns: Any) -> Alert:
    """One meter in the dark, raised at `at`."""
    point = meter.installations.get().service_point
    return raised(
        Kind.OUTAGE, f"meter:{meter.pk}", at=at, meter=meter, region=point.region, **columns
    )


def overload(region: Region, *, at: datetime, **columns: Any) -> Alert:
    """A region that draws too much, raised at `at`."""
    values = {"message": f"{region}: load 104 %, limit 100 %"}
    return raised(Kind.OVERLOAD, f"region:{region.pk}", at=at, region=region, **values | columns)


def raised(kind: Kind, subject: str, *, at: datetime, **columns: Any) -> Alert:
    values: dict[str, Any] = {
        "severity": Severity.HIGH,
        "message": f"{kind} of {subject}",
        "first_at": at - timedelta(seconds=30),
        "raised_at": at,
        "last_at": at,
        "changed_at": at,
    }
    alert = Alert.objects.create(kind=kind, subject=subject, **(values | columns))
    step(alert, Step.RAISED, at=at)
    return alert


def step(alert: Alert, what: Step, *, at: datetime, by: str = "", note: str = "") -> AlertEvent:
    return AlertEvent.objects.create(alert=alert, step=what, at=at, by=by, note=note)


def cleared(alert: Alert, *, at: datetime, by: str = "") -> None:
    """The condition is gone, or somebody says so."""
    if by:
        Alert.objects.filter(pk=alert.pk).update(
            state=State.RESOLVED, resolved_at=at, resolved_by=by
        )
        step(alert, Step.RESOLVED, at=at, by=by)
        return
    Alert.objects.filter(pk=alert.pk).update(state=State.CLEARED, cleared_at=at)
    step(alert, Step.CLEARED, at=at)


def came_back(alert: Alert, *, at: datetime) -> None:
    Alert.objects.filter(pk=alert.pk).update(state=State.ACTIVE, cleared_at=None)
    step(alert, Step.RETURNED, at=at)


@dataclass
class Post:
    """A carrier that remembers what it was given; `problems` are raised first, one a message."""

    problems: list[NotCarried] = field(default_factory=list)
    carried: list[Parcel] = field(default_factory=list)

    def carry(self, parcel: Parcel, *, now: datetime) -> Receipt:
        if self.problems:
            raise self.problems.pop(0)
        self.carried.append(parcel)
        return Receipt(250, "taken")

    @property
    def subjects(self) -> list[str]:
        return [parcel.subject for parcel in self.carried]


def told(*, now: datetime) -> None:
    """Let the journal be told."""
    while telling.tell(now=now):
        pass


def delivered(lane: str, *, now: datetime, post: Post | None = None) -> Post:
    """Send everything that is due by a lane."""
    post = post or Post()
    assert lanes.take(name=lane, now=now)
    try:
        while delivering.deliver_next(lane=lane, carrier=post, now=now):
            pass
    except delivering.LaneFailed:
        pass
    finally:
        lanes.give_back(name=lane)
    return post


def in_app(user: User) -> list[str]:
    """What a person finds in the console, oldest first."""
    found = Notice.objects.in_app_of(user).order_by("pk")
    return list(found.values_list("subject", flat=True))
