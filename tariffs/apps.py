"""Rate plans; prices that follow the load."""

from django.apps import AppConfig


class TariffsConfig(AppConfig):
    """Rate plans; prices that follow the load."""

    name = "tariffs"
