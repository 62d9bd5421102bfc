"""The worklist by API: for those who operate the grid."""

from datetime import datetime

import pytest
from django.test import Client

from accounts.models import User
from meters.models import QUARTERS, Finding, QuarterWindow
from segs_site.lib import partitions
from segs_site.lib.periods import DAY, QUARTER, floor
from tests.accounts.builders import signed_in
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

LIST = "/api/admin/validation"


@pytest.fixture
def found(small_grid: SmallGrid, now: datetime) -> Finding:
    """A gap of a quarter-hour."""
    start = floor(now, DAY) - DAY
    partitions.ensure(QUARTERS, {start.date()})
    return Finding.objects.create(
        meter=small_grid.north_meters[0], rule="gap", start=start, end=start + QUARTER,
        state="open", found_at=now, changed_at=now,
    )  # fmt: skip


@pytest.fixture
def door(olga: User) -> Client:
    return signed_in(olga)


def post(door: Client, found: Finding, what: str, **said: object) -> object:
    address = f"{LIST}/{found.pk}/{what}"
    return door.post(address, {"reason": "she called"} | said, content_type="application/json")


class TestList:
    def test_answers_what_is_open(self, door: Client, found: Finding) -> None:
        page = door.get(LIST).json()

        (row,) = page["results"]
        assert (row["meter"], row["rule"], row["state"]) == ("MTR-N0", "gap", "open")
        assert door.get(f"{LIST}?meter=MTR-N1").json()["results"] == []
        assert door.get(f"{LIST}?state=healed").json()["results"] == []

    def test_is_shut_to_customers(self, carl: User, found: Finding) -> None:
        assert signed_in(carl).get(LIST).status_code == 403


class TestDecisions:
    def test_enter_energies_with_raw_beside_final(self, door: Client, found: Finding) -> None:
        answer = post(door, found, "edit", kwh=["0.75"]).json()  # type: ignore[attr-defined]

        assert (answer["state"], answer["decided_by"]) == ("edited", "olga@utility.example")
        (quarter,) = answer["intervals"]
        assert (quarter["raw_kwh"], quarter["final_kwh"]) == (None, 0.75)
        assert (quarter["quality"], quarter["reason"]) == ("edited", "she called")

    @pytest.mark.parametrize(
        ("what", "said", "code"),
        [
            ("accept", {}, "nothing_there"),
            ("estimate", {}, "not_estimable"),
            ("edit", {"kwh": ["-1"]}, "misentered"),
        ],
    )
    def test_are_refused_with_a_code(
        self, door: Client, found: Finding, what: str, said: dict[str, object], code: str
    ) -> None:
        answer = post(door, found, what, **said)

        assert (answer.status_code, answer.json()["code"]) == (409, code)  # type: ignore[attr-defined]

    def test_are_taken_once(self, door: Client, found: Finding) -> None:
        post(door, found, "edit", kwh=["1"])

        assert post(door, found, "edit", kwh=["2"]).json()["code"] == "already_settled"  # type: ignore[attr-defined]
        assert QuarterWindow.objects.get().energy_mwh == 1_000_000

    @pytest.mark.parametrize("kwh", [["x"], ["NaN"], [], ["0.0000001"]])
    def test_need_numbers(self, door: Client, found: Finding, kwh: list[str]) -> None:
        assert post(door, found, "edit", kwh=kwh).status_code == 400  # type: ignore[attr-defined]

    @pytest.mark.parametrize("what", ["accept", "edit", "estimate"])
    def test_need_a_finding(self, door: Client, found: Finding, what: str) -> None:
        found.pk += 1

        assert post(door, found, what, kwh=["1"]).status_code == 404  # type: ignore[attr-defined]
