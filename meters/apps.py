"""Service points, meters, their readings and the windows summed from them."""

from django.apps import AppConfig


class MetersConfig(AppConfig):
    """Service points, meters, their readings and the windows summed from them."""

    name = "meters"
