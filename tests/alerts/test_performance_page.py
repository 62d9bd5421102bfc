"""The performance page and its CSV, and what the desk's pages cost with thousands of alerts."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from alerts.conditions.kinds import Kind, Severity
from alerts.models import Alert
from alerts.services import raising
from tests.alerts import builders
from tests.alerts.pages import keys, matter
from tests.alerts.test_continuity import interrupt
from tests.worlds import SmallGrid


class TestPerformance:
    def test_says_that_there_was_nothing(self, desk: Callable[..., str], olga: User) -> None:
        page = desk(reverse("alert-performance"))

        assert "No alarm in this time." in page
        assert "Nothing chatters." in page

    def test_shows_the_figures_beside_their_targets(
        self, desk: Callable[..., str], small_grid: SmallGrid, now: datetime
    ) -> None:
        meter = small_grid.north_meters[0]
        alert = builders.raised(meter, at=now)
        for seconds in range(1, 12):
            raising.clear_all(matters=[matter(alert)], now=now)
            builders.raised(meter, at=now + timedelta(milliseconds=seconds))

        page = desk(reverse("alert-performance"), period="168", people="1")

        assert "at most 10" in page
        assert "Floods" in page
        assert re.search(r"<b>\d+</b> in a minute", page)
        assert "is-missed" in page

    def test_is_told_for_any_question(self, desk: Callable[..., str], olga: User) -> None:
        assert "Alarm performance" in desk(reverse("alert-performance"), period="x", people="-3")

    def test_is_given_as_csv(self, desk: Callable[..., str], client: Client, dark: Alert) -> None:
        desk()
        answer = client.get(reverse("alert-performance-csv"))
        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))

        found = {row["figure"]: row for row in rows}
        assert found["peak"] | {} == {
            "figure": "peak", "value": "1.0", "unit": "", "target": "at most 10", "met": "yes",
            "definition": "",
        }  # fmt: skip
        assert found["median_wait"]["value"] == ""

    def test_is_given_as_csv_of_every_ten_minutes(
        self, desk: Callable[..., str], client: Client, dark: Alert
    ) -> None:
        desk()
        answer = client.get(reverse("alert-performance-csv"), {"what": "rate"})
        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))

        assert len(rows) == 144
        assert sum(float(row["alarms"]) for row in rows) == 1


class TestSupply:
    @pytest.fixture
    def interrupted(self, small_grid: SmallGrid) -> None:
        """A customer of six was out for 12 minutes, one for 4, one for 60 of planned work."""
        half_past = timezone.now() - timedelta(hours=2)
        for meter, minutes, is_planned in zip(
            small_grid.north_meters, (12, 4, 60), (False, False, True), strict=True
        ):
            interrupt(meter, half_past, minutes, is_planned=is_planned)

    def test_stands_by_index_with_planned_work_apart(
        self, desk: Callable[..., str], olga: User, interrupted: None
    ) -> None:
        page = desk(reverse("alert-performance"))

        found = re.findall(
            r'<th scope="row">(\w+)[^<]*<small>[^<]*</small></th>'
            r'<td class="figure-cell">([^<]*)</td><td class="figure-cell">([^<]*)</td>',
            page,
        )
        assert found[:4] == [
            ("SAIDI", "2.00 min", "10.00 min"),
            ("SAIFI", "0.167", "0.167"),
            ("CAIDI", "12.0 min", "60.0 min"),
            ("MAIFI", "0.167", "0.000"),
        ]
        assert "<b>6</b> customers served" in page
        assert "not over" not in page

    def test_says_what_is_not_over(
        self, desk: Callable[..., str], olga: User, small_grid: SmallGrid
    ) -> None:
        interrupt(small_grid.north_meters[0], timezone.now() - timedelta(minutes=30), None)

        page = desk(reverse("alert-performance"))

        assert "1 interruption is not over: it counts up to now" in page

    def test_without_an_interruption_is_nought_and_no_mean(
        self, desk: Callable[..., str], olga: User, small_grid: SmallGrid
    ) -> None:
        page = desk(reverse("alert-performance"))

        assert "0.00 min" in page
        assert '<td class="figure-cell">–</td>' in page

    def test_says_that_nobody_is_served(self, desk: Callable[..., str], olga: User) -> None:
        page = desk(reverse("alert-performance"))

        assert "No customer is served." in page
        assert "SAIDI" not in page

    def test_stands_in_the_csv_with_what_it_is(
        self, desk: Callable[..., str], client: Client, olga: User, interrupted: None
    ) -> None:
        desk()
        answer = client.get(reverse("alert-performance-csv"), {"period": "168"})
        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))

        found = {row["figure"]: row for row in rows}
        assert float(found["saidi_min"]["value"]) == pytest.approx(2)
        assert found["saidi_min"]["unit"] == "min"
        assert "without supply" in found["saidi_min"]["definition"]
        assert float(found["planned_caidi_min"]["value"]) == pytest.approx(60)
        assert found["customers"]["value"] == "6"
        assert found["lasting"]["value"] == "0"


class TestBudget:
    @pytest.fixture
    def thousands(self, small_grid: SmallGrid, now: datetime) -> None:
        """Three thousand open alerts of one region, each of a meter, acknowledged by nobody."""
        Alert.objects.bulk_create(
            Alert(
                kind=Kind.SILENT,
                subject=f"meter:{number}",
                severity=Severity.LOW,
                message=f"meter {number}",
                region=small_grid.north,
                first_at=now,
                raised_at=now,
                last_at=now,
                changed_at=now,
            )
            for number in range(1_000_000, 1_003_000)
        )

    @pytest.mark.parametrize(
        ("name", "query", "budget"),
        [
            ("alerts", {}, 22),
            ("alerts", {"tab": "shelved"}, 22),
            ("alerts", {"tab": "journal"}, 22),
            ("alerts-top", {}, 10),
            ("alerts-count", {}, 6),
            ("alert-performance", {}, 10),
        ],
        ids=str,
    )
    def test_does_not_grow_with_the_alerts(
        self, client: Client, olga: User, thousands: None, name: str, query: dict[str, str],
        budget: int, django_assert_max_num_queries: Any,
    ) -> None:  # fmt: skip
        client.force_login(olga)

        with django_assert_max_num_queries(budget):
            page = client.get(reverse(name), query).content.decode()

        assert "Traceback" not in page

    def test_lists_a_hundred_and_says_of_how_many(
        self, desk: Callable[..., str], thousands: None
    ) -> None:
        page = desk()

        assert len(keys(page)) == 100
        assert "The 100 worst of 3000" in page

    def test_acknowledges_thousands_at_once(
        self, act: Callable[..., Any], thousands: None, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(25):
            answer = act("acknowledge", everything="on", list="tab=active")

        assert answer.json()["done"] == 3000
