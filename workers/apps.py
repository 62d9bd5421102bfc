"""Processes: ingest, stream worker, relay, Celery, simulator and the demo."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Processes: ingest, stream worker, relay, Celery, simulator and the demo."""

    name = "workers"
