"""What the relay counts as it publishes."""

from datetime import datetime, timedelta
from typing import Any

from prometheus_client import REGISTRY

from alerts import live
from segs_site.lib.models import OutboxEvent
from workers import counting


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def event(kind: str, data: dict[str, Any], *, at: datetime, stream: str = "") -> OutboxEvent:
    return OutboxEvent(group="g", type=kind, stream=stream, data=data, created_at=at)


def alert(kind: str, *, raised_at: datetime, region: str | None = "north") -> dict[str, Any]:
    raised = {"raised_at": live.iso(raised_at)}
    return {"kind": kind, "severity": "high", "region": region, "metadata": raised}


class TestCount:
    def test_counts_an_alert_when_it_is_raised_and_not_when_it_changes(
        self, now: datetime
    ) -> None:
        labels = {"type": "spike", "severity": "high", "region": "north"}
        before = counted("alerts_generated_total", **labels)
        data = alert("spike", raised_at=now)
        later = now + timedelta(seconds=30)

        counting.count([event("alert", data, at=now, stream=live.STREAM)], now=now)
        counting.count([event("alert", data, at=later, stream=live.STREAM)], now=later)

        assert counted("alerts_generated_total", **labels) == before + 1

    def test_names_no_region_where_there_is_none(self, now: datetime) -> None:
        labels = {"type": "no_input", "severity": "high", "region": counting.NOWHERE}
        before = counted("alerts_generated_total", **labels)
        data = alert("no_input", raised_at=now, region=None)

        counting.count([event("alert", data, at=now, stream=live.STREAM)], now=now)

        assert counted("alerts_generated_total", **labels) == before + 1

    def test_does_not_count_what_customers_are_told(self, now: datetime) -> None:
        before = counted("alert_processing_duration_count")

        counting.count([event("alert", {"id": 1, "kind": "outage"}, at=now)], now=now)

        assert counted("alert_processing_duration_count") == before

    def test_measures_from_the_decision(self, now: datetime) -> None:
        before = counted("alert_processing_duration_sum")
        told = event("alert", alert("drop", raised_at=now), at=now, stream=live.STREAM)

        counting.count([told], now=now + timedelta(seconds=3))

        assert counted("alert_processing_duration_sum") == before + 3

    def test_counts_the_end_of_an_alert(self, now: datetime) -> None:
        before = counted("alerts_processed_total")
        data = alert("drop", raised_at=now)

        counting.count([event("alert", data, at=now, stream=live.ENDED_STREAM)], now=now)

        assert counted("alerts_processed_total") == before + 1

    def test_counts_prices_by_what_decided_them(self, now: datetime) -> None:
        before = counted("segs_prices_decided_total", region="north", by="HELD")
        data = {"region": "north", "triggeredBy": "HELD"}

        counting.count([event("tariff", data, at=now)] * 2, now=now)

        assert counted("segs_prices_decided_total", region="north", by="HELD") == before + 2
