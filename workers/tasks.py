"""Celery tasks: each looks what is due by the database and makes one service call."""

import logging
import time
from contextlib import ExitStack
from datetime import UTC, datetime

import redis
from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings

from accounts.services import mail
from meters.services import upkeep, windows
from segs_site.lib import idempotency
from tariffs.services import deciding, forecasts
from workers import clocks, desk, feeds, mirror, watch

log = logging.getLogger(__name__)
_while_this_worker_lives = ExitStack()

CLOSE_FOR_S = 20.0  # then the next tick goes on, so that a long backlog blocks no restart


@shared_task
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


@shared_task
def decide_prices() -> None:
    """Decide the price of every slot that starts soon, or that was missed."""
    decided = deciding.decide_due(now=datetime.now(UTC))
    if decided:
        log.info("decided %s prices", decided)


@shared_task
def send_mail() -> None:
    """Send the mails that people asked for."""
    mail.send_due(now=datetime.now(UTC))


@shared_task
def make_forecasts() -> None:
    """Forecast the next 24 hours of regions that have no forecast of this hour yet."""
    made = forecasts.make_forecasts(now=datetime.now(UTC))
    if made:
        log.info("forecast %s regions", made)


@shared_task
def keep_house() -> None:
    """Make partitions ahead, drop those past retention, forget old events and forecasts."""
    now = datetime.now(UTC)
    upkeep.keep(now=now)
    idempotency.forget_before(now - idempotency.KEPT)
    forecasts.forget(now=datetime.now(UTC))


@shared_task
def bring_key_uses() -> None:
    """Write down when API keys were last used, as ingest noted it."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as broker:
        mirror.bring_key_uses(broker)


@shared_task
def report_health() -> None:
    """Say that Celery works: beat sent this, and a worker ran it."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as broker:
        now = datetime.now(UTC)
        feeds.report_health(broker, service="celery", status="ok", detail="windows", now=now)


@shared_task
def serve_desk() -> None:
    """Append what was adopted, replay what was asked for, write down how the stream does."""
    # One connection, for a replica is waited for on the connection that wrote.
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=10, single_connection_client=True
    ) as broker:
        now = datetime.now(UTC)
        desk.append_adopted(broker, now=now)
        desk.replay_asked(broker)
        desk.write_down(broker, now=now)


@worker_ready.connect
def answer_watchers(**_: object) -> None:
    """Serve health and metrics beside the worker."""
    _while_this_worker_lives.enter_context(watch.watched(settings.SEGS_WATCH_PORT))
