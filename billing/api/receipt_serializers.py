"""Shapes of payments and disputes."""

from typing import Any

from rest_framework import serializers

from accounts.models import CustomerAccount
from billing.api.fields import DayField, Named, paid_amount
from billing.choices import DisputeState
from billing.models import Invoice


class PaymentOrderSerializer(serializers.Serializer[Any]):
    """Money that came in; its reference counts once."""

    account = Named(slug_field="number", queryset=CustomerAccount.objects.all())
    invoice = Named(
        slug_field="number",
        queryset=Invoice.objects.issued(),
        required=False,
        allow_null=True,
        default=None,
    )
    amount = paid_amount(min_value=0)
    currency = serializers.RegexField(r"^[A-Z]{3}$")
    received_on = DayField()
    reference = serializers.CharField(max_length=100)


class PaymentSerializer(serializers.Serializer[Any]):
    """A payment that is booked."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    invoice = serializers.CharField(source="invoice.number", default=None, allow_null=True)
    amount = paid_amount()
    currency = serializers.CharField()
    received_on = serializers.DateField()
    reference = serializers.CharField()


class PaymentsSerializer(serializers.Serializer[Any]):
    """A page of payments, newest first."""

    next = serializers.CharField(allow_null=True)
    results = PaymentSerializer(many=True)


class DisputeOrderSerializer(serializers.Serializer[Any]):
    """What is objected to, and why."""

    invoice = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    reason = serializers.CharField(max_length=1000)


class DisputeAnswerSerializer(serializers.Serializer[Any]):
    """What came of it."""

    is_upheld = serializers.BooleanField()
    answer = serializers.CharField(max_length=1000)


class DisputeSerializer(serializers.Serializer[Any]):
    """An objection."""

    id = serializers.IntegerField()
    invoice = serializers.CharField(source="invoice.number")
    state = serializers.ChoiceField(DisputeState.choices)
    reason = serializers.CharField()
    opened_at = serializers.DateTimeField()
    answer = serializers.CharField(allow_blank=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class DisputesSerializer(serializers.Serializer[Any]):
    """A page of objections, newest first."""

    next = serializers.CharField(allow_null=True)
    results = DisputeSerializer(many=True)
