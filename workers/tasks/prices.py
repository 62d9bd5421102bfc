"""Prices and forecasts."""

import logging
from datetime import UTC, datetime

from celery import shared_task

from tariffs.services import deciding, forecasts

log = logging.getLogger(__name__)


@shared_task(name="workers.tasks.decide_prices")
def decide_prices() -> None:
    """Decide the price of every slot that starts soon, or that was missed."""
    decided = deciding.decide_due(now=datetime.now(UTC))
    if decided:
        log.info("decided %s prices", decided)


@shared_task(name="workers.tasks.make_forecasts")
def make_forecasts() -> None:
    """Forecast the next 24 hours of regions that have no forecast of this hour yet."""
    made = forecasts.make_forecasts(now=datetime.now(UTC))
    if made:
        log.info("forecast %s regions", made)
