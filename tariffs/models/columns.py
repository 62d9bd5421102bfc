"""Columns that several tables of prices have."""

from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Func


class HalfOpen(Func):
    """The period from one column up to another, as the database compares periods."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def price_field(**options: Any) -> "models.DecimalField[Any, Any]":
    """Return a column for a price per kWh, which may be negative."""
    return models.DecimalField(max_digits=12, decimal_places=6, **options)
