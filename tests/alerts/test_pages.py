"""The pages of the desk as the server sends them, without a browser."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from alerts.choices import State
from alerts.conditions.kinds import Kind, Severity
from alerts.models import Alert
from alerts.services import raising, shelving
from tests.alerts import builders
from tests.alerts.pages import counted, keys, matter
from tests.worlds import SmallGrid

FRAGMENT = {"X-Fragment": "1"}


class TestAccess:
    @pytest.mark.parametrize("name", ["alerts", "alerts-top", "alerts-count", "alert-performance"])
    def test_is_refused_to_carl(self, client: Client, carl: User, name: str) -> None:
        client.force_login(carl)

        assert client.get(reverse(name)).status_code == 403

    def test_sends_a_stranger_to_the_sign_in_and_back(self, client: Client, db: None) -> None:
        answer = client.get("/alerts/?tab=journal")

        assert answer.headers["Location"] == "/sign-in/?next=/alerts/%3Ftab%3Djournal"

    def test_lets_clara_look_and_do_nothing(
        self, client: Client, clara: User, dark: Alert
    ) -> None:
        client.force_login(clara)

        page = client.get(reverse("alerts")).content.decode()
        answer = client.post(reverse("alerts-act"), {"verb": "resolve", "ids": dark.pk})

        assert keys(page) == [dark.pk]
        assert "ask-acknowledge" not in page
        assert answer.status_code == 403
        dark.refresh_from_db()
        assert dark.state == State.ACTIVE


class TestTabs:
    def test_list_one_row_for_a_cause_with_those_it_explains_folded(
        self, desk: Callable[..., str], dark: Alert
    ) -> None:
        page = desk()

        assert keys(page) == [dark.pk]
        assert "3 explained by it" in page
        assert counted(page) == ["1", "0", "0"]

    def test_hold_each_alert_in_one(
        self, desk: Callable[..., str], small_grid: SmallGrid, olga: User, now: datetime
    ) -> None:
        active, shelved, cleared = (
            builders.raised(meter, at=now) for meter in small_grid.north_meters
        )
        until = now + timedelta(hours=1)
        shelving.shelve(alert=shelved, until=until, reason="known", by=olga.email, now=now)
        raising.clear_all(matters=[matter(cleared)], now=now)

        assert keys(desk()) == [active.pk]
        assert keys(desk(tab="shelved")) == [shelved.pk]
        assert "by olga: known" in desk(tab="shelved")
        assert keys(desk(tab="cleared")) == [cleared.pk]
        assert counted(desk()) == ["1", "1", "1"]

    def test_put_the_worst_first(
        self, desk: Callable[..., str], small_grid: SmallGrid, now: datetime
    ) -> None:
        low, high, medium = (
            builders.raised(meter, at=now, severity=severity)
            for meter, severity in zip(
                small_grid.north_meters, [Severity.LOW, Severity.HIGH, Severity.MEDIUM],
                strict=True,
            )
        )  # fmt: skip

        assert keys(desk()) == [high.pk, medium.pk, low.pk]

    def test_say_why_they_are_empty_and_what_is_next(
        self, desk: Callable[..., str], olga: User
    ) -> None:
        assert "Nothing is wrong." in desk()
        assert "Nothing is on the shelf." in desk(tab="shelved")
        assert "The journal is empty." in desk(tab="journal")
        assert "No alert fits these filters." in desk(q="nothing like it")

    def test_that_do_not_exist_are_the_first(self, desk: Callable[..., str], dark: Alert) -> None:
        assert keys(desk(tab="nonsense")) == [dark.pk]


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "is_found"),
        [
            ({"severity": "4"}, True),
            ({"kind": "transformer_outage"}, True),
            ({"kind": "voltage"}, False),
            ({"region": "North"}, True),
            ({"region": "South"}, False),
            ({"q": "t-north"}, True),
            ({"q": "t-south"}, False),
            ({"owner": "nobody"}, True),
            ({"owner": "me"}, False),
            ({"waiting": "on"}, True),
            ({"severity": "x", "region": "\x01", "place": "?", "owner": "x"}, True),
        ],
        ids=str,
    )
    def test_keep_what_is_wanted(
        self, desk: Callable[..., str], dark: Alert, query: dict[str, str], is_found: bool
    ) -> None:
        assert keys(desk(**query)) == ([dark.pk] if is_found else [])

    def test_keep_what_is_at_a_place_or_below(
        self, desk: Callable[..., str], dark: Alert, small_grid: SmallGrid
    ) -> None:
        for place in (f"region:{small_grid.north.pk}", f"transformer:{dark.transformer_id}"):
            assert keys(desk(place=place)) == [dark.pk]
        assert keys(desk(place=f"region:{small_grid.south.pk}")) == []
        assert keys(desk(place="meter:99999999999999999999")) == []

    def test_leave_open_alerts_of_any_age(
        self, desk: Callable[..., str], dark: Alert, now: datetime
    ) -> None:
        future = f"{now + timedelta(days=2):%Y-%m-%dT%H:%M}"

        assert keys(desk(start=future)) == [dark.pk]


class TestRow:
    def test_says_severity_by_shape_and_word(self, desk: Callable[..., str], dark: Alert) -> None:
        page = desk()

        assert re.search(
            r'severity-alarm"><svg class="glyph"[^>]*><path d="M1.5[^>]*></svg>critical', page
        )

    def test_holds_value_against_limit_and_links_the_place(
        self, desk: Callable[..., str], small_grid: SmallGrid, now: datetime
    ) -> None:
        builders.raised(
            small_grid.north, Kind.OVERLOAD, at=now, severity=Severity.HIGH, value=93.5, limit=90.0
        )

        page = desk()

        assert "93.5\N{NO-BREAK SPACE}%" in page
        assert "limit 90\N{NO-BREAK SPACE}%" in page
        assert f"?place=region:{small_grid.north.pk}" in page

    def test_of_an_unknown_value_is_a_dash(
        self, desk: Callable[..., str], small_grid: SmallGrid, now: datetime
    ) -> None:
        builders.raised(small_grid.north_meters[0], Kind.CONFLICT, at=now)

        assert re.search(r'class="value"[^>]*>–<', desk())

    def test_escapes_what_meters_and_people_wrote(
        self, desk: Callable[..., str], dark: Alert, act: Callable[..., Any]
    ) -> None:
        act("note", dark, note="<script>alert(1)</script>")

        assert "<script>alert" not in desk()
        assert "&lt;script&gt;alert" in desk()


class TestFragment:
    def test_is_the_page_without_what_is_around_it(
        self, client: Client, olga: User, dark: Alert
    ) -> None:
        client.force_login(olga)

        answer = client.get(reverse("alerts"), headers=FRAGMENT)

        assert keys(answer.content.decode()) == [dark.pk]
        assert "<html" not in answer.content.decode()
        assert "X-Fragment" in answer.headers["Vary"]
        assert answer.headers["Cache-Control"] == "no-store"

    def test_read_by_itself_keeps_no_session_alive(self, client: Client, olga: User) -> None:
        client.force_login(olga)
        by_itself = client.get(reverse("alerts"), headers=FRAGMENT | {"X-By-Itself": "1"})
        by_hand = client.get(reverse("alerts"), headers=FRAGMENT)

        assert "sessionid" not in by_itself.cookies
        assert "sessionid" in by_hand.cookies


class TestChildren:
    def test_are_listed_a_page_at_a_time(
        self, desk: Callable[..., str], dark: Alert, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("alerts.selectors.board.ROWS", 2)
        path = reverse("alert-children", args=[dark.pk])

        first = desk(path)
        behind = re.search(r"behind=(\d+)", first)
        assert behind
        second = desk(path, behind=behind[1])

        assert first.count("data-child") == 2
        assert "Show more of 3" in first
        assert second.count("data-child") == 1

    def test_of_an_alert_without_are_none(
        self, desk: Callable[..., str], small_grid: SmallGrid, now: datetime
    ) -> None:
        alert = builders.raised(small_grid.south_meters[0], at=now)

        assert "None of them is open" in desk(reverse("alert-children", args=[alert.pk]))


class TestAlert:
    def test_shows_what_it_explains_what_is_known_and_its_life(
        self, desk: Callable[..., str], dark: Alert, act: Callable[..., Any]
    ) -> None:
        act("acknowledge", dark, note="crew is out")

        page = desk(reverse("alert", args=[dark.pk]))

        assert "3 open alerts explained by it" in page
        assert "Customers touched" in page
        assert "crew is out" in page
        assert "raised" in page

    def test_of_a_child_leads_to_its_cause(self, desk: Callable[..., str], dark: Alert) -> None:
        child = dark.children.first()
        assert child

        assert f'href="/alerts/{dark.pk}/"' in desk(reverse("alert", args=[child.pk]))

    def test_that_never_was_is_not_found(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        assert client.get("/alerts/4711/").status_code == 404


class TestJournal:
    def test_tells_the_newest_step_first_and_older_ones_by_page(
        self, desk: Callable[..., str], small_grid: SmallGrid, now: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr("alerts.selectors.board.ROWS", 2)
        for seconds, meter in enumerate(small_grid.north_meters):
            builders.raised(meter, at=now + timedelta(seconds=seconds))

        first = desk(tab="journal")
        cursor = re.search(r"cursor=([^&\"]+)", first)
        assert cursor
        second = desk(tab="journal", cursor=cursor[1])

        newest, middle, oldest = (f"MTR-N{place}" for place in (2, 1, 0))
        assert first.index(newest) < first.index(middle)
        assert oldest not in first
        assert oldest in second
        assert keys(desk(tab="journal", cursor="nonsense")) == keys(first)

    def test_is_filtered_by_step_and_time(
        self, desk: Callable[..., str], dark: Alert, now: datetime
    ) -> None:
        later = f"{now + timedelta(days=2):%Y-%m-%dT%H:%M}"

        assert len(keys(desk(tab="journal", step="linked"))) == 3
        assert keys(desk(tab="journal", step="resolved")) == []
        assert keys(desk(tab="journal", start="2026-01-01T00:00", end="2026-01-02T00:00")) == []
        assert len(keys(desk(tab="journal", start="2026-01-01T00:00", end=later))) == 7


class TestCount:
    def test_is_of_causes_that_wait(self, client: Client, olga: User, dark: Alert) -> None:
        client.force_login(olga)

        assert client.get(reverse("alerts-count")).json() == {"waiting": 1, "critical": 1}

    def test_stands_in_the_navigation_of_every_console_page(
        self, desk: Callable[..., str], dark: Alert
    ) -> None:
        for name in ("overview", "tariffs", "alerts", "alert-performance", "profile"):
            assert 'aria-label="1 unacknowledged alert"' in desk(reverse(name)), name

    def test_is_nothing_of_carls(self, client: Client, carl: User, dark: Alert) -> None:
        client.force_login(carl)

        assert "unacknowledged" not in client.get(reverse("profile")).content.decode()


class TestTop:
    def test_are_the_worst_that_nobody_has_acknowledged(
        self, desk: Callable[..., str], dark: Alert, act: Callable[..., Any]
    ) -> None:
        assert f'data-acknowledge="{dark.pk}"' in desk(reverse("alerts-top"))

        act("acknowledge", dark)

        assert "data-acknowledge" not in desk(reverse("alerts-top"))
