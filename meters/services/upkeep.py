"""Partitions made ahead of their day, dropped after their time."""

import logging
from datetime import datetime, timedelta

from meters.models import MINUTES, QUARTERS, READINGS
from meters.services import uploading, windows
from segs_site.lib import partitions

log = logging.getLogger(__name__)

AHEAD = [timedelta(days=days) for days in range(3)]


def keep(*, now: datetime) -> None:
    """Make the partitions of today and the next days; drop raw readings past their retention.

    So goes what was sent and not decided on for long. Windows are kept: minutes as long as any
    price is that fine, quarter-hours for good.
    """
    days = [(now + ahead).date() for ahead in AHEAD]
    for table in (READINGS, MINUTES, QUARTERS):
        for name in partitions.ensure(table, days):
            log.info("made partition %s", name)
    for name in partitions.drop_before(READINGS, windows.raw_kept_from(now=now).date()):
        log.info("dropped partition %s: its readings are past their retention", name)
    uploading.forget(now=now)
