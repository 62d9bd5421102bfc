"""Mail."""

from datetime import UTC, datetime

from celery import shared_task

from accounts.services import mail


@shared_task(name="workers.tasks.send_mail")
def send_mail() -> None:
    """Send the mails that people asked for."""
    mail.send_due(now=datetime.now(UTC))
