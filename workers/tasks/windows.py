"""Minutes and quarter-hours."""

import logging
import time
from datetime import UTC, datetime

from celery import shared_task

from meters.services import windows
from workers import clocks

log = logging.getLogger(__name__)

CLOSE_FOR_S = 20.0  # then the next tick goes on, so that a long backlog blocks no restart


@shared_task(name="workers.tasks.close_windows")
def close_windows() -> None:
    """Close every minute that all shards have passed, and heal what late readings touched."""
    ended = time.monotonic() + CLOSE_FOR_S
    while time.monotonic() < ended:
        consumed_until = clocks.slowest()
        if consumed_until is None:
            return
        step = windows.close(consumed_until=consumed_until, now=datetime.now(UTC))
        if step == windows.NOTHING:
            return
        log.info("closed %s minutes, revised %s", step.closed, step.revised)
