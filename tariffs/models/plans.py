"""Rate plans."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from tariffs import plans


def default_plan() -> dict[str, Any]:
    """Return the definition of a plan that charges energy at the price in force and no more."""
    return {"energy": {"kind": "dynamic"}}


class RatePlan(models.Model):
    """A plan that an agreement can name; `definition` is what `tariffs.plans.read` reads."""

    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3)
    definition = models.JSONField(
        default=default_plan, help_text="how it prices: docs/plans.md shows each form"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what could not be priced."""
        try:
            plans.read(self.definition)
        except plans.BadPlan as fault:
            raise ValidationError({"definition": str(fault)}) from fault

    def plan(self) -> plans.Plan:
        """Return the plan as calculations take it. Raises plans.BadPlan."""
        return plans.read(self.definition)
