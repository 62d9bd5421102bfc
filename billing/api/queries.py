"""What is asked of bills, in the address."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from billing.api.fields import DayField
from billing.choices import InvoiceState
from segs_site.lib.paging import PageQuerySerializer

LONGEST = timedelta(days=366)


class PeriodSerializer(serializers.Serializer[Any]):
    """Local days, half-open."""

    start = DayField()
    end = DayField(help_text="the first day that is not in it")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is empty or too long."""
        if not timedelta(0) < attrs["end"] - attrs["start"] <= LONGEST:
            words = f"The end comes after the start, by {LONGEST.days} days at most."
            raise serializers.ValidationError({"end": [words]})
        return attrs


class CalculateQuerySerializer(PeriodSerializer):
    """Whose use, and when."""

    userId = serializers.IntegerField(  # noqa: N815 the contract's name
        required=False, min_value=1, max_value=2**31 - 1, help_text="oneself without"
    )


class CompareQuerySerializer(CalculateQuerySerializer):
    """Whose use, and when, is priced under every plan."""


class DayQuerySerializer(serializers.Serializer[Any]):
    """One local day, or all of them."""

    day = DayField(required=False)


class InvoicesQuerySerializer(PageQuerySerializer):
    """Which invoices."""

    account = serializers.CharField(required=False, max_length=40)
    state = serializers.ChoiceField(InvoiceState.choices, required=False)
