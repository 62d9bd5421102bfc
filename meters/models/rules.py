"""What quarter-hours are judged by, and which wait to be."""

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from meters.choices import RuleAction, RuleKind
from meters.vee import rules


class ValidationRule(models.Model):
    """A rule of one kind; what it takes and may do stands in `meters.vee.rules`."""

    id = models.AutoField(primary_key=True)
    kind = models.CharField(max_length=20, choices=RuleKind.choices, unique=True)
    action = models.CharField(max_length=10, choices=RuleAction.choices)
    is_on = models.BooleanField(default=True, verbose_name="on")
    parameters = models.JSONField(
        default=dict,
        blank=True,
        encoder=DjangoJSONEncoder,
        help_text="numbers by name; those left out have their default",
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.get_kind_display()

    def clean(self) -> None:
        """Refuse parameters and an action that the kind does not take."""
        try:
            self.declared()
        except ValueError as problem:
            raise ValidationError(str(problem)) from None

    def declared(self) -> rules.Rule:
        """Return the rule as calculation reads it; raises BadParameters."""
        return rules.checked(rules.Kind(self.kind), rules.Action(self.action), self.parameters)


class ValidationMark(models.Model):
    """A quarter-hour that was summed and not judged yet: append-only.

    `meter` is empty for "every meter". A step deletes only the ids it has read.
    """

    meter_id = models.IntegerField(null=True)
    start = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.meter_id or 'all'} {self.start}"
