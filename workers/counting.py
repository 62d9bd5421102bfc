"""Counts what was decided, as the relay publishes it: each event once, whoever decided it.

One relay is active, and what it publishes is committed; so nothing is counted twice by many
processes, nor what was rolled back. After a crash between publishing and marking the last
events are counted again.
"""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import Counter, Histogram

from alerts.live import ENDED_STREAM, STREAM, iso
from segs_site.lib.models import OutboxEvent

NOWHERE = "none"  # the region of an alert that is about none

EVENTS = Counter("segs_relay_events", "Events published, by type", ["type"])
ALERTS = Counter(
    "alerts_generated",
    "Alerts raised that stand by themselves, each once",
    ["type", "severity", "region"],
)
RAISED = Counter("segs_alerts_raised", "The same alerts, whatever their kind and region")
ENDED = Counter("alerts_processed", "Alerts that stood by themselves and are resolved")
ALERT_S = Histogram(
    "alert_processing_duration",
    "Seconds from the decision on an alert to its being told",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
PRICES = Counter(
    "segs_prices_decided", "Prices of slots, by region and what decided them", ["region", "by"]
)


def count(events: Iterable[OutboxEvent], *, now: datetime) -> None:
    """Count events that were published."""
    for event in events:
        EVENTS.labels(event.type).inc()
        if event.type == "tariff":
            PRICES.labels(event.data["region"], event.data["triggeredBy"]).inc()
        elif event.stream == STREAM:
            _count_alert(event, now)
        elif event.stream == ENDED_STREAM:
            ENDED.inc()


def _count_alert(event: OutboxEvent, now: datetime) -> None:
    alert = event.data
    ALERT_S.observe(max(0.0, (now - event.created_at).total_seconds()))
    # What changes or comes back is told again; only what is new was raised when it was written.
    if alert["metadata"]["raised_at"] == iso(event.created_at):
        ALERTS.labels(alert["kind"], alert["severity"], alert["region"] or NOWHERE).inc()
        RAISED.inc()
