"""One's own meters by REST; another's meter does not exist here, on any path."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.http.response import HttpResponseBase

from accounts.models import User
from benchmarks import quarters
from meters.models import READINGS, LatestReading, Meter, Reading
from segs_site.lib import partitions
from segs_site.lib.periods import QUARTER, floor
from tests.accounts.builders import point_of, signed_in, takes_service
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MY_METERS = "/api/telemetry/my-meters"
SHOWN = [f"/api/telemetry/{name}" for name in ("history", "stats", "daily", "monthly")]
OF_A_METER = [*SHOWN, "/api/telemetry/export.csv", "/api/telemetry/export.xml"]


@pytest.fixture
def end(now: datetime) -> datetime:
    return floor(now, HOUR) - HOUR


@pytest.fixture
def own(carl: User, small_grid: SmallGrid, now: datetime) -> Meter:
    """The meter where Carl lives, since 30 days."""
    meter = small_grid.north_meters[0]
    takes_service(carl, point_of(meter), since=now - 30 * DAY)
    return meter


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def reading(meter: Meter, at: datetime, kw: float = 1.5) -> None:
    partitions.ensure(READINGS, [at.date()])
    Reading.objects.create(
        meter=meter, ts=at, power_mw=round(kw * 1e6), energy_mwh=4167, received_at=at
    )


def newest(meter: Meter, at: datetime) -> None:
    LatestReading.objects.create(
        meter=meter, ts=at, power_mw=1_500_000, voltage_mv=230_100, received_at=at
    )


def text_of(answer: HttpResponseBase) -> str:
    return b"".join(answer).decode()


class TestAnothersMeter:
    @pytest.mark.parametrize("path", OF_A_METER)
    def test_is_not_there(self, carl: User, own: Meter, small_grid: SmallGrid, path: str) -> None:
        client = signed_in(carl)

        for serial in (small_grid.north_meters[1].serial, "MTR-NOWHERE", "ü' OR 1=1 --"):
            answer = client.get(path, {"meter": serial})
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize("path", SHOWN)
    def test_is_not_there_for_olga_either_who_has_doors_of_her_own(
        self, olga: User, own: Meter, path: str
    ) -> None:
        assert signed_in(olga).get(path, {"meter": own.serial}).status_code == 404

    @pytest.mark.parametrize("path", [MY_METERS, *OF_A_METER])
    def test_nor_is_anything_without_a_name(self, client, path: str) -> None:
        assert client.get(path).status_code == 401


class TestMyMeters:
    def test_say_what_they_said_last(self, carl: User, own: Meter, now: datetime) -> None:
        newest(own, now)

        (row,) = signed_in(carl).get(MY_METERS).json()["meters"]

        assert (row["serial"], row["service_point"]) == (own.serial, "SP-MTR-N0")
        assert (row["state"], row["power_kw"], row["voltage_v"]) == ("reporting", 1.5, 230.1)
        assert (row["last_reading_at"], row["until"]) == (iso(now), None)

    def test_are_silent_after_three_intervals(self, carl: User, own: Meter, now: datetime) -> None:
        newest(own, now - timedelta(seconds=40))

        assert signed_in(carl).get(MY_METERS).json()["meters"][0]["state"] == "silent"

    def test_say_nothing_of_whoever_lives_there_now(
        self, carl: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        meter = small_grid.north_meters[0]
        takes_service(carl, point_of(meter), since=now - 9 * DAY, until=now - DAY)
        newest(meter, now)

        (row,) = signed_in(carl).get(MY_METERS).json()["meters"]

        assert (row["state"], row["power_kw"], row["last_reading_at"]) == (None, None, None)

    def test_are_not_sent_again_unchanged(self, carl: User, own: Meter, now: datetime) -> None:
        client = signed_in(carl)
        etag = client.get(MY_METERS)["ETag"]

        same = client.get(MY_METERS, headers={"If-None-Match": etag})
        newest(own, now)
        other = client.get(MY_METERS, headers={"If-None-Match": etag})

        assert (same.status_code, same.content, other.status_code) == (304, b"", 200)

    def test_cost_three_queries_with_the_user(
        self,
        carl: User,
        own: Meter,
        small_grid: SmallGrid,
        now: datetime,
        django_assert_num_queries,
    ) -> None:
        for meter in small_grid.south_meters:
            takes_service(carl, point_of(meter), since=now - DAY)
        client = signed_in(carl)

        with django_assert_num_queries(3):
            assert len(client.get(MY_METERS).json()["meters"]) == 4


class TestHistory:
    def test_goes_through_readings_page_by_page(
        self, carl: User, own: Meter, end: datetime
    ) -> None:
        stamps = [end - HOUR + timedelta(seconds=10 * step) for step in range(5)]
        for stamp in stamps:
            reading(own, stamp)
        client, shown = signed_in(carl), []
        path = OF_A_METER[0]
        query = {"meter": own.serial, "resolution": "raw", "start": iso(end - 2 * HOUR)}

        page = client.get(path, query | {"end": iso(end), "limit": 2}).json()
        shown += page["results"]
        while page["next"]:
            page = client.get(page["next"]).json()
            shown += page["results"]

        assert [row["at"] for row in shown] == [iso(stamp) for stamp in stamps]
        assert (shown[0]["power_kw"], shown[0]["energy_kwh"]) == (1.5, 0.004167)
        assert shown[0]["register_kwh"] is None

    def test_shows_windows_with_their_quality(self, carl: User, own: Meter, end: datetime) -> None:
        quarters.fill([own.pk], start=end - HOUR, end=end, kw=4)

        body = (
            signed_in(carl)
            .get(OF_A_METER[0], {"meter": own.serial, "start": iso(end - HOUR), "end": iso(end)})
            .json()
        )

        assert len(body["results"]) == 4
        assert body["results"][0]["at"] == iso(end - HOUR)
        assert (body["results"][0]["mean_kw"], body["results"][0]["energy_kwh"]) == (4.0, 1.0)
        assert body["results"][0]["quality"] == "actual"
        assert body["next"] is None

    def test_shows_nothing_from_before_one_lived_there(
        self, carl: User, small_grid: SmallGrid, end: datetime
    ) -> None:
        meter = small_grid.north_meters[0]
        takes_service(carl, point_of(meter), since=end)
        reading(meter, end)  # of the interval that ends as he moves in
        reading(meter, end + timedelta(seconds=10))

        body = (
            signed_in(carl)
            .get(
                OF_A_METER[0],
                {"meter": meter.serial, "resolution": "raw", "start": iso(end - HOUR)},
            )
            .json()
        )

        assert [row["at"] for row in body["results"]] == [iso(end + timedelta(seconds=10))]

    @pytest.mark.parametrize(
        ("resolution", "days"), [("raw", 8), ("1m", 32), ("15m", 367), ("5m", 1)]
    )
    def test_is_bounded(
        self, carl: User, own: Meter, end: datetime, resolution: str, days: int
    ) -> None:
        query = {"meter": own.serial, "resolution": resolution, "end": iso(end)}

        answer = signed_in(carl).get(OF_A_METER[0], query | {"start": iso(end - days * DAY)})

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_needs_a_meter(self, carl: User) -> None:
        assert "meter" in signed_in(carl).get(OF_A_METER[0]).json()["errors"]

    def test_refuses_a_strange_cursor(self, carl: User, own: Meter) -> None:
        answer = signed_in(carl).get(OF_A_METER[0], {"meter": own.serial, "cursor": "strange"})

        assert answer.status_code == 400


class TestExport:
    def test_has_the_rows_of_the_history(self, carl: User, own: Meter, end: datetime) -> None:
        quarters.fill([own.pk], start=end - DAY, end=end, kw=4)

        answer = signed_in(carl).get(
            "/api/telemetry/export.csv",
            {"meter": own.serial, "start": iso(end - DAY), "end": iso(end)},
        )

        rows = list(csv.DictReader(io.StringIO(text_of(answer))))
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert len(rows) == 96
        assert (rows[0]["at"], rows[0]["energy_kwh"]) == (iso(end - DAY), "1.0")
        assert rows[0]["quality"] == "actual"

    def test_leaves_negative_numbers_alone(self, carl: User, own: Meter, end: datetime) -> None:
        reading(own, end - HOUR, kw=-2)

        answer = signed_in(carl).get(
            "/api/telemetry/export.csv",
            {
                "meter": own.serial,
                "resolution": "raw",
                "start": iso(end - DAY),
                "end": iso(end),
            },
        )

        (row,) = csv.DictReader(io.StringIO(text_of(answer)))
        assert (row["power_kw"], row["register_kwh"]) == ("-2.0", "")


class TestStats:
    def test_sum_one_meter_or_all(
        self, carl: User, own: Meter, small_grid: SmallGrid, now: datetime, end: datetime
    ) -> None:
        cottage = small_grid.south_meters[0]
        takes_service(carl, point_of(cottage), since=now - 2 * DAY)
        quarters.fill([own.pk, cottage.pk], start=end - DAY, end=end, kw=1)
        client, query = signed_in(carl), {"start": iso(end - DAY), "end": iso(end)}

        one = client.get("/api/telemetry/stats", query | {"meter": own.serial}).json()
        both = client.get("/api/telemetry/stats", query).json()

        assert (one["kwh"], one["intervals_expected"], one["mean_v"]) == (24.0, 96, 230.0)
        assert (both["kwh"], both["intervals_expected"]) == (48.0, 192)


class TestDaysAndMonths:
    def test_have_every_day(self, carl: User, own: Meter, end: datetime) -> None:
        quarters.fill([own.pk], start=end - 3 * DAY, end=end, kw=1)

        body = signed_in(carl).get("/api/telemetry/daily", {"meter": own.serial}).json()

        assert body["granularity"] == "day"
        assert sum(day["kwh"] or 0 for day in body["intervals"]) == pytest.approx(72)

    def test_have_every_month(self, carl: User, own: Meter, end: datetime) -> None:
        quarters.fill([own.pk], start=end - 3 * DAY, end=end, kw=1)

        body = signed_in(carl).get("/api/telemetry/monthly").json()

        assert len(body["intervals"]) in (12, 13)
        assert sum(month["intervals_found"] for month in body["intervals"]) == 3 * 96


class TestALongAgreement:
    def test_costs_a_few_queries_at_thirty_days(
        self, carl: User, own: Meter, end: datetime, django_assert_max_num_queries
    ) -> None:
        quarters.fill([own.pk], start=end - 29 * DAY, end=end)
        client = signed_in(carl)

        for path in OF_A_METER:
            with django_assert_max_num_queries(3 + ("export" in path)):
                answer = client.get(path, {"meter": own.serial})
                assert answer.status_code == 200
                b"".join(answer)

    def test_ends_at_a_quarter_hour(self, end: datetime) -> None:
        assert floor(end, QUARTER) == end
