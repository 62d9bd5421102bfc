"""Shapes of what would be owed."""

from typing import Any

from rest_framework import serializers

from billing.api.fields import exact_amount, paid_amount


class ComponentSerializer(serializers.Serializer[Any]):
    """A quantity at a price: their product is the amount, to the last digit."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    quantity = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    price = serializers.CharField()
    amount = serializers.CharField()


class ReckonedLineSerializer(serializers.Serializer[Any]):
    """A line as it would be printed."""

    of = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    amount = paid_amount()
    exact = exact_amount()
    rounding = exact_amount()
    components = ComponentSerializer(many=True)


class ReckonedSectionSerializer(serializers.Serializer[Any]):
    """What one agreement would cost."""

    service_point = serializers.CharField()
    plan = serializers.CharField()
    days = serializers.IntegerField()
    energy_kwh = serializers.CharField()
    estimated_kwh = serializers.CharField()
    intervals_found = serializers.IntegerField()
    intervals_expected = serializers.IntegerField()
    lines = ReckonedLineSerializer(many=True)


class ReckoningSerializer(serializers.Serializer[Any]):
    """What an account would owe; `is_whole` is false where a part has no price."""

    account = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField()
    currency = serializers.CharField(allow_blank=True)
    total = paid_amount()
    energy_kwh = serializers.CharField()
    is_whole = serializers.BooleanField()
    troubles = serializers.DictField(child=serializers.CharField())
    sections = ReckonedSectionSerializer(many=True)


class CalculatedSerializer(serializers.Serializer[Any]):
    """What each account of a person would owe."""

    accounts = ReckoningSerializer(many=True)


class PlanTotalSerializer(serializers.Serializer[Any]):
    """What the same use would cost on a plan; null where that plan cannot price it."""

    plan = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    total = paid_amount(allow_null=True)
    is_current = serializers.BooleanField()
    trouble = serializers.CharField(allow_blank=True)


class ComparedSerializer(serializers.Serializer[Any]):
    """A use under every plan, cheapest first."""

    start = serializers.DateField()
    end = serializers.DateField()
    energy_kwh = serializers.CharField()
    plans = PlanTotalSerializer(many=True)
