"""How bills get to customers: one row for each way."""

from typing import Self

from django.db import models
from django.db.models import Q

from billing.choices import DeliveryState, DeliveryWay
from billing.models.invoices import Invoice
from billing.models.print_batches import PrintBatch

BILL = 0  # the level of what is delivered; reminders have those above


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries by way and state."""

    def to_mail(self) -> Self:
        """Keep mails that wait."""
        return self.filter(way=DeliveryWay.MAIL, state=DeliveryState.QUEUED)

    def to_print(self) -> Self:
        """Keep paper that is in no batch yet."""
        return self.filter(way=DeliveryWay.PRINT, state=DeliveryState.QUEUED)

    def troubled(self) -> Self:
        """Keep mails that did not arrive, of which the clerk has taken no note yet."""
        broken = [DeliveryState.FAILED, DeliveryState.BOUNCED]
        return self.filter(state__in=broken, seen_at=None)


class Delivery(models.Model):
    """A bill on one way to the customer, once: `level` 0 is the bill, others are reminders.

    `due_at` is when a worker tries next. `message_id` is the same at every try, so that a mail
    that went out twice is recognised, and a bounce finds its row. An address that bounced is
    not written to again until the clerk has seen it and says so.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="deliveries")
    level = models.PositiveSmallIntegerField(default=BILL)
    way = models.CharField(max_length=5, choices=DeliveryWay.choices)
    state = models.CharField(
        max_length=7, choices=DeliveryState.choices, default=DeliveryState.QUEUED
    )
    address = models.CharField(max_length=254, blank=True)
    message_id = models.CharField(max_length=100, null=True, unique=True)
    wanted_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=254, blank=True)
    batch = models.ForeignKey(
        PrintBatch, null=True, on_delete=models.PROTECT, related_name="deliveries"
    )
    place = models.PositiveIntegerField(null=True, help_text="in its batch, from 1")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["invoice", "level", "way"], name="delivery_once"),
            models.UniqueConstraint(fields=["batch", "place"], name="delivery_place_once"),
            models.CheckConstraint(
                condition=~Q(way=DeliveryWay.PRINT, state=DeliveryState.SENT)
                | Q(batch__isnull=False, place__isnull=False),
                name="delivery_printed_in_a_batch",
            ),
            models.CheckConstraint(
                condition=Q(way=DeliveryWay.PRINT) | ~Q(address=""),
                name="delivery_mailed_to_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["way", "due_at"],
                name="delivery_due",
                condition=Q(state=DeliveryState.QUEUED),
            ),
            models.Index(
                fields=["address"],
                name="delivery_bounced",
                condition=Q(state=DeliveryState.BOUNCED),
            ),
            models.Index(
                fields=["-id"],
                name="delivery_troubled",
                condition=Q(
                    state__in=[DeliveryState.FAILED, DeliveryState.BOUNCED], seen_at__isnull=True
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} by {self.way}: {self.state}"
