"""What electricity costs its customers, and how that came about."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """What electricity costs its customers, and how that came about."""

    name = "billing"
