"""Codes of prices with the words people read for them."""

from django.db import models

from tariffs import pricing


class Trigger(models.TextChoices):
    """What decided a price; calculations use `pricing.Trigger`, whose codes these are."""

    AUTO = pricing.Trigger.AUTO, "by load"
    OVERRIDE = pricing.Trigger.OVERRIDE, "override"
    HELD = pricing.Trigger.HELD, "held"
    BASE = pricing.Trigger.BASE, "base price"


class Flag(models.TextChoices):
    """Why a price deserves a second look."""

    NONE = pricing.Flag.NONE, "in order"
    LOAD_UNKNOWN = pricing.Flag.LOAD_UNKNOWN, "load unknown"
    MISSED = pricing.Flag.MISSED, "decided late"


class OverrideState(models.TextChoices):
    """Where an override stands at a moment; it follows from its row, so it is not kept there."""

    REQUESTED = "requested", "waits for approval"
    SCHEDULED = "scheduled", "scheduled"
    ACTIVE = "active", "active"
    OVER = "over", "over"
    ENDED = "ended", "ended early"
    LAPSED = "lapsed", "lapsed without approval"


SLOT_CHOICES = [(minutes, f"{minutes} min") for minutes in pricing.SLOT_MINUTES]
