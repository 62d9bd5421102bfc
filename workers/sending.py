"""Sends what waits: each way out in a thread of its own, so that none waits for another.

A mail server that hangs holds the mails, and nothing else; a lane that was left by a worker that
died is free again when its lease is over.
"""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

from django.db import connection

from alerts.choices import Channel
from alerts.notifications import mail
from alerts.notifications.carriers import Carrier
from alerts.services import delivering, lanes
from workers.carriers import texts, webhooks

log = logging.getLogger(__name__)

THREADS = 8
SEND_FOR_S = 20.0  # then the next tick goes on, so that nothing blocks a restart


def send_due(*, now: datetime) -> int:
    """Send by every lane that has something, for a bounded time; return how many lanes it were."""
    delivering.give_up_old(now=now)
    names = lanes.busy(now=now)
    if not names:
        return 0
    until = time.monotonic() + SEND_FOR_S
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        list(pool.map(lambda name: _in_thread(name, until=until), names))
    return len(names)


def _in_thread(name: str, *, until: float) -> None:
    try:
        send_by(name, until=until)
    except Exception:  # a lane's fault is not another's
        log.exception("notices by %s were not sent", name)
    finally:
        connection.close()


def send_by(name: str, *, until: float) -> int:
    """Send what is due by one lane, if it is free; return how many notices were dealt with."""
    if time.monotonic() >= until or not lanes.take(name=name, now=datetime.now(UTC)):
        return 0
    count = 0
    try:
        with _way(name)() as carrier:
            while time.monotonic() < until and _next(name, carrier):
                count += 1
    except delivering.LaneFailed as problem:
        log.warning("notices by %s wait: %s", name, problem)
    finally:
        lanes.give_back(name=name)
    return count


def _next(name: str, carrier: Carrier) -> bool:
    now = datetime.now(UTC)
    lanes.keep(name=name, now=now)
    return delivering.deliver_next(lane=name, carrier=carrier, now=now)


def _way(name: str) -> Callable[[], AbstractContextManager[Carrier]]:
    if name == Channel.MAIL:
        return mail.carrying
    if name == Channel.SMS:
        return texts.carrying
    return _webhooks


@contextmanager
def _webhooks() -> Iterator[Carrier]:
    yield webhooks.WebhookCarrier()
