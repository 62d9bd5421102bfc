"""How a person sets what he is told."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from alerts.choices import Channel, NoticeState
from alerts.models import Notice, NoticeSettings
from alerts.selectors import hearing
from grid.models import Region

FIELDS: Final = (
    "in_app_from", "mail_from", "sms_from", "phone", "quiet_from", "quiet_until",
    "critical_passes", "is_on_duty",
)  # fmt: skip
KEPT: Final = timedelta(days=90)


class NotOffered(Exception):
    """The site has no gateway for text messages."""


class NoPhone(Exception):
    """Text messages need a telephone number."""


class HalfQuiet(Exception):
    """Quiet hours need a beginning and another time as their end, or neither."""


def set_settings(*, user: User, regions: Collection[Region], **chosen: Any) -> NoticeSettings:
    """Keep all fields of `NoticeSettings`; raises NotOffered, NoPhone or HalfQuiet."""
    if chosen["sms_from"] is not None and Channel.SMS not in hearing.offered():
        raise NotOffered
    if chosen["sms_from"] is not None and not chosen["phone"]:
        raise NoPhone
    begins, ends = chosen["quiet_from"], chosen["quiet_until"]
    if (begins is None) != (ends is None) or (begins is not None and begins == ends):
        raise HalfQuiet
    with transaction.atomic():
        row, _ = NoticeSettings.objects.update_or_create(user=user, defaults=chosen)
        row.regions.set(regions)
    return row


def forget(*, now: datetime) -> int:
    """Delete what was done with long ago; return how many notices. The dead wait for somebody."""
    old = Notice.objects.filter(done_at__lt=now - KEPT).exclude(state=NoticeState.DEAD)
    return old.delete()[0]
