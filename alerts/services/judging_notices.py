"""Whether a notice goes out now, later or never: asked when it is made and when it is sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts import lifecycle
from alerts.choices import Channel, NoticeState, Occasion, Priority, Severity, State
from alerts.models import Alert, Notice
from alerts.notifications import quiet
from alerts.selectors import darkness, hearing
from alerts.selectors.hearing import Hearer

OPENINGS = (Occasion.OPENED, Occasion.WORSENED, Occasion.ESCALATED)
LOUD = (Channel.MAIL, Channel.SMS)  # what the console shows disturbs nobody's sleep
CAME_BACK = "came back"
LOOK_AGAIN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Verdict:
    """To be sent, unless there is a reason not to, or a moment until which it waits."""

    why_not: str = ""
    until: datetime | None = None


SEND = Verdict()


def why_untold(alert: Alert, *, now: datetime, occasion: Occasion = Occasion.OPENED) -> str | None:
    """Return why nobody is told that an alert stands; None when people are.

    An escalation is told of a repeat too: nobody has acknowledged it either.
    """
    is_escalated = occasion == Occasion.ESCALATED
    reasons = {
        "explained by another alert": alert.parent_id is not None,
        "planned work": alert.planned_work_id is not None,
        "on the shelf": alert.shelved_until is not None and alert.shelved_until > now,
        "repeats one resolved just before": alert.is_quiet and not is_escalated,
        "over": alert.state not in lifecycle.STANDING and not is_escalated,
        "resolved": alert.state == State.RESOLVED,
        "acknowledged": is_escalated and alert.state == State.ACKNOWLEDGED,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


class Judge:
    """Judges some notices, of which everything that must be asked is asked at once.

    The notices come with alert, endpoint, opening and outage.
    """

    def __init__(self, notices: Collection[Notice], *, now: datetime) -> None:
        self._now = now
        users = {notice.user_id for notice in notices if notice.user_id is not None}
        self.hearers = hearing.hearers(user_ids=users)
        points = {
            notice.outage.service_point_id
            for notice in notices
            if notice.outage and notice.occasion == Occasion.RESTORED
        }
        self._dark = darkness.still_dark(point_ids=points)

    def of(self, notice: Notice) -> Verdict:
        """Judge one of the notices."""
        why_not = self._nobody(notice) or self._nothing(notice)
        if why_not:
            return Verdict(why_not=why_not)
        return Verdict(until=self._beginning(notice) or self._quiet_until(notice))

    def _nobody(self, notice: Notice) -> str:
        if notice.endpoint is not None:
            return "" if notice.endpoint.is_enabled else "the endpoint is switched off"
        hearer = self.hearers.get(notice.user_id or 0)
        if hearer is None:
            return "the person may not sign in"
        if notice.alert is not None and not hearer.is_staff:
            return "the person may not watch the grid"
        return self._no_way(notice, hearer)

    def _no_way(self, notice: Notice, hearer: Hearer) -> str:
        if notice.channel == Channel.SMS and not hearer.can_get_texts():
            return "no telephone number, or no gateway"
        return ""

    def _nothing(self, notice: Notice) -> str:
        occasion = Occasion(notice.occasion)
        if occasion in OPENINGS and notice.alert is not None:
            return why_untold(notice.alert, now=self._now, occasion=occasion) or ""
        if occasion == Occasion.OUTAGE:
            return "over" if notice.outage and notice.outage.ended_at else ""
        if occasion in (Occasion.ENDED, Occasion.RESTORED):
            return self._no_end(notice)
        return ""

    def _no_end(self, notice: Notice) -> str:
        opening = notice.opening
        if opening is not None and opening.state in (NoticeState.DROPPED, NoticeState.DEAD):
            return "the beginning was not told"
        if notice.outage is not None and notice.outage.service_point_id in self._dark:
            return CAME_BACK
        if notice.alert is not None and notice.alert.state in lifecycle.STANDING:
            return CAME_BACK
        return ""

    def _beginning(self, notice: Notice) -> datetime | None:
        opening = notice.opening
        if opening is None or opening.state != NoticeState.WAITING:
            return None
        return max(opening.due_at, self._now) + LOOK_AGAIN

    def _quiet_until(self, notice: Notice) -> datetime | None:
        hearer = self.hearers.get(notice.user_id or 0)
        if hearer is None or hearer.quiet is None or notice.channel not in LOUD:
            return None
        if notice.occasion == Occasion.TEST or (hearer.critical_passes and _is_critical(notice)):
            return None
        start, end = hearer.quiet
        return quiet.end_of(self._now, start=start, end=end, zone=hearer.zone)


def _is_critical(notice: Notice) -> bool:
    if notice.occasion == Occasion.SUMMARY:
        return notice.priority == Priority.URGENT
    is_critical = notice.alert is not None and notice.alert.severity == Severity.CRITICAL
    return is_critical or notice.occasion == Occasion.ESCALATED
