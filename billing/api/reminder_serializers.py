"""Shapes of reminders."""

from typing import Any

from rest_framework import serializers

from billing.api.fields import paid_amount


class ReminderSerializer(serializers.Serializer[Any]):
    """A reminder as it was written."""

    id = serializers.IntegerField()
    invoice = serializers.CharField(source="invoice.number")
    level = serializers.IntegerField()
    made_at = serializers.DateTimeField()
    fee = paid_amount(allow_null=True)
    open = paid_amount(source="open_amount", help_text="with the fee, when it was written")
    currency = serializers.CharField()
    language = serializers.CharField()
    subject = serializers.CharField()
    text = serializers.CharField()


class RemindersSerializer(serializers.Serializer[Any]):
    """A page of reminders, newest first."""

    next = serializers.CharField(allow_null=True)
    results = ReminderSerializer(many=True)
