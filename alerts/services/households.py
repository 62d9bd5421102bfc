"""Customers hear that it is dark at their address, and that it is over: once each."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from alerts.choices import Channel, NoticeState, Occasion, Priority
from alerts.models import AddressOutage, Notice
from alerts.selectors import darkness, hearing
from alerts.selectors.darkness import Dweller

END_HELD: Final = timedelta(seconds=60)  # supply that fails again at once was not back

_BEGIN = """
INSERT INTO alerts_addressoutage (user_id, service_point_id, alert_id, since, told_at)
SELECT *, %(now)s FROM unnest(
    %(users)s::bigint[], %(points)s::int[], %(alerts)s::bigint[], %(sinces)s::timestamptz[])
ON CONFLICT DO NOTHING
RETURNING id, user_id
"""
_GO_ON = """
UPDATE alerts_addressoutage SET ended_at = NULL
WHERE id IN (
    SELECT max(o.id) FROM alerts_addressoutage o
    JOIN unnest(%(users)s::bigint[], %(points)s::int[]) AS d (user_id, point_id)
      ON o.user_id = d.user_id AND o.service_point_id = d.point_id
    GROUP BY o.user_id, o.service_point_id
) AND ended_at IS NOT NULL AND EXISTS (
    SELECT FROM alerts_notice n
    WHERE n.outage_id = alerts_addressoutage.id AND n.occasion = 'restored'
    GROUP BY n.outage_id HAVING bool_and(n.state IN ('waiting', 'dropped') AND n.attempts = 0)
)
"""


def begin(*, now: datetime) -> None:
    """Tell whoever is in the dark by an outage that is told, unless he knows it."""
    dwellers = darkness.not_told(now=now)
    if not dwellers:
        return
    began = _write(dwellers, now=now)
    people = hearing.households(user_ids={user_id for _, user_id in began})
    Notice.objects.bulk_create(
        _notice(Occasion.OUTAGE, channel, user_id, outage_id, now=now, due_at=now)
        for outage_id, user_id in began
        if user_id in people
        for channel in people[user_id].thresholds
    )


def _write(rows: Sequence[Dweller], *, now: datetime) -> list[tuple[int, int]]:
    """Go on with outages whose end nobody has heard yet; return those that are new."""
    told: dict[str, Any] = {
        "now": now,
        "users": [row.user_id for row in rows],
        "points": [row.point_id for row in rows],
        "alerts": [row.alert_id for row in rows],
        "sinces": [row.since for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_GO_ON, told)
        cursor.execute(_BEGIN, told)
        return cursor.fetchall()


def end(*, now: datetime) -> None:
    """End what has supply again, and tell whoever was told that it had none."""
    running = list(AddressOutage.objects.filter(ended_at=None))
    dark = darkness.still_dark(point_ids={outage.service_point_id for outage in running})
    over = [outage for outage in running if outage.service_point_id not in dark]
    if not over:
        return
    ends = darkness.lit_since(point_ids={outage.service_point_id for outage in over})
    for outage in over:
        outage.ended_at = ends.get(outage.service_point_id, now)
    AddressOutage.objects.bulk_update(over, ["ended_at"], batch_size=500)
    _tell_end(over, now=now)


def _tell_end(over: Collection[AddressOutage], *, now: datetime) -> None:
    told = Q(state__in=[NoticeState.SENT, NoticeState.SUMMED]) | Q(
        state=NoticeState.WAITING, attempts__gt=0
    )
    begun = Notice.objects.filter(told, outage__in=over, occasion=Occasion.OUTAGE)
    Notice.objects.bulk_create(
        (
            _notice(
                Occasion.RESTORED,
                Channel(begin.channel),
                begin.user_id or 0,
                begin.outage_id or 0,
                now=now,
                due_at=now + END_HELD,
                opening_id=begin.pk,
            )
            for begin in begun
        ),
        ignore_conflicts=True,
    )


def reopen(outage: AddressOutage) -> None:
    """Go on with an outage whose end was not told, for it is dark again."""
    others = AddressOutage.objects.filter(
        user=outage.user_id, service_point=outage.service_point_id, ended_at=None
    )
    if not others.exists():
        AddressOutage.objects.filter(pk=outage.pk).update(ended_at=None)


def _notice(
    occasion: Occasion,
    channel: Channel,
    user_id: int,
    outage_id: int,
    *,
    now: datetime,
    due_at: datetime,
    opening_id: int | None = None,
) -> Notice:
    return Notice(
        occasion=occasion,
        channel=channel,
        lane=channel,
        priority=Priority.HOUSEHOLDS,
        user_id=user_id,
        outage_id=outage_id,
        opening_id=opening_id,
        created_at=now,
        due_at=due_at,
    )
