"""Shapes of bank files, their entries and what is owed."""

import base64
import binascii
from io import BytesIO
from typing import Any

from rest_framework import serializers

from accounts.models import CustomerAccount
from billing.api.fields import DayField, Named, paid_amount
from billing.choices import EntryState, Mismatch
from billing.models import Invoice, Payment
from segs_site.lib.paging import PageQuerySerializer


class ContentField(serializers.CharField):
    """A file's bytes in base64."""

    default_error_messages = {"odd": "That is no base64."}

    def to_internal_value(self, data: Any) -> Any:
        """Return a stream of them."""
        try:
            return BytesIO(base64.b64decode(super().to_internal_value(data), validate=True))
        except (binascii.Error, ValueError):
            self.fail("odd")


class BankFileOrderSerializer(serializers.Serializer[Any]):
    """A file to take in; its format is found out where it is plain."""

    name = serializers.CharField(max_length=200)
    format = serializers.CharField(
        max_length=40, required=False, default="", allow_blank=True,
        help_text="camt053, or the name of a bank layout",
    )  # fmt: skip
    content = ContentField(help_text="base64; a file beyond 1.8 MB goes by the page or command")


class BankFileSerializer(serializers.Serializer[Any]):
    """A file that was taken in: its entries, and how many of them no file told before."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    format = serializers.CharField()
    sha256 = serializers.CharField()
    taken_at = serializers.DateTimeField()
    taken_by = serializers.CharField()
    entries = serializers.IntegerField()
    added = serializers.IntegerField()


class BankFilesSerializer(serializers.Serializer[Any]):
    """A page of files, newest first."""

    next = serializers.CharField(allow_null=True)
    results = BankFileSerializer(many=True)


class BankEntriesQuerySerializer(PageQuerySerializer):
    """Which entries."""

    state = serializers.ChoiceField(EntryState.choices, required=False)


class BankBookedSerializer(serializers.Serializer[Any]):
    """A payment that was booked of an entry; `is_reversed` when it was taken back."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    invoice = serializers.CharField(source="invoice.number", default=None, allow_null=True)
    amount = paid_amount()
    reference = serializers.CharField()
    is_reversed = serializers.SerializerMethodField()

    def get_is_reversed(self, payment: Payment) -> bool:
        """Tell whether it was taken back."""
        return hasattr(payment, "reversal")


class BankEntrySerializer(serializers.Serializer[Any]):
    """A movement as the bank told of it, and what became of it."""

    id = serializers.IntegerField()
    file = serializers.IntegerField(source="file_id")
    line = serializers.IntegerField()
    key = serializers.CharField()
    booked_on = serializers.DateField()
    amount = paid_amount()
    currency = serializers.CharField()
    is_credit = serializers.BooleanField()
    is_return = serializers.BooleanField()
    text = serializers.CharField()
    payer = serializers.CharField()
    payer_account = serializers.CharField()
    state = serializers.ChoiceField(EntryState.choices)
    mismatch = serializers.ChoiceField(Mismatch.choices, allow_blank=True)
    note = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField()
    payments = BankBookedSerializer(many=True)


class BankEntriesSerializer(serializers.Serializer[Any]):
    """A page of entries, newest first."""

    next = serializers.CharField(allow_null=True)
    results = BankEntrySerializer(many=True)


class BankAssignSerializer(serializers.Serializer[Any]):
    """Whose money it is: an invoice, or an account."""

    invoice = Named(slug_field="number", queryset=Invoice.objects.issued(), required=False)
    account = Named(slug_field="number", queryset=CustomerAccount.objects.all(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both and neither."""
        if len(attrs) != 1:
            raise serializers.ValidationError({"invoice": ["Name an invoice or an account."]})
        return attrs


class BankTakeBackSerializer(serializers.Serializer[Any]):
    """Which payment a return means."""

    payment = Named(slug_field="reference", queryset=Payment.objects.all())


class AgedQuerySerializer(PageQuerySerializer):
    """As of the end of which day."""

    day = DayField(required=False, help_text="a local day; today without")


class AgedDaySerializer(serializers.Serializer[Any]):
    """As of the end of which day."""

    day = DayField(required=False, help_text="a local day; today without")


class AgedSerializer(serializers.Serializer[Any]):
    """What an account owes by days past due; `credit` is never positive."""

    account = serializers.CharField()
    customer = serializers.CharField()
    currency = serializers.CharField()
    current = paid_amount()
    to_30 = paid_amount()
    to_60 = paid_amount()
    to_90 = paid_amount()
    over_90 = paid_amount()
    credit = paid_amount()
    balance = paid_amount()


class AgedPageSerializer(serializers.Serializer[Any]):
    """A page of accounts that owe or are owed something, by their numbers."""

    day = serializers.DateField()
    next = serializers.CharField(allow_null=True)
    results = AgedSerializer(many=True)
