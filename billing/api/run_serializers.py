"""Shapes of bill runs."""

from typing import Any

from rest_framework import serializers

from accounts.models import CustomerAccount
from billing.api.fields import DayField, Named, paid_amount
from billing.choices import RunState, Trouble, TurnState
from grid.models import Region


class RunOrderSerializer(serializers.Serializer[Any]):
    """Whom to bill, for the billing period that a local day lies in."""

    day = DayField()
    region = Named(
        slug_field="code", queryset=Region.objects.all(), required=False, allow_null=True,
        default=None,
    )  # fmt: skip
    account = Named(
        slug_field="number", queryset=CustomerAccount.objects.all(), required=False,
        allow_null=True, default=None,
    )  # fmt: skip
    is_dry = serializers.BooleanField(default=False)


class ProgressSerializer(serializers.Serializer[Any]):
    """How a run stands."""

    accounts = serializers.IntegerField()
    left = serializers.IntegerField()
    unresolved = serializers.IntegerField()
    total = paid_amount()
    energy_kwh = serializers.CharField()
    turns = serializers.DictField(child=serializers.IntegerField(), help_text="by state")


class RunSerializer(serializers.Serializer[Any]):
    """A bill run."""

    id = serializers.IntegerField()
    day = serializers.DateField()
    region = serializers.CharField(source="region.code", default=None, allow_null=True)
    account = serializers.CharField(source="account.number", default=None, allow_null=True)
    is_dry = serializers.BooleanField()
    state = serializers.ChoiceField(RunState.choices)
    requested_at = serializers.DateTimeField()
    requested_by = serializers.CharField()
    finished_at = serializers.DateTimeField(allow_null=True)


class WholeRunSerializer(RunSerializer):
    """A bill run and how it stands."""

    progress = ProgressSerializer()


class RunsSerializer(serializers.Serializer[Any]):
    """A page of runs, newest first."""

    next = serializers.CharField(allow_null=True)
    results = RunSerializer(many=True)


class ExceptionSerializer(serializers.Serializer[Any]):
    """Why a turn waits for the clerk."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="turn.account.number")
    turn_state = serializers.ChoiceField(TurnState.choices, source="turn.state")
    trouble = serializers.ChoiceField(Trouble.choices)
    detail = serializers.CharField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolved_by = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)


class ExceptionsSerializer(serializers.Serializer[Any]):
    """A page of exceptions, in the order of accounts."""

    next = serializers.CharField(allow_null=True)
    results = ExceptionSerializer(many=True)


class DoneSerializer(serializers.Serializer[Any]):
    """How many turns were touched."""

    turns = serializers.IntegerField()
