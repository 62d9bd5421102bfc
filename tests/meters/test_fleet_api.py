"""All meters by REST, for operators."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache

from accounts.models import User
from benchmarks import quarters
from meters.models import LatestReading, Meter, ServicePoint
from segs_site.lib.periods import QUARTER, floor
from tests import worlds
from tests.accounts.builders import point_of, signed_in, takes_service
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

METERS, TOP = "/api/admin/meters", "/api/admin/top-consumers"
DAY = timedelta(days=1)


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def heard(meter: Meter, at: datetime) -> None:
    LatestReading.objects.create(meter=meter, ts=at, power_mw=1_500_000, received_at=at)


def serials(user: User, **query: object) -> list[str]:
    return [row["serial"] for row in signed_in(user).get(METERS, query).json()["results"]]


class TestWhoMayRead:
    def test_not_carl_also_not_his_own(
        self, carl: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        meter = small_grid.north_meters[0]
        takes_service(carl, point_of(meter), since=now - DAY)
        client = signed_in(carl)

        for path in (
            METERS,
            f"{METERS}.csv",
            f"{METERS}/{meter.pk}",
            f"{METERS}/{meter.pk}/history",
            TOP,
        ):
            assert client.get(path).status_code == 403


class TestList:
    def test_says_where_a_meter_hangs_and_what_it_said(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        meter = small_grid.north_meters[0]
        heard(meter, now)

        row = signed_in(olga).get(METERS, {"search": meter.serial}).json()["results"][0]

        assert (row["id"], row["serial"], row["region"]) == (meter.pk, "MTR-N0", "North")
        assert (row["service_point"], row["transformer"], row["feeder"]) == (
            "SP-MTR-N0",
            "T-North",
            "F-North",
        )
        assert (row["state"], row["power_kw"], row["voltage_v"]) == ("reporting", 1.5, None)

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({}, ["N0", "N1", "N2", "S0", "S1", "S2"]),
            ({"ordering": "-serial", "limit": 2}, ["S2", "S1"]),
            ({"search": "n1"}, ["N1"]),
            ({"search": "sp-mtr-s"}, ["S0", "S1", "S2"]),
            ({"search": "F-South"}, ["S0", "S1", "S2"]),
            ({"search": "T-North"}, ["N0", "N1", "N2"]),
            ({"search": "%"}, []),
            ({"region": "South"}, ["S0", "S1", "S2"]),
            ({"region": "Atlantis"}, []),
            ({"feeder": "F-North", "search": "2"}, ["N2"]),
            ({"transformer": "T-South", "limit": 1}, ["S0"]),
        ],
    )
    def test_finds(
        self,
        olga: User,
        small_grid: SmallGrid,
        query: dict[str, object],
        expected: list[str],
    ) -> None:
        assert serials(olga, **query) == [f"MTR-{end}" for end in expected]

    def test_tells_who_reports_from_who_is_silent_and_who_never_spoke(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        heard(small_grid.north_meters[0], now)
        heard(small_grid.north_meters[1], now - timedelta(seconds=31))

        assert serials(olga, state="reporting") == ["MTR-N0"]
        assert serials(olga, state="silent") == ["MTR-N1"]
        assert len(serials(olga, state="unheard")) == 4

    def test_goes_by_when_a_meter_was_heard(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        for place, meter in enumerate(small_grid.north_meters):
            heard(meter, now - place * DAY)

        assert serials(olga, ordering="-seen_at", limit=3) == ["MTR-N0", "MTR-N1", "MTR-N2"]
        assert serials(olga, seen_since=iso(now - DAY)) == ["MTR-N0", "MTR-N1"]
        assert serials(olga, seen_before=iso(now - DAY)) == ["MTR-N2"]

    @pytest.mark.parametrize("ordering", ["serial", "-serial", "seen_at", "-seen_at", "-limit_kw"])
    def test_shows_each_meter_once_whoever_is_added_meanwhile(
        self, olga: User, small_grid: SmallGrid, now: datetime, ordering: str
    ) -> None:
        heard(small_grid.north_meters[0], now)
        client, shown = signed_in(olga), []
        page = client.get(METERS, {"limit": 2, "ordering": ordering}).json()
        worlds.meter("MTR-A", region=small_grid.north, since=now - DAY)

        shown += page["results"]
        while page["next"]:
            page = client.get(page["next"]).json()
            shown += page["results"]

        old = [row["serial"] for row in shown if row["serial"] != "MTR-A"]
        assert len(old) == len(set(old)) == 6

    def test_leaves_out_no_meter_that_hangs_nowhere(
        self, olga: User, small_grid: SmallGrid
    ) -> None:
        meter = small_grid.north_meters[0]
        meter.installations.all().delete()

        row = signed_in(olga).get(METERS, {"search": "N0"}).json()["results"][0]

        assert (row["region"], row["service_point"], row["feeder"]) == (None, None, None)

    @pytest.mark.parametrize(
        "query",
        [{"state": "asleep"}, {"ordering": "id; drop"}, {"limit": 0}, {"limit": 1001},
         {"cursor": "x"}, {"seen_since": "now"}],
    )  # fmt: skip
    def test_refuses_what_it_does_not_know(self, olga: User, query: dict[str, object]) -> None:
        answer = signed_in(olga).get(METERS, query)

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_costs_two_queries_with_the_user(
        self, olga: User, small_grid: SmallGrid, django_assert_num_queries
    ) -> None:
        client = signed_in(olga)

        with django_assert_num_queries(2):
            client.get(METERS, {"search": "N", "state": "unheard", "region": "North"})


class TestExport:
    def test_has_every_meter_and_runs_in_no_spreadsheet(
        self, olga: User, small_grid: SmallGrid
    ) -> None:
        ServicePoint.objects.filter(code="SP-MTR-N0").update(address="=HYPERLINK(1)")

        answer = signed_in(olga).get(f"{METERS}.csv", {"region": "North"})

        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))
        assert [row["serial"] for row in rows] == ["MTR-N0", "MTR-N1", "MTR-N2"]
        assert rows[0]["address"] == "'=HYPERLINK(1)"


class TestOneMeter:
    def test_tells_every_place_it_hung_at(self, olga: User, small_grid: SmallGrid) -> None:
        meter = small_grid.north_meters[0]

        body = signed_in(olga).get(f"{METERS}/{meter.pk}").json()

        assert body["serial"] == meter.serial
        (place,) = body["installations"]
        assert (place["service_point"], place["region"]) == ("SP-MTR-N0", "North")
        assert place["until"] is None

    @pytest.mark.parametrize("path", ["999999", "999999/history", "999999999999", "x"])
    def test_that_is_not_there_is_not_found(self, olga: User, path: str) -> None:
        assert signed_in(olga).get(f"{METERS}/{path}").status_code == 404

    def test_shows_its_history_wherever_it_hung(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        meter, end = small_grid.north_meters[0], floor(now, QUARTER)
        quarters.fill([meter.pk], start=end - DAY, end=end)

        body = signed_in(olga).get(f"{METERS}/{meter.pk}/history", {"end": iso(end)}).json()

        assert len(body["results"]) == 96


class TestTopConsumers:
    @pytest.fixture(autouse=True)
    def used(self, small_grid: SmallGrid, now: datetime) -> None:
        cache.clear()
        end = floor(now, QUARTER)
        for place, meter in enumerate([*small_grid.north_meters, *small_grid.south_meters]):
            quarters.fill([meter.pk], start=end - DAY, end=end, kw=1 + place)

    def test_come_first(self, olga: User) -> None:
        body = signed_in(olga).get(TOP, {"limit": 2}).json()

        assert [(row["serial"], row["kwh"]) for row in body["consumers"]] == [
            ("MTR-S2", 144.0),
            ("MTR-S1", 120.0),
        ]
        assert body["intervals_expected"] == 96

    def test_of_a_region(self, olga: User) -> None:
        body = signed_in(olga).get(TOP, {"region": "North", "limit": 1}).json()

        assert [row["serial"] for row in body["consumers"]] == ["MTR-N2"]

    def test_of_a_region_that_is_not_there_are_refused(self, olga: User) -> None:
        assert signed_in(olga).get(TOP, {"region": "Atlantis"}).status_code == 400

    def test_are_kept_for_a_while(self, olga: User, django_assert_num_queries) -> None:
        client = signed_in(olga)
        client.get(TOP, {"limit": 7})

        with django_assert_num_queries(1):
            client.get(TOP, {"limit": 7})
