"""The state of grid and work, as Prometheus is told of it."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError
from prometheus_client import CollectorRegistry

from accounts.models import Letter
from alerts.choices import Severity
from alerts.models import Alert
from billing.models import BillRun
from grid.models import Region
from meters.models import QuarantinedReading, WindowClock
from segs_site.lib.models import OutboxEvent, ProcessState, ShardState
from tariffs.models import RegionPrice
from tests.tariffs import builders
from tests.worlds import SmallGrid
from workers import state
from workers.models import Shard

pytestmark = pytest.mark.django_db(transaction=True)


class Told:
    """What Prometheus is told at a moment."""

    def __init__(self, now: datetime) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(state.StateCollector(clock=lambda: now))

    def __call__(self, name: str, **labels: str) -> float | None:
        return self._registry.get_sample_value(name, labels)


@pytest.fixture
def told(now: datetime) -> Told:
    return Told(now)


def alert(kind: str, severity: Severity, *, now: datetime) -> Alert:
    return Alert.objects.create(
        kind=kind, subject=f"meter:{kind}", severity=severity, message="!",
        first_at=now, raised_at=now, last_at=now, changed_at=now,
    )  # fmt: skip


class TestTheStream:
    def test_has_a_clock_for_each_shard_that_has_started(self, told: Told, now: datetime) -> None:
        behind = Shard.objects.earliest("number")
        behind.consumed_until = now - timedelta(seconds=42)
        behind.save()

        assert told("segs_shard_age_seconds", shard=str(behind.number)) == 42
        assert told("segs_shard_age_seconds", shard=str(behind.number + 1)) is None

    def test_is_owned_only_while_the_lease_lasts(self, told: Told, now: datetime) -> None:
        Shard.objects.filter(number=0).update(leased_until=now + timedelta(seconds=1))
        Shard.objects.filter(number=1).update(leased_until=now)

        assert told("segs_shard_owned", shard="0") == 1
        assert told("segs_shard_owned", shard="1") == 0

    def test_says_what_waits_and_what_is_dead(self, told: Told, now: datetime) -> None:
        ShardState.objects.create(number=2, backlog=7, dead_letters=3, looked_at=now)

        assert told("segs_stream_backlog_entries", shard="2") == 7
        assert told("segs_stream_dead_letters", shard="2") == 3

    def test_counts_what_waits_for_a_decision(self, told: Told, now: datetime) -> None:
        QuarantinedReading.objects.create(serial="M", reason="unknown_meter", received_at=now)

        assert told("segs_quarantine_open") == 1


class TestWindowsAndPrices:
    def test_say_how_late_minutes_close(self, told: Told, now: datetime) -> None:
        WindowClock.objects.update_or_create(
            pk=1, defaults={"closed_until": now - timedelta(minutes=2)}
        )

        assert told("segs_window_age_seconds") == 120

    def test_have_a_price_in_force_or_none(
        self, told: Told, small_grid: SmallGrid, now: datetime
    ) -> None:
        price_of(small_grid.north, Decimal("0.3125"), now=now)

        assert told("segs_price_per_kwh", region=small_grid.north.code) == 0.3125
        assert told("segs_price_per_kwh", region=small_grid.south.code) is None
        assert told("segs_price_in_force", region=small_grid.north.code) == 1
        assert told("segs_price_in_force", region=small_grid.south.code) == 0

    def test_know_no_load_where_no_minute_is_closed(
        self, told: Told, small_grid: SmallGrid
    ) -> None:
        assert told("segs_region_load_ratio", region=small_grid.north.code) is None


def price_of(region: Region, price: Decimal, *, now: datetime) -> None:
    policy = builders.policy(region)
    RegionPrice.objects.create(
        region=region, starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(minutes=1),
        price=price, base_price=price, currency="EUR", policy=policy, reason="?",
        triggered_by="AUTO", decided_at=now,
    )  # fmt: skip


class TestAlertsAndBills:
    def test_are_counted_by_how_they_stand(self, told: Told, now: datetime) -> None:
        alert("outage", Severity.HIGH, now=now)
        alert("spike", Severity.LOW, now=now)

        high = told("segs_alerts_open", kind="outage", severity="high", state="active")
        assert high == 1
        assert told("segs_alerts_open", kind="drop", severity="low", state="active") is None

    def test_say_how_long_a_bill_run_has_been_waited_for(self, told: Told, now: datetime) -> None:
        BillRun.objects.create(
            day=now.date(), requested_at=now - timedelta(hours=1), requested_by="clerk"
        )

        assert told("segs_bill_run_age_seconds") == 3600
        assert told("segs_bill_runs", state="requested") == 1
        assert told("segs_bill_runs", state="running") == 0


class TestMessages:
    def test_have_the_age_of_the_event_told_last(self, told: Told, now: datetime) -> None:
        early, late = now - timedelta(seconds=9), now - timedelta(seconds=4)
        OutboxEvent.objects.create(number=1, group="g", type="t", data={}, created_at=early)
        OutboxEvent.objects.create(group="g", type="t", data={}, created_at=late)

        assert told("segs_outbox_age_seconds") == 9

    def test_have_no_age_when_all_is_told(self, told: Told) -> None:
        assert told("segs_outbox_age_seconds") == 0

    def test_are_due_once_their_time_has_come(self, told: Told, now: datetime) -> None:
        for due_at in (now, now + timedelta(minutes=5)):
            Letter.objects.create(kind="verify", address="a@b.c", asked_at=now, due_at=due_at)

        assert told("segs_messages_due", kind="mail") == 1


class TestServices:
    def test_are_well_while_one_of_the_kind_says_so(self, told: Told, now: datetime) -> None:
        silent = now - timedelta(minutes=2)
        ProcessState.objects.create(service="host-1", status="ok", said_at=silent)
        ProcessState.objects.create(service="host-2", status="ok", said_at=now)
        ProcessState.objects.create(service="relay", status="ok", said_at=silent)

        assert told("service_health", service="worker") == 1
        assert told("service_health", service="relay") == 0
        assert told("service_health", service="celery") == 0


class TestADatabaseThatIsAway:
    def test_leaves_states_unknown_and_says_so(
        self, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(_now: datetime) -> None:
            raise OperationalError

        monkeypatch.setattr(state.METRICS[0], "read", fails)

        assert told("segs_state_read") == 0
        assert told("service_health", service="relay") is None

    def test_is_told_apart_from_one_that_answers(self, told: Told) -> None:
        assert told("segs_state_read") == 1
