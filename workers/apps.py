"""Processes: ingest, stream worker, relay, Celery, simulator and the demo."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class WorkersConfig(AppConfig):
    """Processes: ingest, stream worker, relay, Celery, simulator and the demo."""

    name = "workers"

    def ready(self) -> None:
        """See to it that there are shards after the first migrate."""
        post_migrate.connect(_install, sender=self)


def _install(sender: AppConfig, **_: Any) -> None:
    # Their number is fixed here, once: another one would send a meter's readings another way.
    shard = sender.get_model("Shard")
    if not shard._default_manager.exists():
        rows = [shard(number=number) for number in range(settings.SEGS_SHARDS)]
        shard._default_manager.bulk_create(rows)
