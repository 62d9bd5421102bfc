"""Rate plans: by what rule a customer's energy is priced."""

from django.db import models


class RatePlan(models.Model):
    """A plan that an agreement can name."""

    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name
