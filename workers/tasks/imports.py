"""Meter files."""

import logging
from datetime import UTC, datetime

from celery import shared_task

from meters.services import taking_in

log = logging.getLogger(__name__)


@shared_task(name="workers.tasks.work_imports")
def work_imports() -> None:
    """Look at the files that people sent, take in and take back what they decided on."""
    done = taking_in.work_due(clock=lambda: datetime.now(UTC))
    if done:
        log.info("worked off %s steps of imports", done)
