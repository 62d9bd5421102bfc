"""Escalation: when nobody acknowledges in the time of the rule, all are told."""

from datetime import datetime, timedelta

import pytest

from alerts.choices import Severity, Step
from alerts.conditions.kinds import Kind
from alerts.models import Alert, AlertRule
from alerts.services import acting, escalating, raising, shelving
from tests.alerts.builders import raised, steps, trigger
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db
OLGA = "olga@utility.example"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def rules(db: None) -> None:
    """Outages may wait five minutes."""
    AlertRule.objects.update(escalate_after_s=None)
    AlertRule.objects.update_or_create(
        kind=Kind.OUTAGE,
        region=None,
        defaults={"severity": Severity.HIGH, "escalate_after_s": 300},
    )


@pytest.fixture
def alert(small_grid: SmallGrid, now: datetime) -> Alert:
    return raised(small_grid.north_meters[0], at=now)


class TestEscalate:
    def test_comes_when_the_time_is_up_and_once(self, alert: Alert, now: datetime) -> None:
        assert escalating.escalate_due(now=now + 5 * MINUTE - SECOND) == 0
        assert escalating.escalate_due(now=now + 5 * MINUTE) == 1
        assert escalating.escalate_due(now=now + 6 * MINUTE) == 0

        alert.refresh_from_db()
        assert alert.escalated_at == now + 5 * MINUTE
        assert alert.events.get(step=Step.ESCALATED).data == {"waited_s": 300}

    def test_goes_by_the_rule_of_the_region_first(
        self, alert: Alert, small_grid: SmallGrid, now: datetime
    ) -> None:
        AlertRule.objects.create(
            kind=Kind.OUTAGE, region=small_grid.north, severity=2, escalate_after_s=30
        )

        assert escalating.escalate_due(now=now + 30 * SECOND) == 1

    def test_never_comes_where_the_rule_says_so(
        self, alert: Alert, small_grid: SmallGrid, now: datetime
    ) -> None:
        AlertRule.objects.create(kind=Kind.OUTAGE, region=small_grid.north, severity=2)
        raised(small_grid.north_meters[0], Kind.CONFLICT, at=now)

        assert escalating.escalate_due(now=now + timedelta(days=1)) == 0

    def test_does_not_come_for_what_somebody_has_seen(self, alert: Alert, now: datetime) -> None:
        acting.acknowledge(alert=alert, by=OLGA, now=now)

        assert escalating.escalate_due(now=now + 5 * MINUTE) == 0

    def test_waits_while_the_alert_is_on_the_shelf_and_as_long_after(
        self, alert: Alert, now: datetime
    ) -> None:
        until = now + 10 * MINUTE
        shelving.shelve(alert=alert, until=until, reason="Known.", by=OLGA, now=now)
        assert escalating.escalate_due(now=until - SECOND) == 0
        shelving.end_due(now=until)

        assert escalating.escalate_due(now=until + 5 * MINUTE - SECOND) == 0
        assert escalating.escalate_due(now=until + 5 * MINUTE) == 1

    def test_does_not_come_for_what_another_alert_explains(
        self, alert: Alert, small_grid: SmallGrid, now: datetime
    ) -> None:
        raised(small_grid.north, Kind.REGION_OUTAGE, at=now)
        meter = small_grid.north_meters[0]
        raising.refresh_all(triggers=[trigger(meter, at=now, parent=small_grid.north)], now=now)

        assert escalating.escalate_due(now=now + 5 * MINUTE) == 0
        assert steps(alert) == [Step.RAISED, Step.LINKED]
