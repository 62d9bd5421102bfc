"""Notices."""

from datetime import UTC, datetime

from celery import shared_task

from alerts.services import telling
from workers import sending


@shared_task(name="workers.tasks.tell_alerts")
def tell_alerts() -> None:
    """Make the notices of what happened to alerts, and show those of the console."""
    telling.tell(now=datetime.now(UTC))


@shared_task(name="workers.tasks.send_notices")
def send_notices() -> None:
    """Send what waits by mail, by text message and to webhooks."""
    sending.send_due(now=datetime.now(UTC))
