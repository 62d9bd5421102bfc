"""Codes of people and keys with the words people read for them."""

from django.db import models

from segs_site.lib.access import Role


class UserRole(models.TextChoices):
    """What a person is here for; the rights stand in `segs_site.lib.access`."""

    CUSTOMER = Role.CUSTOMER, "customer"
    OPERATOR = Role.OPERATOR, "operator"
    CLERK = Role.CLERK, "billing clerk"
    ADMIN = Role.ADMIN, "administrator"


class KeyScope(models.TextChoices):
    """What an API key opens."""

    INGEST = "ingest", "send telemetry"


class KeyState(models.TextChoices):
    """Whether an API key opens anything."""

    ACTIVE = "active", "active"
    EXPIRED = "expired", "expired"
    REVOKED = "revoked", "revoked"


class LetterKind(models.TextChoices):
    """Why somebody gets a mail."""

    CONFIRM = "confirm", "confirm an address"
    RESET = "reset", "choose a new password"
    CHANGED = "changed", "a password was changed"
    INVITED = "invited", "an invitation"
    FACTOR_RESET = "factor_reset", "a second factor was taken away"
