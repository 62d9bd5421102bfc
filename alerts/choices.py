"""Codes of alerts with the words, shapes and colours people know them by."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alerts import lifecycle
from alerts.conditions import kinds


class Kind(models.TextChoices):
    """What is wrong; calculations use `conditions.kinds.Kind`, whose codes these are."""

    OUTAGE = kinds.Kind.OUTAGE, _("outage")
    SILENT = kinds.Kind.SILENT, _("silent meter")
    TRANSFORMER_OUTAGE = kinds.Kind.TRANSFORMER_OUTAGE, _("transformer outage")
    FEEDER_OUTAGE = kinds.Kind.FEEDER_OUTAGE, _("feeder outage")
    REGION_OUTAGE = kinds.Kind.REGION_OUTAGE, _("region outage")
    GATEWAY_LOST = kinds.Kind.GATEWAY_LOST, _("head-end lost")
    NO_INPUT = kinds.Kind.NO_INPUT, _("no readings at all")
    OVERLOAD = kinds.Kind.OVERLOAD, _("overload")
    LOAD_UNKNOWN = kinds.Kind.LOAD_UNKNOWN, _("load unknown")
    SPIKE = kinds.Kind.SPIKE, _("spike")
    DROP = kinds.Kind.DROP, _("drop")
    FROZEN = kinds.Kind.FROZEN, _("frozen value")
    VOLTAGE = kinds.Kind.VOLTAGE, _("voltage")
    CLOCK = kinds.Kind.CLOCK, _("meter clock")
    CONFLICT = kinds.Kind.CONFLICT, _("conflicting readings")
    UNATTENDED = kinds.Kind.UNATTENDED, _("nobody at the desk")


class Severity(models.IntegerChoices):
    """How soon somebody must act."""

    LOW = kinds.Severity.LOW, _("low")
    MEDIUM = kinds.Severity.MEDIUM, _("medium")
    HIGH = kinds.Severity.HIGH, _("high")
    CRITICAL = kinds.Severity.CRITICAL, _("critical")


SEVERITY_WORDS = [severity.name.lower() for severity in Severity]  # as programs say it


class State(models.TextChoices):
    """Where an alert stands."""

    ACTIVE = lifecycle.State.ACTIVE, _("active")
    ACKNOWLEDGED = lifecycle.State.ACKNOWLEDGED, _("acknowledged")
    CLEARED = lifecycle.State.CLEARED, _("cleared, unacknowledged")
    RESOLVED = lifecycle.State.RESOLVED, _("resolved")


class Step(models.TextChoices):
    """What happened to an alert."""

    RAISED = lifecycle.Step.RAISED, _("raised")
    RETURNED = lifecycle.Step.RETURNED, _("came back")
    WORSENED = lifecycle.Step.WORSENED, _("got worse")
    CLEARED = lifecycle.Step.CLEARED, _("cleared by itself")
    ACKNOWLEDGED = lifecycle.Step.ACKNOWLEDGED, _("acknowledged")
    RESOLVED = lifecycle.Step.RESOLVED, _("resolved")
    SHELVED = lifecycle.Step.SHELVED, _("shelved")
    UNSHELVED = lifecycle.Step.UNSHELVED, _("taken from the shelf")
    ASSIGNED = lifecycle.Step.ASSIGNED, _("assigned")
    NOTED = lifecycle.Step.NOTED, _("noted")
    LINKED = lifecycle.Step.LINKED, _("explained by another alert")
    UNLINKED = lifecycle.Step.UNLINKED, _("stands by itself again")
    SUPPRESSED = lifecycle.Step.SUPPRESSED, _("suppressed by planned work")
    UNSUPPRESSED = lifecycle.Step.UNSUPPRESSED, _("planned work is over")
    ESCALATED = lifecycle.Step.ESCALATED, _("escalated")


class Channel(models.TextChoices):
    """How somebody is told."""

    IN_APP = "in_app", _("in the console")
    MAIL = "mail", _("e-mail")
    SMS = "sms", _("text message")
    WEBHOOK = "webhook", _("webhook")


class Occasion(models.TextChoices):
    """Why somebody is told."""

    OPENED = "opened", _("a new alert")
    WORSENED = "worsened", _("an alert got worse")
    ESCALATED = "escalated", _("nobody has acknowledged")
    ENDED = "ended", _("an alert is over")
    OUTAGE = "outage", _("an outage at the address")
    RESTORED = "restored", _("supply is back")
    ADVICE = "advice", _("a price or a budget")
    SUMMARY = "summary", _("many in one")
    TEST = "test", _("a test")


class AdviceKind(models.TextChoices):
    """What a customer wanted to be told of what he pays."""

    PRICE_ABOVE = "price_above", _("a price above the limit")
    PRICE_BELOW = "price_below", _("a price below the limit")
    BUDGET_REACHED = "budget_reached", _("the budget is reached")
    BUDGET_LIKELY = "budget_likely", _("the budget is likely to be exceeded")


class Priority(models.IntegerChoices):
    """Which notice goes first by a way that many want to go."""

    URGENT = 0, _("urgent")
    STAFF = 1, _("to staff")
    HOUSEHOLDS = 2, _("to customers")


class NoticeState(models.TextChoices):
    """What became of a notice."""

    WAITING = "waiting", _("waiting")
    SENT = "sent", _("sent")
    SUMMED = "summed", _("told in a summary")
    DROPPED = "dropped", _("not sent")
    DEAD = "dead", _("given up")


SHAPES: dict[Severity, str] = {
    Severity.LOW: "circle",
    Severity.MEDIUM: "diamond",
    Severity.HIGH: "triangle",
    Severity.CRITICAL: "square",
}
COLOURS: dict[Severity, str] = {
    Severity.LOW: "quiet",
    Severity.MEDIUM: "notice",
    Severity.HIGH: "high",
    Severity.CRITICAL: "alarm",
}
UNITS: dict[str, str] = {
    Kind.OVERLOAD: "%",
    Kind.SPIKE: "kW",
    Kind.DROP: "kW",
    Kind.FROZEN: "kW",
    Kind.VOLTAGE: "V",
    Kind.CLOCK: "s",
    Kind.OUTAGE: "kW",
    Kind.SILENT: "s",
    Kind.TRANSFORMER_OUTAGE: "meters",
    Kind.FEEDER_OUTAGE: "meters",
    Kind.REGION_OUTAGE: "meters",
    Kind.GATEWAY_LOST: "meters",
}
"""The unit of value, limit and baseline, by kind; a kind that is not here has no value."""
