"""Shapes of corrections."""

from typing import Any

from rest_framework import serializers

from billing.api.fields import exact_amount, paid_amount
from billing.api.reckoned import ComponentSerializer
from billing.choices import CorrectionState, Of
from billing.models import Correction
from segs_site.lib.paging import PageQuerySerializer
from segs_site.lib.quantities import exact_kwh


class CorrectionsQuerySerializer(PageQuerySerializer):
    """Which corrections."""

    account = serializers.CharField(required=False, max_length=40)
    state = serializers.ChoiceField(CorrectionState.choices, required=False)


class CorrectionSerializer(serializers.Serializer[Any]):
    """What late data change in an issued invoice, and what was decided of it.

    `filled`, `replaced` and `changed` count intervals that were missing, estimated, and read.
    `billed_on` is the invoice that carries it, null until there is one.
    """

    id = serializers.IntegerField()
    invoice = serializers.CharField(source="invoice.number")
    account = serializers.CharField(source="invoice.account.number")
    state = serializers.ChoiceField(CorrectionState.choices)
    found_at = serializers.DateTimeField()
    energy_kwh = serializers.SerializerMethodField()
    currency = serializers.CharField(source="invoice.currency")
    total = paid_amount()
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    filled = serializers.IntegerField()
    replaced = serializers.IntegerField()
    changed = serializers.IntegerField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)

    def get_energy_kwh(self, row: Correction) -> str:
        """Return the energy drawn beyond what is booked."""
        return str(exact_kwh(row.energy_mwh))


class CorrectionsSerializer(serializers.Serializer[Any]):
    """A page of corrections, newest first."""

    next = serializers.CharField(allow_null=True)
    results = CorrectionSerializer(many=True)


class CorrectionLineSerializer(serializers.Serializer[Any]):
    """What one line owes beyond what is booked; its components may be negative."""

    place = serializers.IntegerField()
    of = serializers.ChoiceField(Of.choices)
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    amount = paid_amount()
    exact = exact_amount()
    rounding = exact_amount()
    components = ComponentSerializer(many=True)


class WholeCorrectionSerializer(CorrectionSerializer):
    """A correction with its lines and the invoice that carries it."""

    billed_on = serializers.CharField(allow_null=True)
    lines = CorrectionLineSerializer(many=True)


class ApprovalSerializer(serializers.Serializer[Any]):
    """A note, for who wants to leave one."""

    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)
