"""From what the journal says to who is told: notices are made, in the order of the journal.

A cause is told, never what it explains: whatever is suppressed, shelved or quiet when its time
comes makes no notice, and is looked at once more when it is sent.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from alerts import lifecycle
from alerts.choices import Channel, NoticeState, Occasion, Priority, Severity, Step
from alerts.models import Alert, AlertEvent, Notice, Untold
from alerts.selectors import hearing, journal
from alerts.services import households, judging_notices, reading
from segs_site.lib.locks import Lock

OPENERS: Final = {
    Step.RAISED: Occasion.OPENED,
    Step.RETURNED: Occasion.OPENED,
    Step.UNLINKED: Occasion.OPENED,
    Step.UNSUPPRESSED: Occasion.OPENED,
    Step.UNSHELVED: Occasion.OPENED,
    Step.WORSENED: Occasion.WORSENED,
    Step.ESCALATED: Occasion.ESCALATED,
}
END_HELD: Final = timedelta(seconds=60)  # what comes back by then was not over
MOST: Final = 1000

Reach = tuple[Channel, str, int | None, int | None]  # channel, lane, user, endpoint


def tell(*, now: datetime, most: int = MOST) -> int:
    """Make the notices of steps whose time has come; return how many steps were looked at.

    Only one teller works at a time: another, meanwhile, does nothing.
    """
    with transaction.atomic():
        if not _is_alone():
            return 0
        events = journal.due_steps(now=now, most=most)
        if events:
            notices = list(_Telling(events, now=now).notices())
            Notice.objects.bulk_create(notices, ignore_conflicts=True)
            Untold.objects.filter(pk__in=[event.pk for event in events]).delete()
        households.begin(now=now)
        households.end(now=now)
        reading.deliver(now=now)
    return len(events)


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.NOTICES])
        return bool(cursor.fetchone()[0])


class _Telling:
    """One batch of steps; remembers what each hearer will have been told by then."""

    def __init__(self, events: Sequence[AlertEvent], *, now: datetime) -> None:
        self._events, self._now = events, now
        self._staff, self._endpoints = hearing.staff(), hearing.endpoints()
        self._last = journal.last_told(alert_ids={event.alert_id for event in events})

    def notices(self) -> Iterator[Notice]:
        """Yield the notices of all steps."""
        for event in self._events:
            found = self._opening(event) if event.step in OPENERS else self._ends(event)
            for notice in found:
                self._last[journal.way_of(notice)] = journal.Last(
                    None, notice.occasion, notice.state, 0, None
                )
                yield notice

    def _opening(self, event: AlertEvent) -> Iterator[Notice]:
        occasion = OPENERS[Step(event.step)]
        if judging_notices.why_untold(event.alert, now=self._now, occasion=occasion) is not None:
            return
        for reach in self._reached(event.alert, occasion):
            due_at = self._due_at(event, occasion, reach)
            if due_at is not None:
                yield self._notice(event, occasion, reach, due_at=due_at)

    def _reached(self, alert: Alert, occasion: Occasion) -> Iterator[Reach]:
        is_escalated = occasion == Occasion.ESCALATED
        severity = Severity.CRITICAL if is_escalated else alert.severity
        for one in self._staff:
            channels = one.hears(severity=alert.severity, region_id=alert.region_id)
            for channel in one.hears_escalations() if is_escalated else channels:
                yield channel, channel.value, one.user_id, None
        for endpoint, regions in self._endpoints:
            is_here = not regions or alert.region_id is None or alert.region_id in regions
            if is_here and severity >= endpoint.severity_from:
                yield Channel.WEBHOOK, endpoint.lane, None, endpoint.pk

    def _due_at(self, event: AlertEvent, occasion: Occasion, reach: Reach) -> datetime | None:
        """Return when to tell; None when the hearer knows already.

        Who was told that it is over, and for how short a time it was, is not told every minute.
        """
        channel, _, user_id, endpoint_id = reach
        last = self._last.get((event.alert_id, channel, user_id or -(endpoint_id or 0)))
        if last is None or occasion != Occasion.OPENED:
            return self._now
        if last.occasion != Occasion.ENDED or not last.may_have_arrived:
            return None
        return max(self._now, (last.done_at or self._now) + lifecycle.QUIET_FOR)

    def _ends(self, event: AlertEvent) -> Iterator[Notice]:
        """Tell the end to whoever was told the beginning, but not to whoever ended it."""
        for (alert_id, channel, hearer), last in list(self._last.items()):
            if alert_id != event.alert_id or last.occasion == Occasion.ENDED:
                continue
            if last.notice_id is None or not last.may_have_arrived:
                continue
            if event.by and event.by == self._addresses.get(hearer):
                continue
            user_id, endpoint_id = (hearer, None) if hearer > 0 else (None, -hearer)
            lane = channel if endpoint_id is None else f"webhook:{endpoint_id}"
            reach = (Channel(channel), lane, user_id, endpoint_id)
            due_at = self._now + END_HELD
            yield self._notice(
                event, Occasion.ENDED, reach, due_at=due_at, opening_id=last.notice_id
            )

    @property
    def _addresses(self) -> dict[int, str]:
        return {one.user_id: one.email for one in self._staff}

    def _notice(
        self,
        event: AlertEvent,
        occasion: Occasion,
        reach: Reach,
        *,
        due_at: datetime,
        opening_id: int | None = None,
    ) -> Notice:
        channel, lane, user_id, endpoint_id = reach
        is_urgent = occasion == Occasion.ESCALATED or event.alert.severity == Severity.CRITICAL
        return Notice(
            occasion=occasion,
            channel=channel,
            lane=lane,
            priority=Priority.URGENT if is_urgent else Priority.STAFF,
            user_id=user_id,
            endpoint_id=endpoint_id,
            event=event,
            alert=event.alert,
            opening_id=opening_id,
            state=NoticeState.WAITING,
            created_at=self._now,
            due_at=due_at,
        )
