"""What passes between the broker and the tables that doors read and write."""

from datetime import UTC, datetime

import redis
from celery import shared_task
from django.conf import settings

from workers import desk, mirror


@shared_task(name="workers.tasks.serve_desk")
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


@shared_task(name="workers.tasks.bring_key_uses")
def bring_key_uses() -> None:
    """Write down when API keys were last used, as ingest noted it."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as broker:
        mirror.bring_key_uses(broker)
