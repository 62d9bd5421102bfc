"""What late data change in issued invoices: marks, and corrections as the clerk decides them."""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from billing.choices import CorrectionState, Of
from billing.models.invoices import Invoice, InvoiceLine, amount_field, exact_field


class LateMark(models.Model):
    """A meter's UTC day of which quarter-hours were written more than a day after they began.

    The database adds them, see the migration; whoever has looked deletes the ones he read.
    `look_at` leaves an invoice that is being issued the time to be there.
    """

    meter_id = models.IntegerField()
    day = models.DateField()
    look_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["look_at"], name="late_mark_due")]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.day}"


class Correction(models.Model):
    """What an issued invoice owes beyond what is booked of it, and what the clerk decides of it.

    One waits for an invoice, and another takes its place when more data come. What is decided
    stays, the database refuses a change: approved, its lines go on the next bill; rejected, they
    are let be. `filled`, `replaced` and `changed` count its quarter-hours or minutes: those that
    were missing, those that were estimated, and those that were read and are different now.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="late_corrections")
    state = models.CharField(
        max_length=10, choices=CorrectionState.choices, default=CorrectionState.WAITING
    )
    found_at = models.DateTimeField()
    energy_mwh = models.BigIntegerField(help_text="drawn, beyond what is booked; may be negative")
    total = amount_field()
    first_at = models.DateTimeField(null=True, help_text="start of the first interval it changes")
    last_at = models.DateTimeField(null=True, help_text="start of the last one")
    filled = models.PositiveIntegerField(default=0)
    replaced = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=254, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"],
                name="correction_waits_once",
                condition=Q(state=CorrectionState.WAITING),
            ),
            models.CheckConstraint(
                condition=Q(state=CorrectionState.WAITING, decided_at__isnull=True)
                | (~Q(state=CorrectionState.WAITING) & Q(decided_at__isnull=False)),
                name="correction_decided_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=CorrectionState.REJECTED) | ~Q(note=""),
                name="correction_rejected_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="correction_by_state")]

    def __str__(self) -> str:
        return f"correction {self.pk}"


class CorrectionLineQuerySet(models.QuerySet["CorrectionLine"]):
    """Lines of corrections by what becomes of them."""

    def decided(self) -> Self:
        """Keep those that are approved or rejected: what comes later is held against them."""
        return self.exclude(correction__state=CorrectionState.WAITING)

    def to_bill(self) -> Self:
        """Keep those that are approved, of live invoices, and on no live invoice yet."""
        carrying = InvoiceLine.objects.filter(
            carries=OuterRef("pk"), invoice__claim__isnull=False, invoice__claim__released_at=None
        )
        return self.filter(
            correction__state=CorrectionState.APPROVED,
            correction__invoice__claim__isnull=False,
            correction__invoice__claim__released_at=None,
        ).exclude(Exists(carrying))


class CorrectionLine(models.Model):
    """What one line owes beyond what is booked of it, like a line: `exact` and `rounding`.

    `corrects` is the line that late data changed or, where they bring a line that the invoice
    did not have, the first of its section.
    """

    correction = models.ForeignKey(Correction, on_delete=models.CASCADE, related_name="lines")
    place = models.PositiveSmallIntegerField()
    corrects = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="+")
    of = models.CharField(max_length=10, choices=Of.choices)
    label = models.CharField(max_length=100)
    amount = amount_field()
    exact = exact_field()
    rounding = exact_field()
    components = models.JSONField()

    objects = CorrectionLineQuerySet.as_manager()

    class Meta:
        ordering = ["correction", "place"]
        constraints = [
            models.UniqueConstraint(fields=["correction", "place"], name="correction_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.amount}"


class CorrectionDay(models.Model):
    """By how much the intervals of one line and local day changed, packed as they are billed."""

    line = models.ForeignKey(CorrectionLine, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    packed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "day"], name="correction_day_once")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.day}"
