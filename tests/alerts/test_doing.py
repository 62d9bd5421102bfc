"""What Olga does on the desk's page, and what she writes down there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from alerts.choices import State
from alerts.models import Alert, PlannedWork, ShiftNote
from alerts.services import acting
from tests.alerts import builders
from tests.alerts.pages import keys
from tests.worlds import SmallGrid


class TestAct:
    def test_acknowledges_with_a_note_in_olgas_name(
        self, act: Callable[..., Any], dark: Alert, olga: User
    ) -> None:
        answer = act("acknowledge", dark, note="seen")

        dark.refresh_from_db()
        assert answer.json() == {"done": 1, "left": 0, "message": "1 alert acknowledged."}
        assert (dark.state, dark.acknowledged_by) == (State.ACKNOWLEDGED, olga.email)
        assert dark.note == "seen"

    def test_says_of_how_many_it_could_not_be_done(
        self, act: Callable[..., Any], dark: Alert, olga: User, now: datetime
    ) -> None:
        acting.acknowledge(alert=dark, by=olga.email, now=now)

        answer = act("acknowledge", dark)

        assert answer.json()["message"] == "0 alerts acknowledged. 1 stood otherwise by now."

    def test_shelves_for_a_time_with_a_reason(
        self, act: Callable[..., Any], dark: Alert, now: datetime
    ) -> None:
        act("shelve", dark, minutes=60, note="crew is out")

        dark.refresh_from_db()
        assert dark.shelved_until
        assert timedelta(minutes=59) < dark.shelved_until - now < timedelta(minutes=62)

    @pytest.mark.parametrize(
        ("verb", "more", "words"),
        [
            ("shelve", {"minutes": 60}, "Say why"),
            ("shelve", {"note": "known"}, "Say for how long"),
            ("shelve", {"note": "known", "minutes": 7}, "valid choice"),
            ("note", {}, "Write the note"),
            ("assign", {"owner": "4711"}, "valid choice"),
            ("explode", {}, "valid choice"),
        ],
    )
    def test_refuses_what_is_not_whole(
        self, act: Callable[..., Any], dark: Alert, verb: str, more: dict[str, Any], words: str
    ) -> None:
        answer = act(verb, dark, **more)

        assert answer.status_code == 422
        assert words.lower() in answer.json()["detail"].lower()
        assert dark.events.count() == 1

    def test_refuses_keys_that_are_none(self, client: Client, act: Callable[..., Any]) -> None:
        answer = client.post(
            reverse("alerts-act"),
            {"verb": "acknowledge", "ids": "1,x"},
            headers={"Accept": "application/json"},
        )

        assert answer.status_code == 422

    def test_assigns_to_a_person_and_to_nobody(
        self, act: Callable[..., Any], dark: Alert, olga: User
    ) -> None:
        act("assign", dark, owner=olga.pk)
        dark.refresh_from_db()
        assert dark.assigned_to == olga

        act("assign", dark, owner="")
        dark.refresh_from_db()
        assert dark.assigned_to is None

    def test_does_not_assign_to_carl(
        self, act: Callable[..., Any], dark: Alert, carl: User
    ) -> None:
        assert act("assign", dark, owner=carl.pk).status_code == 422

    def test_does_it_to_every_alert_of_the_list_that_was_looked_at(
        self, act: Callable[..., Any], small_grid: SmallGrid, now: datetime
    ) -> None:
        north = [builders.raised(meter, at=now) for meter in small_grid.north_meters]
        south = builders.raised(small_grid.south_meters[0], at=now)

        answer = act("acknowledge", everything="on", list="tab=active&region=North")

        assert answer.json()["done"] == len(north)
        south.refresh_from_db()
        assert south.state == State.ACTIVE

    def test_resolves_and_takes_from_the_shelf(self, act: Callable[..., Any], dark: Alert) -> None:
        act("shelve", dark, minutes=15, note="known")
        assert act("unshelve", dark).json()["done"] == 1
        assert act("resolve", dark).json()["done"] == 1

        dark.refresh_from_db()
        assert dark.state == State.RESOLVED

    def test_without_a_script_leads_back_to_the_desk(
        self, client: Client, olga: User, dark: Alert
    ) -> None:
        client.force_login(olga)

        answer = client.post(
            reverse("alerts-act"), {"verb": "acknowledge", "ids": dark.pk}, follow=True
        )

        assert "1 alert acknowledged." in answer.content.decode()


class TestWriting:
    def test_hands_a_note_over(self, client: Client, olga: User, desk: Callable[..., str]) -> None:
        client.post(reverse("shift-note"), {"text": "feeder 3 is fragile"})

        assert ShiftNote.objects.get().written_by == olga.email
        assert "feeder 3 is fragile" in desk()

    def test_refuses_an_empty_note_where_it_stands(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        answer = client.post(reverse("shift-note"), {"text": " "})

        assert answer.status_code == 422
        assert "This field is required" in answer.content.decode()

    def test_plans_work_that_explains_what_is_dark(
        self, client: Client, olga: User, dark: Alert, small_grid: SmallGrid,
        desk: Callable[..., str], now: datetime,
    ) -> None:  # fmt: skip
        answer = client.post(reverse("planned-work"), planned(small_grid.north.pk, now))

        assert answer.status_code == 302
        dark.refresh_from_db()
        assert dark.planned_work
        assert keys(desk()) == []
        assert "new cable" in desk()

        client.post(reverse("planned-work-cancel", args=[dark.planned_work_id]))

        assert keys(desk()) == [dark.pk]

    def test_refuses_work_without_one_place_or_with_no_length(
        self, client: Client, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        client.force_login(olga)

        nowhere = client.post(reverse("planned-work"), planned("", now))
        backwards = planned(small_grid.north.pk, now) | {"ends_at": "2026-01-01T00:00"}
        short = client.post(reverse("planned-work"), backwards)
        over = backwards | {"starts_at": "2025-12-31T00:00"}
        late = client.post(reverse("planned-work"), over)

        assert "Choose one place" in nowhere.content.decode()
        assert "The end must come after the start" in short.content.decode()
        assert "over before it is planned" in late.content.decode()
        assert not PlannedWork.objects.exists()


def planned(region: Any, now: datetime) -> dict[str, Any]:
    return {
        "region": region,
        "starts_at": f"{now - timedelta(hours=24):%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(hours=24):%Y-%m-%dT%H:%M}",
        "reason": "new cable",
    }
