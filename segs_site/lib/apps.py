"""The floor that every app stands on: time, quantities, events, access."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from segs_site.lib import audit, instants


class LibConfig(AppConfig):
    """Shared foundation; owns the outbox."""

    name = "segs_site.lib"
    label = "lib"
    verbose_name = "Foundation"
    default = True

    def ready(self) -> None:
        """See to it that the registry has a version, and that the trail knows who acts."""
        post_migrate.connect(_install, sender=self)
        connection_created.connect(_watch)


def _watch(connection: Any, **_: Any) -> None:
    audit.watch(connection)
    instants.read_fast(connection)


class DeskConfig(admin_apps.AdminConfig):
    """Django's admin behind our own rights."""

    default = False
    default_site = "segs_site.lib.doors.Desk"


def _install(sender: AppConfig, **_: Any) -> None:
    version = sender.get_model("RegistryVersion")._default_manager
    if not version.exists():
        version.create(version=1)
