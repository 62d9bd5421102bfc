"""The paper of an issued invoice: drawn once, kept as it was drawn."""

from typing import Self

from django.db import models
from django.db.models import Q

from billing.models.invoices import Invoice


class InvoiceDocumentQuerySet(models.QuerySet["InvoiceDocument"]):
    """Documents by whether they are drawn."""

    def drawn(self) -> Self:
        """Keep those that can be served."""
        return self.filter(drawn_at__isnull=False)

    def waiting(self) -> Self:
        """Keep those that a worker has yet to draw."""
        return self.filter(drawn_at__isnull=True)


class InvoiceDocument(models.Model):
    """The PDF of an issued invoice: a wish until it is drawn, then bytes that nobody changes.

    `try_at` is when a worker looks next; `fault` says why the last look drew nothing.
    """

    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, primary_key=True, related_name="document"
    )
    wanted_at = models.DateTimeField()
    try_at = models.DateTimeField()
    fault = models.CharField(max_length=500, blank=True)
    language = models.CharField(max_length=10, blank=True)
    pdf = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    drawn_at = models.DateTimeField(null=True)

    objects = InvoiceDocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(drawn_at__isnull=True, pdf__isnull=True, sha256="")
                | (Q(drawn_at__isnull=False, pdf__isnull=False, fault="") & ~Q(sha256="")),
                name="invoice_document_whole_or_not_there",
            ),
        ]
        indexes = [
            models.Index(
                fields=["try_at"],
                name="invoice_document_due",
                condition=Q(drawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"document of {self.invoice_id}"
