"""When an account is billed."""

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.models import CustomerAccount
from billing.invoicing import Cycle, cycle_of

USUAL_ANCHOR = date(2000, 1, 1)
USUAL_DUE_DAYS = 14


class BillingTerms(models.Model):
    """An account's cycle; without a row it is billed by calendar months, due in two weeks."""

    account = models.OneToOneField(
        CustomerAccount, primary_key=True, on_delete=models.PROTECT, related_name="billing_terms"
    )
    anchor = models.DateField(
        default=USUAL_ANCHOR, help_text="a day on which a billing period begins"
    )
    months = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    due_days = models.PositiveSmallIntegerField(default=USUAL_DUE_DAYS)

    class Meta:
        verbose_name_plural = "billing terms"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(months__gte=1, months__lte=12), name="terms_1_to_12_months"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: every {self.months} months from {self.anchor}"

    def cycle_of(self, day: date) -> Cycle:
        """Return the billing period in which a local day lies."""
        return cycle_of(day, anchor=self.anchor, months=self.months)
