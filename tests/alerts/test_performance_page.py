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

from accounts.models import User
from alerts.conditions.kinds import Kind, Severity
from alerts.models import Alert
from alerts.services import raising
from tests.alerts import builders
from tests.alerts.pages import keys, matter
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
