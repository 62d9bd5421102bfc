"""What is queued finds its task, wherever the task's file lies."""

import pkgutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from redis import Redis

from segs_site.lib import live
from segs_site.lib.models import OutboxEvent
from segs_site.lib.periods import MINUTE
from workers import celery, tasks
from workers.tasks import house


class TestTasks:
    def test_keep_their_names_when_their_files_move(self) -> None:
        celery.app.loader.import_default_modules()

        ours = {name for name in celery.app.tasks if name.startswith("workers.")}

        assert {name.rpartition(".")[0] for name in ours} == {"workers.tasks"}

    def test_are_all_loaded_with_the_package(self) -> None:
        files = {
            module.name for module in pkgutil.iter_modules([str(Path(tasks.__file__).parent)])
        }

        assert files == set(tasks.__all__)

    def test_stand_behind_whatever_beat_sends(self) -> None:
        celery.app.loader.import_default_modules()

        looks = celery.app.conf.beat_schedule.values()

        assert {look["task"] for look in looks} <= set(celery.app.tasks)
        assert {look["options"]["queue"] for look in looks} <= set(celery.QUEUES)


class TestQueues:
    def test_share_no_key_with_the_streams_of_events(self, broker: Redis) -> None:
        for name in celery.QUEUES:
            broker.xadd(name, {"event": "one of that name"})

        for name in celery.QUEUES:
            tasks.alerts.judge_windows.apply_async(queue=name)

        assert {name: broker.llen(f"celery:{name}") for name in celery.QUEUES} == dict.fromkeys(
            celery.QUEUES, 1
        )


@pytest.mark.django_db
class TestKeepHouse:
    def test_forgets_events_that_no_client_catches_up_on(self, settings: LazySettings) -> None:
        kept = timedelta(hours=settings.SEGS_OUTBOX_RETENTION_HOURS)
        now = datetime.now(UTC)
        for age in (kept + MINUTE, kept + MINUTE, kept - MINUTE):
            live.announce([live.Event("grid", "load", {})], now=now - age)
        live.number(limit=9)
        live.mark_published(live.unpublished(limit=9), now=now)

        house.keep_house()

        [left] = OutboxEvent.objects.all()
        assert left.created_at == now - kept + MINUTE
