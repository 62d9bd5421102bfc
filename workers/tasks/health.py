"""That Celery works."""

from contextlib import ExitStack
from datetime import UTC, datetime

import redis
from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings

from workers import feeds, watch

_while_this_worker_lives = ExitStack()


@shared_task(name="workers.tasks.report_health")
def report_health() -> None:
    """Say that Celery works: beat sent this, and a worker ran it."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as broker:
        now = datetime.now(UTC)
        feeds.report_health(broker, service="celery", status="ok", detail="windows", now=now)


@worker_ready.connect
def answer_watchers(**_: object) -> None:
    """Serve health and metrics beside the worker."""
    _while_this_worker_lives.enter_context(watch.watched(settings.SEGS_WATCH_PORT))
