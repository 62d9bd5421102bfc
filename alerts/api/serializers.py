"""Shapes of what doors of alerts answer. Severities are words, unknown is null."""

from typing import Any

from rest_framework import serializers

from alerts.api.queries import SEVERITIES, AlertRuleSerializer
from alerts.choices import Kind, State, Step


class AlertSerializer(serializers.Serializer[Any]):
    """An alert as the desk knows it."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    severity = serializers.ChoiceField(choices=SEVERITIES)
    status = serializers.ChoiceField(choices=State.choices)
    subject = serializers.CharField(help_text="such as `transformer:17`")
    region = serializers.CharField(allow_null=True)
    feeder = serializers.CharField(allow_null=True)
    transformer = serializers.CharField(allow_null=True)
    meter = serializers.CharField(allow_null=True)
    message = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    limit = serializers.FloatField(allow_null=True)
    baseline = serializers.FloatField(allow_null=True)
    unit = serializers.CharField(allow_null=True, help_text="of value, limit and baseline")
    customers = serializers.IntegerField(allow_null=True, help_text="that are touched")
    price = serializers.DecimalField(
        max_digits=18, decimal_places=6, allow_null=True, help_text="per kWh, when it was raised"
    )
    first_at = serializers.DateTimeField(help_text="when the condition began")
    raised_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField(help_text="when it was last found to hold")
    occurrences = serializers.IntegerField()
    cleared_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.CharField(allow_blank=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolved_by = serializers.CharField(allow_blank=True, help_text="empty: by itself")
    shelved_until = serializers.DateTimeField(allow_null=True)
    escalated_at = serializers.DateTimeField(allow_null=True)
    assigned_to = serializers.CharField(allow_null=True, help_text="address")
    note = serializers.CharField(allow_blank=True, help_text="the newest")
    parent = serializers.IntegerField(  # type: ignore[assignment]
        allow_null=True, help_text="the alert that explains it"
    )
    planned_work = serializers.IntegerField(allow_null=True, help_text="the work that does")
    children = serializers.IntegerField(help_text="open alerts that it explains")
    is_quiet = serializers.BooleanField(help_text="repeats one resolved just before")
    metadata = serializers.DictField(help_text="what was found besides")


class AlertListSerializer(serializers.Serializer[Any]):
    """A page of alerts."""

    next = serializers.URLField(allow_null=True)
    results = AlertSerializer(many=True)


class AlertStepSerializer(serializers.Serializer[Any]):
    """One step in the life of an alert."""

    id = serializers.IntegerField()
    alert = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    subject = serializers.CharField()
    step = serializers.ChoiceField(choices=Step.choices)
    at = serializers.DateTimeField()
    by = serializers.CharField(allow_blank=True, help_text="empty: by itself")
    note = serializers.CharField(allow_blank=True)
    data = serializers.DictField()  # type: ignore[assignment]


class AlertStepListSerializer(serializers.Serializer[Any]):
    """A page of steps, newest first."""

    next = serializers.URLField(allow_null=True)
    results = AlertStepSerializer(many=True)


class AlertDetailSerializer(AlertSerializer):
    """An alert with its newest steps; `journal` has them all."""

    steps = AlertStepSerializer(many=True)


class AlertBulkOutcomeSerializer(serializers.Serializer[Any]):
    """Which alerts it was done to, and which it could not be done to."""

    done = serializers.ListField(child=serializers.IntegerField())
    refused = serializers.ListField(child=serializers.IntegerField())


class AlertStatsSerializer(serializers.Serializer[Any]):
    """How the desk stands; causes that are not on the shelf, unless it says otherwise."""

    open = serializers.IntegerField()
    unacknowledged = serializers.IntegerField()
    explained = serializers.IntegerField(help_text="by another alert or planned work")
    shelved = serializers.IntegerField()
    by_state = serializers.DictField(child=serializers.IntegerField())
    by_severity = serializers.DictField(child=serializers.IntegerField())
    by_kind = serializers.DictField(child=serializers.IntegerField())
    by_region = serializers.DictField(child=serializers.IntegerField())
    oldest_unacknowledged_at = serializers.DateTimeField(allow_null=True)
    raised_last_hour = serializers.IntegerField()
    raised_last_day = serializers.IntegerField()
    to_acknowledge_s = serializers.FloatField(
        allow_null=True, help_text="mean over a day; null where nothing was acknowledged"
    )


class PlannedWorkSerializer(serializers.Serializer[Any]):
    """Work in one place, and whether it goes on."""

    id = serializers.IntegerField()
    region = serializers.CharField(allow_null=True)
    feeder = serializers.CharField(allow_null=True)
    transformer = serializers.CharField(allow_null=True)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    reason = serializers.CharField()
    state = serializers.ChoiceField(choices=["planned", "going_on", "over", "cancelled"])
    planned_by = serializers.CharField()
    planned_at = serializers.DateTimeField()
    cancelled_by = serializers.CharField(allow_blank=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)


class PlannedWorkListSerializer(serializers.Serializer[Any]):
    """A page of planned work."""

    next = serializers.URLField(allow_null=True)
    results = PlannedWorkSerializer(many=True)


class ShiftNoteSerializer(serializers.Serializer[Any]):
    """What one shift told the next."""

    id = serializers.IntegerField()
    text = serializers.CharField()
    written_by = serializers.CharField()
    written_at = serializers.DateTimeField()


class ShiftNoteListSerializer(serializers.Serializer[Any]):
    """A page of shift notes, newest first."""

    next = serializers.URLField(allow_null=True)
    results = ShiftNoteSerializer(many=True)


class AlertRulesSerializer(serializers.Serializer[Any]):
    """All rules."""

    rules = AlertRuleSerializer(many=True)


class OwnAlertSerializer(serializers.Serializer[Any]):
    """An alert of one's own service point, in plain words."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    status = serializers.ChoiceField(choices=State.choices)
    is_over = serializers.BooleanField()
    message = serializers.CharField()
    service_point = serializers.CharField()
    address = serializers.CharField(allow_blank=True)
    meter = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True, help_text="null while it lasts")
    expected_until = serializers.DateTimeField(
        allow_null=True, help_text="end of planned work, where that is the reason"
    )


class OwnAlertListSerializer(serializers.Serializer[Any]):
    """A page of one's own alerts, newest first."""

    next = serializers.URLField(allow_null=True)
    results = OwnAlertSerializer(many=True)
