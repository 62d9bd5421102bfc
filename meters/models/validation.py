"""What rules found in intervals, and every change of an interval."""

from django.db import models
from django.db.models import F, Q

from meters.choices import FillMethod, FindingState, RuleKind
from meters.models.places import Meter


class Finding(models.Model):
    """Quarter-hours of one meter, `[start, end)`, that a rule fired on.

    `value` and `limit` are in the rule's own unit. It settles by a person (`decided_by`) or by
    itself, when late data heals it.
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="findings")
    rule = models.CharField(max_length=20, choices=RuleKind.choices)
    start = models.DateTimeField()
    end = models.DateTimeField()
    state = models.CharField(max_length=10, choices=FindingState.choices)
    value = models.FloatField(null=True)
    limit = models.FloatField(null=True)
    found_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=254, blank=True, help_text="empty: by itself")
    reason = models.CharField(max_length=500, blank=True, help_text="why it was decided so")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meter", "rule", "start"], name="finding_once"),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="finding_has_length"),
        ]
        indexes = [
            models.Index(fields=["state", "-found_at", "-id"], name="finding_by_state"),
            models.Index(fields=["meter", "end"], name="finding_of_meter"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.rule} {self.start}"

    @property
    def can_be_decided(self) -> bool:
        """Whether nobody has decided about it, and late data have not healed it."""
        is_estimated = self.state == FindingState.ESTIMATED and not self.decided_by
        return is_estimated or self.state in FindingState.waiting()

    @property
    def unit(self) -> str:
        """What `value` and `limit` count."""
        return RuleKind(self.rule).unit


class IntervalEdit(models.Model):
    """Something done to quarter-hours of a meter, by a person or by a rule: append-only.

    A quarter-hour points at the newest one that touched it; `by` is empty for a rule.
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="edits")
    start = models.DateTimeField()
    end = models.DateTimeField()
    method = models.CharField(max_length=20, choices=FillMethod.choices)
    rule = models.CharField(max_length=20, choices=RuleKind.choices, blank=True)
    by = models.CharField(max_length=254, blank=True, help_text="empty: by itself")
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="edit_has_length"),
        ]
        indexes = [models.Index(fields=["meter", "start"], name="interval_edit_of_meter")]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.method} {self.start}"
