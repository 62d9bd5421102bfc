"""When who does not pay is reminded, and the reminders that were made."""

from django.db import models
from django.db.models import Q

from billing.models.invoices import Invoice, amount_field


class ReminderLevel(models.Model):
    """So many days after an invoice was due it is reminded of, for a fee or for none.

    Without a text of its own a reminder says what the house says at that level, in the
    customer's language. In a text `{number}`, `{open}`, `{due}` and `{fee}` are filled in.
    """

    level = models.PositiveSmallIntegerField(unique=True)
    days_after_due = models.PositiveSmallIntegerField()
    fee = amount_field(null=True, blank=True, help_text="in the invoice's currency")
    text = models.TextField(blank=True, max_length=2000)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["level"]
        constraints = [
            models.CheckConstraint(
                condition=Q(fee__isnull=True) | Q(fee__gt=0), name="reminder_level_fee_positive"
            ),
            models.CheckConstraint(
                condition=Q(level__gte=1, days_after_due__gte=1), name="reminder_level_from_1"
            ),
        ]

    def __str__(self) -> str:
        return f"level {self.level}, {self.days_after_due} days after due"


class Reminder(models.Model):
    """A reminder as it was written: once for an invoice and level, and never changed.

    `open_amount` is what was open with this fee and those before. It says nothing of delivery.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    level = models.PositiveSmallIntegerField()
    days_after_due = models.PositiveSmallIntegerField(help_text="of its level, then")
    made_at = models.DateTimeField()
    made_on = models.DateField(help_text="the local day")
    fee = amount_field(null=True)
    open_amount = amount_field()
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    text = models.TextField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "level"], name="reminder_once_a_level"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: reminder {self.level}"
