"""Service points, meters, their readings and the windows summed from them."""

from datetime import UTC, datetime
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from segs_site.lib.periods import MINUTE, floor


class MetersConfig(AppConfig):
    """Service points, meters, their readings and the windows summed from them."""

    name = "meters"

    def ready(self) -> None:
        """See to it that the clock of the windows runs after every migrate."""
        post_migrate.connect(_install, sender=self)


def _install(sender: AppConfig, **_: Any) -> None:
    clock = sender.get_model("WindowClock")._default_manager
    if not clock.exists():
        clock.create(closed_until=floor(datetime.now(UTC), MINUTE))
