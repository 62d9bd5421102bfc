"""Alerts in Django's admin: rules are set there, everything else is read."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from alerts.conditions.kinds import Kind
from alerts.models import AlertRule
from alerts.services import handover, planning
from segs_site.lib.models import AuditEntry
from segs_site.lib.periods import QUARTER, Period
from tests.alerts.builders import raised
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db
RULE = {
    "kind": "overload", "region": "", "is_enabled": "on", "severity": "3", "threshold": "85",
    "deadband": "5", "on_delay_s": "180", "off_delay_s": "180", "share_pct": "", "count": "",
    "escalate_after_s": "600",
}  # fmt: skip


@pytest.fixture
def desk(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


class TestRules:
    def test_are_set_by_administrators_and_audited(
        self, desk: Client, ada: User, small_grid: SmallGrid
    ) -> None:
        answer = desk.post(
            reverse("admin:alerts_alertrule_add"), RULE | {"region": small_grid.north.pk}
        )

        rule = AlertRule.objects.get(kind=Kind.OVERLOAD, region=small_grid.north)
        assert answer.status_code == 302
        assert (rule.threshold, rule.escalate_after_s) == (85.0, 600)
        entry = AuditEntry.objects.filter(subject_type="alerts.AlertRule").first()
        assert entry is not None
        assert (entry.verb, entry.actor) == ("insert", ada.email)

    @pytest.mark.parametrize(
        "wrong",
        [{"deadband": "-1"}, {"on_delay_s": "-1"}, {"share_pct": "101"}, {"count": "0"},
         {"escalate_after_s": "5"}, {"severity": "9"}, {"kind": "fire"}],
        ids=str,
    )  # fmt: skip
    def test_refuse_what_means_nothing(
        self, desk: Client, small_grid: SmallGrid, wrong: dict[str, str]
    ) -> None:
        answer = desk.post(
            reverse("admin:alerts_alertrule_add"), RULE | {"region": small_grid.north.pk} | wrong
        )

        assert answer.status_code == 200
        assert list(answer.context["adminform"].form.errors) == list(wrong)

    def test_are_one_for_a_kind_and_region(self, desk: Client, small_grid: SmallGrid) -> None:
        AlertRule.objects.create(kind=Kind.OVERLOAD, region=small_grid.north, severity=3)

        answer = desk.post(
            reverse("admin:alerts_alertrule_add"), RULE | {"region": small_grid.north.pk}
        )

        assert answer.status_code == 200
        assert AlertRule.objects.filter(kind=Kind.OVERLOAD, region=small_grid.north).count() == 1


class TestTheRest:
    @pytest.mark.parametrize(
        "model", ["alert", "alertevent", "shelving", "plannedwork", "shiftnote"]
    )
    def test_is_read_and_not_changed(
        self, desk: Client, small_grid: SmallGrid, now: datetime, model: str
    ) -> None:
        raised(small_grid.north_meters[0], at=now)
        handover.write(text="Feeder 3 is weak.", by="olga@utility.example", now=now)
        order = planning.Order(Period(now, now + QUARTER), "Work.", region=small_grid.south)
        planning.plan(order=order, by="olga@utility.example", now=now)

        assert desk.get(reverse(f"admin:alerts_{model}_changelist"), {"q": "a"}).status_code == 200
        assert desk.get(reverse(f"admin:alerts_{model}_add")).status_code == 403
