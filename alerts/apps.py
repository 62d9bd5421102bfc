"""The alarm desk: what is wrong, said once, and who does something about it."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """The alarm desk: what is wrong, said once, and who does something about it."""

    name = "alerts"
