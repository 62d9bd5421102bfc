"""Regions, substations, feeders and transformers, and how loaded each region is."""

from django.apps import AppConfig


class GridConfig(AppConfig):
    """Regions, substations, feeders and transformers, and how loaded each region is."""

    name = "grid"
