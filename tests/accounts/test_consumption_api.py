"""What a person used, by REST: whose it is, how time is cut, and what is known of it."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from benchmarks import quarters
from meters.models import QuarterWindow
from segs_site.lib.choices import Quality
from segs_site.lib.periods import QUARTER, floor
from tests.accounts.builders import point_of, signed_in, takes_service
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
YEARS_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def end(now: datetime) -> datetime:
    """A quarter-hour's edge, a while ago."""
    return floor(now, timedelta(hours=1)) - timedelta(hours=1)


@pytest.fixture
def home(carl: User, small_grid: SmallGrid, now: datetime) -> SmallGrid:
    """Carl lives where the first meter of North hangs, since 30 days."""
    takes_service(carl, point_of(small_grid.north_meters[0]), since=now - 30 * DAY)
    return small_grid


def consumption(user: User) -> str:
    return f"/api/users/{user.pk}/consumption"


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


class TestWhose:
    @pytest.mark.parametrize("path", ["", "/", "/summary", "/summary/"])
    def test_ones_own(self, carl: User, home: SmallGrid, path: str) -> None:
        assert signed_in(carl).get(consumption(carl) + path).status_code == 200

    @pytest.mark.parametrize("path", ["", "/summary"])
    def test_not_anothers_and_not_even_whether_there_is_one(
        self, carl: User, olga: User, home: SmallGrid, path: str
    ) -> None:
        client = signed_in(carl)

        for pk in (olga.pk, 999_999):
            answer = client.get(f"/api/users/{pk}/consumption{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize("path", ["", "/summary"])
    def test_anybodys_to_olga_who_operates(
        self, carl: User, olga: User, home: SmallGrid, path: str
    ) -> None:
        client = signed_in(olga)

        assert client.get(consumption(carl) + path).status_code == 200
        assert client.get(f"/api/users/999999/consumption{path}").status_code == 404

    @pytest.mark.parametrize("path", ["", "/summary"])
    def test_not_a_service_point_of_the_neighbours(
        self, carl: User, home: SmallGrid, path: str
    ) -> None:
        neighbour = point_of(home.north_meters[1]).code

        answer = signed_in(carl).get(consumption(carl) + path, {"service_point": neighbour})

        assert answer.status_code == 404


class TestConsumption:
    def test_sums_hours_with_their_quality(
        self, carl: User, home: SmallGrid, end: datetime
    ) -> None:
        meter = home.north_meters[0].pk
        hour = timedelta(hours=1)
        quarters.fill([meter], start=end - 2 * hour, end=end - hour, kw=4)
        quarters.fill(
            [meter],
            start=end - hour,
            end=end,
            kw=8,
            quality=Quality.ESTIMATED,
            estimated_kwh=0.5,
        )

        answer = signed_in(carl).get(
            consumption(carl), {"start": iso(end - 2 * hour), "end": iso(end)}
        )

        first, second = answer.json()["intervals"]
        assert (first["start"], first["end"]) == (iso(end - 2 * hour), iso(end - hour))
        assert (first["kwh"], first["estimated_kwh"]) == (4.0, 0.0)
        assert first["kwh_by_quality"]["actual"] == 4.0
        assert (second["kwh"], second["estimated_kwh"]) == (8.0, 2.0)
        assert second["kwh_by_quality"]["estimated"] == 8.0
        assert second["kwh_by_quality"]["actual"] == 0.0
        assert (second["mean_kw"], second["lowest_kw"], second["peak_kw"]) == (8.0, 4.0, 16.0)

    def test_knows_nothing_where_nothing_was_found(
        self, carl: User, home: SmallGrid, end: datetime
    ) -> None:
        quarters.fill([home.north_meters[0].pk], start=end - QUARTER, end=end)

        answer = signed_in(carl).get(
            consumption(carl), {"start": iso(end - timedelta(hours=2)), "end": iso(end)}
        )

        silent, partly = answer.json()["intervals"]
        assert (silent["kwh"], silent["kwh_by_quality"], silent["peak_kw"]) == (None, None, None)
        assert (silent["intervals_expected"], silent["intervals_found"]) == (4, 0)
        assert (partly["intervals_expected"], partly["intervals_found"]) == (4, 1)

    def test_expects_nothing_of_what_is_to_come(
        self, carl: User, home: SmallGrid, now: datetime
    ) -> None:
        answer = signed_in(carl).get(
            consumption(carl), {"start": iso(now + DAY), "end": iso(now + 2 * DAY)}
        )

        assert {each["intervals_expected"] for each in answer.json()["intervals"]} == {0}

    @pytest.mark.parametrize(
        ("start", "end", "hours"),
        [("2024-03-31", "2024-04-01", 23), ("2024-10-27", "2024-10-28", 25)],
        ids=["clock goes forward", "clock goes back"],
    )
    @pytest.mark.parametrize("granularity", ["15m", "hour", "day", "month"])
    def test_days_of_the_site_are_as_long_as_they_are(
        self,
        carl: User,
        small_grid: SmallGrid,
        granularity: str,
        start: str,
        end: str,
        hours: int,
    ) -> None:
        """The tests' site is in Brussels."""
        meter = small_grid.north_meters[0]
        takes_service(carl, point_of(meter), since=YEARS_AGO)
        meter.installations.update(during=(YEARS_AGO, None))
        midnight = datetime.fromisoformat(start).replace(tzinfo=UTC)
        quarters.fill([meter.pk], start=midnight - DAY, end=midnight + 2 * DAY, kw=1)

        answer = signed_in(carl).get(
            consumption(carl), {"start": start, "end": end, "granularity": granularity}
        )

        body = answer.json()
        assert body["zone"] == "Europe/Brussels"
        count = {"15m": 4 * hours, "hour": hours, "day": 1, "month": 1}[granularity]
        assert len(body["intervals"]) == count
        assert sum(each["kwh"] for each in body["intervals"]) == hours
        assert sum(each["intervals_expected"] for each in body["intervals"]) == 4 * hours

    def test_ends_with_the_agreement(
        self, carl: User, small_grid: SmallGrid, end: datetime
    ) -> None:
        """Whoever moves out in the middle of a quarter-hour sees nothing of that one."""
        meter = small_grid.north_meters[0]
        left = end - timedelta(minutes=50)
        takes_service(carl, point_of(meter), since=end - DAY, until=left)
        quarters.fill([meter.pk], start=end - timedelta(hours=2), end=end)

        answer = signed_in(carl).get(
            consumption(carl), {"start": iso(end - timedelta(hours=2)), "end": iso(end)}
        )

        before, after = answer.json()["intervals"]
        assert (before["intervals_found"], before["intervals_expected"]) == (4, 4)
        assert (after["intervals_found"], after["intervals_expected"]) == (0, 0)
        assert after["kwh"] is None

    @pytest.mark.parametrize(
        "query",
        [
            {"start": "yesterday"},
            {"start": "2024-01-01T00:00:00"},
            {"start": "2024-02-30"},
            {"start": "0001-01-01"},
            {"start": "2024-01-02", "end": "2024-01-01"},
            {"start": "2024-01-01", "end": "2024-12-31", "granularity": "15m"},
            {"granularity": "minute"},
        ],
        ids=["word", "no zone", "no day", "antiquity", "backwards", "too long", "too fine"],
    )
    def test_refuses_what_it_cannot_cut(
        self, carl: User, home: SmallGrid, query: dict[str, str]
    ) -> None:
        answer = signed_in(carl).get(consumption(carl), query)

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_costs_three_queries_with_the_user(
        self, carl: User, home: SmallGrid, end: datetime, django_assert_num_queries
    ) -> None:
        quarters.fill([home.north_meters[0].pk], start=end - 3 * DAY, end=end)
        client = signed_in(carl)

        with django_assert_num_queries(3):
            client.get(consumption(carl), {"granularity": "day"})


class TestSummary:
    def test_sums_by_service_point_and_in_all(
        self, carl: User, home: SmallGrid, now: datetime, end: datetime
    ) -> None:
        cottage = home.south_meters[0]
        takes_service(carl, point_of(cottage), since=now - 30 * DAY)
        quarters.fill([home.north_meters[0].pk], start=end - DAY, end=end, kw=1)
        quarters.fill([cottage.pk], start=end - DAY / 2, end=end, kw=2)

        answer = signed_in(carl).get(
            f"{consumption(carl)}/summary", {"start": iso(end - DAY), "end": iso(end)}
        )

        body = answer.json()
        north, south = body["service_points"]
        assert (north["service_point"], north["kwh"]) == ("SP-MTR-N0", 24.0)
        assert (south["service_point"], south["kwh"]) == ("SP-MTR-S0", 24.0)
        assert (south["intervals_found"], south["intervals_expected"]) == (48, 96)
        assert (body["total"]["kwh"], body["total"]["intervals_expected"]) == (48.0, 192)

    def test_agrees_with_what_is_stored(self, carl: User, home: SmallGrid, end: datetime) -> None:
        meter = home.north_meters[0]
        quarters.fill([meter.pk], start=end - 3 * DAY, end=end, kw=1.234567)

        body = signed_in(carl).get(f"{consumption(carl)}/summary").json()

        stored = sum(QuarterWindow.objects.of(meter).values_list("energy_mwh", flat=True))
        assert body["total"]["kwh"] == stored / 1e6
        assert sum(body["total"]["kwh_by_quality"].values()) == pytest.approx(stored / 1e6)

    def test_is_empty_for_olga_who_lives_elsewhere(self, olga: User) -> None:
        body = signed_in(olga).get(f"{consumption(olga)}/summary").json()

        assert body["service_points"] == []
        assert (body["total"]["kwh"], body["total"]["intervals_expected"]) == (None, 0)
