"""Rules, alerts, their journal; planned work, the notes of a shift; who is told what."""

from alerts.models.alerts import Alert, AlertEvent, Shelving
from alerts.models.desk import PlannedWork, ShiftNote
from alerts.models.hearers import (
    AddressOutage,
    Advice,
    Lane,
    NoticeSettings,
    WebhookEndpoint,
)
from alerts.models.notices import Delivery, Notice, Untold
from alerts.models.rules import AlertRule
from alerts.models.watch import Interruption, TimeOfDay, WatchState

__all__ = [
    "AddressOutage",
    "Advice",
    "Alert",
    "AlertEvent",
    "AlertRule",
    "Delivery",
    "Interruption",
    "Lane",
    "Notice",
    "NoticeSettings",
    "PlannedWork",
    "Shelving",
    "ShiftNote",
    "TimeOfDay",
    "Untold",
    "WatchState",
    "WebhookEndpoint",
]
