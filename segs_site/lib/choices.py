"""Codes shared by every app: how far a quantity can be trusted."""

from django.db import models


class Quality(models.IntegerChoices):
    """Where a value comes from; kept beside every kWh from the meter to the invoice."""

    MISSING = 0, "missing"
    SUSPECT = 1, "suspect"
    ESTIMATED = 2, "estimated"
    CALCULATED = 3, "calculated"
    EDITED = 4, "edited"
    ACTUAL = 5, "actual"
