"""When a condition is an alert: rows that the desk edits and that act without a restart."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from alerts.choices import Kind, Severity
from grid.models import Region

NOT_NEGATIVE = MinValueValidator(0)
LONGEST_DELAY_S = 86_400


class AlertRule(models.Model):
    """One kind's rule, for one region or, with none, for every region that has none of its own.

    What `threshold` and `deadband` mean, and their unit, depends on the kind:
    `alerts/conditions/limits.py` says it. A condition must hold `on_delay_s` before it is an
    alert, and be gone `off_delay_s`, by more than the deadband, before it is over.
    """

    id = models.AutoField(primary_key=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    region = models.ForeignKey(
        Region,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="alert_rules",
        help_text="empty: every region without a rule of its own",
    )
    is_enabled = models.BooleanField(default=True)
    severity = models.SmallIntegerField(choices=Severity.choices)
    threshold = models.FloatField(null=True, blank=True, help_text="in the unit of the kind")
    deadband = models.FloatField(default=0, validators=[NOT_NEGATIVE])
    on_delay_s = models.IntegerField(
        default=0, validators=[NOT_NEGATIVE, MaxValueValidator(LONGEST_DELAY_S)]
    )
    off_delay_s = models.IntegerField(
        default=0, validators=[NOT_NEGATIVE, MaxValueValidator(LONGEST_DELAY_S)]
    )
    share_pct = models.FloatField(
        null=True,
        blank=True,
        validators=[NOT_NEGATIVE, MaxValueValidator(100)],
        help_text="of the meters below a node, from which they are one outage",
    )
    count = models.IntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="and at least so many"
    )
    escalate_after_s = models.IntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(30), MaxValueValidator(LONGEST_DELAY_S)],
        help_text="told to all when nobody has acknowledged by then; empty: never",
    )

    class Meta:
        ordering = ["kind", "region"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "region"], name="alert_rule_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(on_delay_s__gte=0, off_delay_s__gte=0, deadband__gte=0),
                name="alert_rule_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.region or 'every region'}"
