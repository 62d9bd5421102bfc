"""Notices in the console: shown when their time has come, read by whoever they are for."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from alerts import live as alert_live
from alerts.choices import Channel, NoticeState, Occasion, Priority
from alerts.models import Notice
from alerts.selectors import hearing
from alerts.selectors.journal import of_person
from alerts.services import dropping, speaking
from alerts.services.judging_notices import Judge
from segs_site.lib import live

AT_ONCE = 2000
RELATED = ("alert", "event", "endpoint", "opening", "outage__service_point", "advice")

BETWEEN_TESTS = timedelta(seconds=30)


class TooSoon(Exception):
    """A test was sent a moment ago."""


def deliver(*, now: datetime) -> int:
    """Show what is due in the caller's transaction; return how many are new to somebody."""
    due = Notice.objects.due(lane=Channel.IN_APP, now=now).select_related(*RELATED)
    notices = list(due[:AT_ONCE])
    judge = Judge(notices, now=now)
    shown = [notice for notice in notices if dropping.goes_now(notice, judge=judge, now=now)]
    for notice in shown:
        said = speaking.words(notice, hearer=judge.hearers[notice.user_id or 0], now=now)
        notice.subject, notice.text = said.subject, said.text
        notice.state, notice.done_at = NoticeState.SENT, now
    Notice.objects.bulk_update(shown, ["subject", "text", "state", "done_at"], batch_size=500)
    live.announce((_event(notice) for notice in shown), now=now)
    return len(shown)


def _event(notice: Notice) -> live.Event:
    return live.Event(alert_live.group_of(notice.user_id or 0), "notice", notice_data(notice))


def notice_data(notice: Notice) -> dict[str, Any]:
    """Return a notice for its reader's sockets."""
    return {
        "id": notice.pk,
        "occasion": notice.occasion,
        "subject": notice.subject,
        "text": notice.text,
        "alert": notice.alert_id,
        "at": alert_live.iso(notice.done_at),
    }


def mark_read(*, user: User, ids: Collection[int] | None, now: datetime) -> int:
    """Mark notices of a person as read, all of them when none are named; return how many."""
    unread = of_person(user).unread()
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    return unread.update(read_at=now)


def ask_for_test(*, user: User, now: datetime) -> list[Channel]:
    """Send a test by each channel that is on for the person; return which. Raises TooSoon."""
    lately = Notice.objects.filter(
        user=user, occasion=Occasion.TEST, created_at__gt=now - BETWEEN_TESTS
    )
    if lately.exists():
        raise TooSoon
    hearer = hearing.hearers(user_ids=[user.pk])[user.pk]
    channels = list(hearer.thresholds)
    Notice.objects.bulk_create(
        Notice(
            occasion=Occasion.TEST,
            channel=channel,
            lane=channel,
            priority=Priority.URGENT,
            user=user,
            created_at=now,
            due_at=now,
        )
        for channel in channels
    )
    return channels
