"""Housekeeping."""

from datetime import UTC, datetime, timedelta

from celery import shared_task
from django.conf import settings

from accounts.services import exporting
from alerts.services import preferring
from meters.services import upkeep
from segs_site.lib import idempotency, live
from tariffs.services import forecasts
from workers import belongings


@shared_task(name="workers.tasks.keep_house")
def keep_house() -> None:
    """Make partitions ahead, drop those past retention, forget what nobody asks for any more."""
    now = datetime.now(UTC)
    upkeep.keep(now=now)
    live.forget_before(now - timedelta(hours=settings.SEGS_OUTBOX_RETENTION_HOURS))
    idempotency.forget_before(now - idempotency.KEPT)
    forecasts.forget(now=now)
    preferring.forget(now=now)
    belongings.erase_due(years=settings.SEGS_KEPT_YEARS, now=now)


@shared_task(name="workers.tasks.make_archives")
def make_archives() -> None:
    """Make the archives of people who want everything that is held about them."""
    exporting.make_due(make=belongings.archive, now=datetime.now(UTC))
