"""Rate plans: by what rule a customer's energy is priced."""

from django.db import models
from django.db.models import F, Q

from grid.models import Region


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


class LoadForecast(models.Model):
    """What was expected, at `made_at`, of a region's load in the hour that begins at `start`.

    Milliwatts, the hour's mean. Of ten outcomes one is meant to lie below `p10_mw`, five below
    `p50_mw` and nine below `p90_mw`. The prices per kWh are those that these loads would bring
    under the rules of that moment; None where the region had no rules or no capacity then.
    A row is never changed: it stands beside what came.
    """

    region = models.ForeignKey(Region, on_delete=models.CASCADE)
    made_at = models.DateTimeField(help_text="the full hour up to which loads were known")
    start = models.DateTimeField()
    p10_mw = models.BigIntegerField()
    p50_mw = models.BigIntegerField()
    p90_mw = models.BigIntegerField()
    p10_price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    p50_price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    p90_price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    model_version = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region", "made_at", "start"], name="load_forecast_once"
            ),
            models.CheckConstraint(
                condition=Q(p10_mw__lte=F("p50_mw"), p50_mw__lte=F("p90_mw")),
                name="load_forecast_in_order",
            ),
            models.CheckConstraint(
                condition=Q(start__gte=F("made_at")), name="load_forecast_of_the_future"
            ),
        ]
        indexes = [models.Index(F("made_at").desc(), name="load_forecast_newest")]

    def __str__(self) -> str:
        return f"{self.region_id} {self.start:%Y-%m-%d %H:%M}, made {self.made_at:%d %H:%M}"
