"""A customer's own alerts: those of his service points in his time, and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from alerts.conditions import kinds
from alerts.conditions.kinds import Kind, Matter
from alerts.models import Alert
from alerts.services import acting, planning, raising
from segs_site.lib.models import OutboxEvent
from segs_site.lib.periods import Period
from tests.accounts.builders import point_of, signed_in, takes_service
from tests.alerts.builders import raised
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db
MINE = "/api/alerts/mine"
OLGA = "olga@utility.example"
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def client(carl: User, small_grid: SmallGrid, now: datetime) -> Client:
    """Carl's, who lives at the first meter of North since ten days."""
    takes_service(carl, point_of(small_grid.north_meters[0]), since=now - 10 * DAY)
    return signed_in(carl)


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


class TestMine:
    def test_says_since_when_in_plain_words(
        self, client: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        alert = raised(small_grid.north_meters[0], at=now, facts={"secret": 1})

        (row,) = client.get(MINE).json()["results"]

        assert row == {
            "id": alert.pk,
            "kind": "outage",
            "status": "active",
            "is_over": False,
            "message": "Outage at your address.",
            "service_point": "SP-MTR-N0",
            "address": "",
            "meter": "MTR-N0",
            "since": iso(now - 30 * SECOND),
            "until": None,
            "expected_until": None,
        }

    def test_speaks_the_language_that_is_asked_for_once_pages_do(
        self, client: Client, small_grid: SmallGrid, now: datetime, settings: Any
    ) -> None:
        settings.PAGE_LANGUAGES = ["en", "de"]
        raised(small_grid.north_meters[0], at=now)

        (row,) = client.get(MINE, headers={"Accept-Language": "de"}).json()["results"]

        assert row["message"] == "Stromausfall an Ihrer Adresse."

    def test_says_that_somebody_looks_after_it_and_when_it_is_over(
        self, client: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        alert = raised(small_grid.north_meters[0], at=now - HOUR)
        acting.acknowledge(alert=alert, by=OLGA, note="Theirs is the fuse.", now=now - HOUR)
        assert client.get(MINE).json()["results"][0]["message"].endswith("crew is informed.")

        matter = Matter(Kind.OUTAGE, kinds.Subject.read(alert.subject))
        raising.clear_all(matters=[matter], now=now - SECOND)

        answer = client.get(f"{MINE}/{alert.pk}")
        assert (answer.json()["is_over"], answer.json()["until"]) == (True, iso(now - SECOND))
        assert OLGA not in answer.content.decode()
        assert "fuse" not in answer.content.decode()

    def test_hears_with_the_cause_that_a_crew_is_informed(
        self, client: Client, carl: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        cause = raised(small_grid.north, Kind.REGION_OUTAGE, at=now)
        raised(small_grid.north_meters[0], at=now, parent=small_grid.north)

        acting.acknowledge(alert=cause, by=OLGA, now=now)

        (row,) = client.get(MINE).json()["results"]
        told = OutboxEvent.objects.filter(group=f"user:{carl.pk}").latest("id")
        words = "Outage at your address: supply in your area is interrupted. Our crew is informed."
        assert row["message"] == told.data["message"] == words

    def test_names_planned_work_and_its_end(
        self, client: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        during = Period(now - SECOND, now + HOUR)
        order = planning.Order(during=during, reason="Cable.", region=small_grid.north)
        planning.plan(order=order, by=OLGA, now=now)
        raised(small_grid.north_meters[0], at=now)

        (row,) = client.get(MINE).json()["results"]

        assert row["message"] == "No supply at your address because of planned work."
        assert row["expected_until"] == iso(now + HOUR)

    def test_leaves_out_what_is_anothers(
        self, client: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        neighbour = raised(small_grid.north_meters[1], at=now)
        region = raised(small_grid.north, Kind.OVERLOAD, at=now)

        assert client.get(MINE).json()["results"] == []
        for alert in (neighbour, region):
            answer = client.get(f"{MINE}/{alert.pk}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    def test_leaves_out_what_was_over_before_he_came(
        self, client: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        before = raised(small_grid.north_meters[0], at=now - 20 * DAY)
        acting.resolve(alert=before, by=OLGA, now=now - 19 * DAY)

        assert client.get(MINE).json()["results"] == []
        assert client.get(f"{MINE}/{before.pk}").status_code == 404

    def test_begins_no_sooner_than_he_came(
        self, client: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        raised(small_grid.north_meters[0], at=now - 20 * DAY)

        assert client.get(MINE).json()["results"][0]["since"] == iso(now - 10 * DAY)

    def test_ends_when_he_leaves(self, carl: User, small_grid: SmallGrid, now: datetime) -> None:
        point = point_of(small_grid.south_meters[0])
        takes_service(carl, point, since=now - 10 * DAY, until=now - DAY)
        his = raised(small_grid.south_meters[0], Kind.OUTAGE, at=now - 2 * DAY)
        raised(small_grid.south_meters[0], Kind.VOLTAGE, at=now)

        (row,) = signed_in(carl).get(MINE).json()["results"]

        assert (row["id"], row["status"], row["until"]) == (his.pk, "resolved", iso(now - DAY))

    def test_of_whoever_has_no_agreement_is_empty(self, olga: User, small_grid: SmallGrid) -> None:
        assert signed_in(olga).get(MINE).json() == {"next": None, "results": []}

    def test_is_shut_to_strangers(self, small_grid: SmallGrid, now: datetime) -> None:
        alert = raised(small_grid.north_meters[0], at=now)

        for path in (MINE, f"{MINE}/{alert.pk}"):
            assert Client().get(path).status_code == 401

    def test_costs_few_queries_among_thousands(
        self, client: Client, small_grid: SmallGrid, now: datetime, django_assert_max_num_queries
    ) -> None:
        Alert.objects.bulk_create(
            Alert(
                kind=Kind.SPIKE, subject=f"meter:{n}", severity=2, message="much", first_at=now,
                raised_at=now, last_at=now, changed_at=now, meter=small_grid.north_meters[1],
            )
            for n in range(3000)
        )  # fmt: skip
        raised(small_grid.north_meters[0], at=now)

        with django_assert_max_num_queries(3):
            assert len(client.get(MINE).json()["results"]) == 1
