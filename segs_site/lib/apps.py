"""The floor that every app stands on: time, quantities, events, access."""

from django.apps import AppConfig


class LibConfig(AppConfig):
    """Shared foundation; owns the outbox."""

    name = "segs_site.lib"
    label = "lib"
    verbose_name = "Foundation"
