"""Rules, alerts, their journal; planned work and the notes of a shift."""

from alerts.models.alerts import Alert, AlertEvent, Shelving
from alerts.models.desk import PlannedWork, ShiftNote
from alerts.models.rules import AlertRule

__all__ = ["Alert", "AlertEvent", "AlertRule", "PlannedWork", "Shelving", "ShiftNote"]
