"""Fields of bills. Money, prices and billed energy are decimal strings."""

from datetime import date
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

_YEARS = range(2000, 2101)


def paid_amount(**options: Any) -> serializers.DecimalField:
    """Return an amount as it is paid."""
    return serializers.DecimalField(max_digits=30, decimal_places=3, **options)


def exact_amount(**options: Any) -> serializers.DecimalField:
    """Return an amount before rounding."""
    return serializers.DecimalField(max_digits=48, decimal_places=15, **options)


class DayField(serializers.DateField):
    """A local day of the years that bills know."""

    default_error_messages = {"year": "Only the years 2000 to 2100 are known here."}

    def to_internal_value(self, value: Any) -> date:
        """Return the day."""
        day = super().to_internal_value(value)
        if day.year not in _YEARS:
            self.fail("year")
        return day


@extend_schema_field(OpenApiTypes.STR)
class Named(serializers.SlugRelatedField[Any]):
    """Something by its code or number."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the row; what PostgreSQL can keep in no text is refused as any text is."""
        return super().to_internal_value(serializers.CharField().run_validation(data))
