"""Notices."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from celery import shared_task
from django.conf import settings

from alerts.services import telling
from workers import advising, sending

BUDGETS_AT_ONCE = 100


@shared_task(name="workers.tasks.tell_alerts")
def tell_alerts() -> None:
    """Make the notices of what happened to alerts, and show those of the console."""
    telling.tell(now=datetime.now(UTC))


@shared_task(name="workers.tasks.send_notices")
def send_notices() -> None:
    """Send what waits by mail, by text message and to webhooks."""
    sending.send_due(now=datetime.now(UTC))


@shared_task(name="workers.tasks.advise_prices")
def advise_prices() -> None:
    """Tell customers of prices beyond their limits."""
    advising.advise_prices(zone=ZoneInfo(settings.SEGS_SITE_ZONE), now=datetime.now(UTC))


@shared_task(name="workers.tasks.advise_budgets")
def advise_budgets() -> None:
    """Tell customers of budgets that are reached, or likely to be exceeded."""
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    advising.advise_budgets(zone=zone, now=datetime.now(UTC), most=BUDGETS_AT_ONCE)
