"""Alerts: who is silent or without supply, and what closed windows show."""

import logging
from datetime import UTC, datetime

from celery import shared_task

from alerts.services import due, noticing
from alerts.services.judging import Judge
from alerts.services.sweeping import Sweeper
from meters.services import requests
from workers import clocks

log = logging.getLogger(__name__)

_SWEEPER = Sweeper()  # keeps the fleet by its version from one sweep to the next
_JUDGE = Judge()


@shared_task(name="workers.tasks.sweep_meters")
def sweep_meters() -> None:
    """Find meters that are silent or dark, and the node or head-end that it comes from."""
    read_until = clocks.by_shard()  # before the readings: what came before it is stored
    now = datetime.now(UTC)
    requests.expire(now=now)
    found = _SWEEPER.sweep(clocks=read_until, now=now)
    if found is not None and not found.is_empty:
        log.info("raised %s, cleared %s", len(found.raised), len(found.cleared))


@shared_task(name="workers.tasks.judge_windows")
def judge_windows() -> None:
    """Judge the minutes and quarter-hours that have closed, and what rows say outright."""
    now = datetime.now(UTC)
    judged = _JUDGE.judge_due(now=now)
    noticing.notice(now=now)
    if judged:
        log.info("judged %s minutes of regions", judged)


@shared_task(name="workers.tasks.keep_desk")
def keep_desk() -> None:
    """Begin and end planned work, end stays on the shelf, escalate, see that somebody is there."""
    due.run_due(now=datetime.now(UTC))
