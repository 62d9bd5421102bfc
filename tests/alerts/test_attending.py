"""The alert that nobody is at the desk, and what is due by the clock."""

from datetime import datetime, timedelta

import pytest

from alerts.choices import State
from alerts.conditions.kinds import Kind, Severity
from alerts.models import Alert, AlertRule
from alerts.services import acting, attending, due, shelving
from segs_site.lib import attendance
from tests.alerts.builders import raised
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db
OLGA = "olga@utility.example"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def rule(db: None) -> AlertRule:
    """A critical alert may wait for a minute."""
    AlertRule.objects.update(escalate_after_s=None)
    made, _ = AlertRule.objects.update_or_create(
        kind=Kind.UNATTENDED,
        region=None,
        defaults={"severity": Severity.CRITICAL, "on_delay_s": 60, "is_enabled": True},
    )
    return made


@pytest.fixture
def blackout(small_grid: SmallGrid, now: datetime) -> Alert:
    return raised(small_grid.north, Kind.REGION_OUTAGE, at=now, severity=Severity.CRITICAL)


def unattended() -> Alert | None:
    return Alert.objects.open().filter(kind=Kind.UNATTENDED).first()


class TestUnattended:
    def test_is_raised_when_a_critical_alert_has_waited_and_nobody_is_connected(
        self, blackout: Alert, now: datetime
    ) -> None:
        attending.judge(now=now + MINUTE - SECOND)
        assert unattended() is None

        attending.judge(now=now + MINUTE)
        attending.judge(now=now + MINUTE + SECOND)

        found = unattended()
        assert found is not None
        assert (found.subject, found.occurrences) == ("system:0", 1)
        assert found.facts == {"waiting": blackout.pk}

    def test_is_not_raised_while_a_console_is_connected(
        self, blackout: Alert, now: datetime
    ) -> None:
        attendance.say(process="web:1", consoles=0, now=now + MINUTE)
        attendance.say(process="web:2", consoles=1, now=now + MINUTE)

        attending.judge(now=now + MINUTE)

        assert unattended() is None

    def test_does_not_believe_a_process_that_has_fallen_silent(
        self, blackout: Alert, now: datetime
    ) -> None:
        attendance.say(process="web:1", consoles=3, now=now + MINUTE - attendance.BELIEVED_FOR)

        attending.judge(now=now + MINUTE)

        assert unattended() is not None

    def test_clears_when_somebody_comes(self, blackout: Alert, now: datetime) -> None:
        attending.judge(now=now + MINUTE)
        attendance.say(process="web:1", consoles=1, now=now + MINUTE + SECOND)

        attending.judge(now=now + MINUTE + SECOND)

        found = unattended()
        assert found is not None
        assert found.state == State.CLEARED

    def test_does_not_come_for_what_somebody_has_seen_or_shelved(
        self, blackout: Alert, small_grid: SmallGrid, now: datetime
    ) -> None:
        other = raised(small_grid.south, Kind.REGION_OUTAGE, at=now, severity=Severity.CRITICAL)
        acting.acknowledge(alert=blackout, by=OLGA, now=now)
        shelving.shelve(alert=other, until=now + 2 * MINUTE, reason="A test.", by=OLGA, now=now)

        attending.judge(now=now + MINUTE)

        assert unattended() is None

    def test_does_not_come_where_the_rule_is_off(
        self, blackout: Alert, rule: AlertRule, now: datetime
    ) -> None:
        AlertRule.objects.filter(pk=rule.pk).update(is_enabled=False)

        attending.judge(now=now + MINUTE)

        assert unattended() is None


class TestRunDue:
    def test_asks_little_while_nothing_is_due(
        self, small_grid: SmallGrid, now: datetime, django_assert_max_num_queries
    ) -> None:
        raised(small_grid.north_meters[0], at=now)

        with django_assert_max_num_queries(7):
            due.run_due(now=now)

    def test_does_what_each_of_its_parts_does(self, blackout: Alert, now: datetime) -> None:
        shelving.shelve(alert=blackout, until=now + MINUTE, reason="A test.", by=OLGA, now=now)

        due.run_due(now=now + MINUTE)

        blackout.refresh_from_db()
        assert blackout.shelved_until is None
        assert unattended() is not None
