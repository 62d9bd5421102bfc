"""Rules of validation are edited in the admin, with their parameters checked."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from meters.models import ValidationRule
from segs_site.lib.models import AuditEntry

pytestmark = pytest.mark.django_db


def send(ada: User, parameters: object) -> Any:
    rule = ValidationRule.objects.get(kind="spike")
    desk = Client()
    desk.force_login(ada)
    return desk.post(
        reverse("admin:meters_validationrule_change", args=[rule.pk]),
        {"action": "suspect", "is_on": "on", "parameters": json.dumps(parameters)},
    )


class TestRules:
    def test_are_changed_and_audited(self, ada: User) -> None:
        send(ada, {"times": 5})

        assert ValidationRule.objects.get(kind="spike").declared()["times"] == 5
        assert AuditEntry.objects.filter(subject_type="meters.ValidationRule").exists()

    @pytest.mark.parametrize("parameters", [{"times": 0}, {"other": 1}, [1]])
    def test_refuse_what_they_do_not_take(self, ada: User, parameters: object) -> None:
        answer = send(ada, parameters)

        assert answer.context["adminform"].form.non_field_errors()
        assert ValidationRule.objects.get(kind="spike").parameters == {}

    def test_are_all_there_from_the_start(self) -> None:
        rows = ValidationRule.objects.filter(is_on=True)

        assert len({row.declared().kind for row in rows}) == 10
