"""Bills that go out on paper: printed together, kept as they were printed."""

from django.db import models
from django.db.models import Q


class PrintBatch(models.Model):
    """Bills on paper in one PDF: a wish until it is made, then bytes that nobody changes."""

    wanted_at = models.DateTimeField()
    wanted_by = models.CharField(max_length=254)
    made_at = models.DateTimeField(null=True)
    bills = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    pdf = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "print batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(made_at__isnull=True, pdf__isnull=True, sha256="")
                | (Q(made_at__isnull=False, bills=0, pdf__isnull=True, sha256=""))
                | (Q(made_at__isnull=False, pdf__isnull=False, bills__gt=0) & ~Q(sha256="")),
                name="print_batch_whole_or_not_there",
            ),
            models.UniqueConstraint(
                models.Value(1), name="print_batch_wanted_once", condition=Q(made_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"
