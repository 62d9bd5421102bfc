"""Shapes of invoices."""

from typing import Any

from rest_framework import serializers

from accounts.models import CustomerAccount
from billing.api.fields import DayField, Named, exact_amount, paid_amount
from billing.api.reckoned import ComponentSerializer
from billing.choices import InvoiceState, Of
from billing.models import Invoice
from segs_site.lib.choices import Quality
from segs_site.lib.quantities import exact_kwh


class LineSerializer(serializers.Serializer[Any]):
    """One line: the sum of its components, and what rounding it once added."""

    place = serializers.IntegerField()
    section = serializers.IntegerField()
    of = serializers.ChoiceField(Of.choices)
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    amount = paid_amount()
    exact = exact_amount()
    rounding = exact_amount()
    components = ComponentSerializer(many=True)


class LinesSerializer(serializers.Serializer[Any]):
    """Every line of an invoice."""

    lines = LineSerializer(many=True)


class IntervalSerializer(serializers.Serializer[Any]):
    """A part of an interval as billed; what priced it is null where no slot did."""

    start = serializers.DateTimeField()
    energy_kwh = serializers.DecimalField(max_digits=18, decimal_places=6)
    quality = serializers.SerializerMethodField()
    component = serializers.CharField()
    price = serializers.DecimalField(max_digits=18, decimal_places=6)
    amount = exact_amount(help_text="energy times price, not rounded")
    load_pct = serializers.FloatField(source="slot.load_pct", default=None, allow_null=True)
    band_from_pct = serializers.FloatField(
        source="slot.band_from_pct", default=None, allow_null=True
    )
    override = serializers.IntegerField(source="slot.override_id", default=None, allow_null=True)
    reason = serializers.CharField(source="slot.reason", default=None, allow_null=True)

    def get_quality(self, row: Any) -> str:
        """Return the word of the quality."""
        return str(Quality(row.quality).label)


class IntervalsSerializer(serializers.Serializer[Any]):
    """The intervals of a line."""

    intervals = IntervalSerializer(many=True)


class InvoiceSerializer(serializers.Serializer[Any]):
    """An invoice, or a draft, which has no number."""

    id = serializers.IntegerField()
    number = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(InvoiceState.choices)
    account = serializers.CharField(source="account.number")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text="the first day that is not in it")
    currency = serializers.CharField()
    total = paid_amount()
    energy_kwh = serializers.SerializerMethodField()
    estimated_kwh = serializers.SerializerMethodField()
    issued_at = serializers.DateTimeField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)

    def get_energy_kwh(self, row: Invoice) -> str:
        """Return the energy drawn."""
        return str(exact_kwh(row.energy_mwh))

    def get_estimated_kwh(self, row: Invoice) -> str:
        """Return the part of it that no reading covered."""
        return str(exact_kwh(row.estimated_mwh))


class WholeInvoiceSerializer(InvoiceSerializer):
    """An invoice with parties, sections and what is paid of it."""

    paid = paid_amount()
    fees = paid_amount(help_text="of reminders")
    open = paid_amount(help_text="total and fees less what is paid")
    parties = serializers.DictField()
    sections = serializers.ListField(child=serializers.DictField())


class InvoicesSerializer(serializers.Serializer[Any]):
    """A page of invoices, newest first."""

    next = serializers.CharField(allow_null=True)
    results = InvoiceSerializer(many=True)


class IssueSerializer(serializers.Serializer[Any]):
    """Whose billing period is issued: the one that a local day lies in."""

    account = Named(slug_field="number", queryset=CustomerAccount.objects.all())
    day = DayField()
    waived = serializers.CharField(
        required=False,
        default="",
        max_length=500,
        help_text="the reason for which readings in quarantine are let be",
    )


class ReasonSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=500)


class CreditNoteSerializer(serializers.Serializer[Any]):
    """What takes an invoice back."""

    number = serializers.CharField()
    invoice = serializers.CharField(source="invoice.number")
    total = paid_amount()
    reason = serializers.CharField()
    issued_at = serializers.DateTimeField()
