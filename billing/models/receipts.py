"""Money that came in, and what customers object to."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models import CustomerAccount
from billing.choices import DisputeState
from billing.models.bank import BankEntry
from billing.models.invoices import Invoice, amount_field


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Payments by whether they stand."""

    def standing(self, *, on: date | None = None) -> Self:
        """Keep those that were not reversed, by a day or at all."""
        if on is None:
            return self.filter(reversal__isnull=True)
        return self.exclude(reversal__reversed_on__lte=on)


class Payment(models.Model):
    """Money received for an account, for one invoice or, with none, as a credit.

    `entry` is the bank's entry that it was booked of; one that was typed in has none.
    """

    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="payments")
    invoice = models.ForeignKey(
        Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="payments"
    )
    amount = amount_field()
    currency = models.CharField(max_length=3)
    received_on = models.DateField()
    reference = models.CharField(
        max_length=100, unique=True, help_text="the payer's or the bank's; counts once"
    )
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=254)
    entry = models.ForeignKey(
        BankEntry, null=True, blank=True, on_delete=models.PROTECT, related_name="payments"
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-received_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.reference}"


class PaymentReversal(models.Model):
    """Takes a payment back as a whole: returned by the bank, or booked wrongly.

    `entry` is the bank's entry that returned it.
    """

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="reversal")
    entry = models.ForeignKey(
        BankEntry, null=True, blank=True, on_delete=models.PROTECT, related_name="reversals"
    )
    reversed_on = models.DateField()
    reason = models.CharField(max_length=500)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=254)

    class Meta:
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="reversal_with_reason"),
        ]

    def __str__(self) -> str:
        return f"reversal of {self.payment_id}"


class Dispute(models.Model):
    """What a customer objects to on an invoice, and what came of it."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="disputes")
    state = models.CharField(
        max_length=15, choices=DisputeState.choices, default=DisputeState.OPEN
    )
    reason = models.CharField(max_length=1000)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=254)
    answer = models.CharField(max_length=1000, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=254, blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], name="dispute_open_once", condition=Q(closed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.state}"
