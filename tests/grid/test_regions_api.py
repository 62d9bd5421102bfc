"""Regions by REST: what they can carry, how loaded they were, and a POST that is sent twice."""

from datetime import datetime, timedelta

import pytest

from accounts.models import User
from grid.models import RegionCapacity, RegionQuarter
from segs_site.lib import idempotency
from segs_site.lib.models import KeptAnswer
from segs_site.lib.periods import QUARTER, floor
from tests.accounts.builders import signed_in
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

CAPACITIES = "/api/admin/regions/North/capacities"
STATS = "/api/admin/regions/stats"
KW = 1_000_000


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def quarter(grid: SmallGrid, start: datetime, load_kw: int, **columns: object) -> None:
    values = {
        "load_mw": load_kw * KW,
        "energy_mwh": load_kw * KW // 4,
        "meters_reporting": 3,
        "meters_expected": 3,
        "capacity_mw": 100 * KW,
        "load_known": True,
        "revised_at": start + QUARTER,
    }
    RegionQuarter.objects.create(region=grid.north, start=start, **values | columns)


class TestCapacities:
    def test_are_listed_newest_first_with_decimals_as_texts(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        RegionCapacity.objects.create(
            region=small_grid.north, capacity_kw=120, effective_from=now + timedelta(days=1)
        )

        body = signed_in(olga).get(CAPACITIES).json()

        assert [row["capacity_kw"] for row in body["capacities"]] == ["120.000", "100.000"]

    def test_are_entered_for_a_moment_to_come(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        said = {"capacity_kw": "80.5", "effective_from": iso(now + timedelta(hours=1))}

        answer = signed_in(olga).post(CAPACITIES, said, content_type="application/json")

        assert answer.status_code == 201
        assert answer.json() == {"capacity_kw": "80.500"} | {
            "effective_from": said["effective_from"]
        }
        assert RegionCapacity.objects.filter(capacity_kw="80.5").count() == 1

    @pytest.mark.parametrize("kw", ["0", "-1", "NaN", "many", "0.0001", None])
    def test_are_above_zero(self, olga: User, small_grid: SmallGrid, kw: str | None) -> None:
        answer = signed_in(olga).post(
            CAPACITIES, {"capacity_kw": kw}, content_type="application/json"
        )

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_are_not_changed_behind_closed_minutes(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        said = {"capacity_kw": "80", "effective_from": iso(now - timedelta(hours=1))}

        answer = signed_in(olga).post(CAPACITIES, said, content_type="application/json")

        assert (answer.status_code, answer.json()["code"]) == (409, "in_the_past")

    def test_are_one_for_a_moment(self, olga: User, small_grid: SmallGrid, now: datetime) -> None:
        client = signed_in(olga)
        said = {"capacity_kw": "80", "effective_from": iso(now + timedelta(hours=1))}
        client.post(CAPACITIES, said, content_type="application/json")

        again = client.post(
            CAPACITIES, said | {"capacity_kw": "90"}, content_type="application/json"
        )

        assert (again.status_code, again.json()["code"]) == (409, "capacity_exists")

    def test_need_a_region(self, olga: User, small_grid: SmallGrid) -> None:
        assert signed_in(olga).get("/api/admin/regions/Atlantis/capacities").status_code == 404

    def test_are_not_carls_to_see(self, carl: User, small_grid: SmallGrid) -> None:
        client = signed_in(carl)

        assert client.get(CAPACITIES).status_code == 403
        assert client.post(CAPACITIES, {"capacity_kw": "1"}).status_code == 403


class TestASecondPost:
    def test_with_the_same_key_is_answered_and_not_done(
        self, olga: User, small_grid: SmallGrid
    ) -> None:
        client = signed_in(olga)
        send = {
            "data": {"capacity_kw": "80"},
            "content_type": "application/json",
            "headers": {"Idempotency-Key": "one"},
        }

        first, second = (client.post(CAPACITIES, **send) for _ in range(2))

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json()
        assert second["Idempotent-Replayed"] == "true"
        assert RegionCapacity.objects.filter(region=small_grid.north).count() == 2

    def test_with_the_same_key_and_other_words_is_refused(
        self, olga: User, small_grid: SmallGrid
    ) -> None:
        client = signed_in(olga)
        headers = {"Idempotency-Key": "one"}
        client.post(
            CAPACITIES, {"capacity_kw": "80"}, content_type="application/json", headers=headers
        )

        answer = client.post(
            CAPACITIES, {"capacity_kw": "81"}, content_type="application/json", headers=headers
        )

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")

    def test_by_somebody_else_is_another(
        self, olga: User, ada: User, small_grid: SmallGrid
    ) -> None:
        headers = {"Idempotency-Key": "one"}

        answers = [
            signed_in(person).post(
                CAPACITIES,
                {"capacity_kw": kw},
                content_type="application/json",
                headers=headers,
            )
            for person, kw in ((olga, "80"), (ada, "90"))
        ]

        assert [answer.status_code for answer in answers] == [201, 201]

    def test_after_a_refusal_is_tried_anew(self, olga: User, small_grid: SmallGrid) -> None:
        client = signed_in(olga)
        headers = {"Idempotency-Key": "one"}
        refused = client.post(
            CAPACITIES, {"capacity_kw": "0"}, content_type="application/json", headers=headers
        )

        answer = client.post(
            CAPACITIES, {"capacity_kw": "1"}, content_type="application/json", headers=headers
        )

        assert (refused.status_code, answer.status_code) == (400, 201)

    def test_is_forgotten_in_the_end(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        for key, age in (("old", 3), ("new", 1)):
            KeptAnswer.objects.create(
                owner=olga.pk, key=key, sha256="", created_at=now - timedelta(days=age)
            )

        idempotency.forget_before(now - idempotency.KEPT)

        assert list(KeptAnswer.objects.values_list("key", flat=True)) == ["new"]


class TestStats:
    def test_sum_up_what_is_known_of_a_period(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        end = floor(now, QUARTER)
        quarter(small_grid, end - 3 * QUARTER, 40)
        quarter(small_grid, end - 2 * QUARTER, 80)
        quarter(small_grid, end - QUARTER, 99, load_known=False, meters_reporting=0)

        body = (
            signed_in(olga).get(STATS, {"start": iso(end - 4 * QUARTER), "end": iso(end)}).json()
        )

        north, south = body["regions"]
        assert (north["mean_load_kw"], north["lowest_load_kw"]) == (60.0, 40.0)
        assert (north["peak_load_kw"], north["peak_load_pct"]) == (80.0, 80.0)
        assert north["peak_at"] == iso(end - 2 * QUARTER)
        assert north["coverage_pct"] == pytest.approx(100 * 6 / 9)
        assert [north[f"quarters_{word}"] for word in ("expected", "closed", "known")] == [4, 3, 2]
        assert (south["peak_load_kw"], south["energy_kwh"]) == (None, None)

    def test_cost_two_queries_with_the_user(
        self, olga: User, small_grid: SmallGrid, django_assert_num_queries
    ) -> None:
        client = signed_in(olga)

        with django_assert_num_queries(2):
            client.get(STATS)
