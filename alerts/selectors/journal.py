"""What of the journal is untold, and what was told before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from alerts.choices import NoticeState
from alerts.conditions.kinds import On
from alerts.models import AlertEvent, Notice, Untold
from alerts.models.notices import NoticeQuerySet

HELD: Final = {
    On.METER: timedelta(seconds=20),  # two readings: by then an outage of its node is found
    On.TRANSFORMER: timedelta(seconds=10),
    On.FEEDER: timedelta(seconds=5),
}

Way = tuple[int, str, int]  # alert, channel, user (or minus the endpoint)


def due_steps(*, now: datetime, most: int) -> list[AlertEvent]:
    """Return untold steps whose time to be explained by a larger outage is over, in order."""
    events = AlertEvent.objects.filter(pk__in=Untold.objects.values("event_id"))
    events = events.exclude(held("alert__subject", "at", now=now))
    places = ("alert__region", "alert__feeder", "alert__transformer", "alert__meter")
    return list(events.select_related(*places).order_by("pk")[:most])


def held(subject: str, at: str, *, now: datetime) -> Q:
    """Return what chooses rows, by the names of two fields, that may yet be explained."""
    chosen = Q()
    for on, hold in HELD.items():
        chosen |= Q(**{f"{subject}__startswith": f"{on}:", f"{at}__gt": now - hold})
    return chosen


@dataclass(slots=True)
class Last:
    """The newest notice that one hearer has, or will get, of one alert by one channel."""

    notice_id: int | None
    occasion: str
    state: str
    attempts: int
    done_at: datetime | None

    @property
    def may_have_arrived(self) -> bool:
        """Whether it was sent, or may just be on its way."""
        return self.state in {NoticeState.SENT, NoticeState.SUMMED} or self.attempts > 0


def last_told(*, alert_ids: Collection[int]) -> dict[Way, Last]:
    """Return by alert, channel and hearer what was told last; what was not sent is left out."""
    told = Notice.objects.filter(alert__in=list(alert_ids), outage=None)
    told = told.exclude(state__in=[NoticeState.DROPPED, NoticeState.DEAD]).order_by("pk")
    return {way_of(notice): _last(notice) for notice in told}


def way_of(notice: Notice) -> Way:
    """Return whom a notice of an alert reaches, and how."""
    return notice.alert_id or 0, notice.channel, notice.user_id or -(notice.endpoint_id or 0)


def _last(notice: Notice) -> Last:
    return Last(notice.pk, notice.occasion, notice.state, notice.attempts, notice.done_at)


def of_person(user: object) -> NoticeQuerySet:
    """Return what a person finds in the console, newest first."""
    return Notice.objects.in_app_of(user).order_by("-pk")
