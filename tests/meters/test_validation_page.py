"""The worklist of validation as the server sends it: what was found, and what is decided of it."""

import html
import re
from datetime import datetime

import pytest
from django.test import Client

from accounts.choices import UserRole
from accounts.models import User
from meters.models import QUARTERS, Finding, Meter, QuarterWindow
from meters.views import validation
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.periods import DAY, QUARTER, floor
from tests.meters.test_editing import gap, window
from tests.meters.test_pages import page, queries
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

LIST = "/meters/validation/"
LIST_QUERIES, ONE_QUERIES = 4, 5


@pytest.fixture
def desk(client: Client, olga: User) -> Client:
    """Olga's browser."""
    client.force_login(olga)
    return client


@pytest.fixture
def meter(small_grid: SmallGrid) -> Meter:
    return small_grid.north_meters[0]


@pytest.fixture
def start(meter: Meter, now: datetime) -> datetime:
    """Of a gap of two quarter-hours, between 0.1 and 0.4 kWh."""
    begun = floor(now, DAY) - 2 * DAY
    partitions.ensure(QUARTERS, {begun.date(), (begun - DAY).date()})
    for place, energy in ((-1, 100_000), (2, 400_000)):
        window(meter, begun + place * QUARTER, energy)
    return begun


def rows(said: str) -> list[str]:
    """What each row of a page's last table says, without its marks."""
    body = said[said.rindex("<tbody>") : said.rindex("</tbody>")]
    plain = html.unescape(re.sub(r"<[^>]+>", " ", body.replace("</tr>", "\n")))
    return [" ".join(row.split()) for row in plain.splitlines() if row.strip()]


def one(found: Finding) -> str:
    return f"{LIST}{found.pk}/"


def state(found: Finding) -> tuple[str, str]:
    found.refresh_from_db()
    return found.state, found.reason


class TestAccess:
    def test_is_for_those_who_operate_the_grid(
        self, client: Client, carl: User, meter: Meter, start: datetime
    ) -> None:
        found = gap(meter, start)
        clara = User.objects.create_user("clara@utility.example", "x", role=UserRole.CLERK)
        for somebody in (carl, clara):
            client.force_login(somebody)
            for path in (LIST, one(found)):
                assert client.get(path).status_code == 403
                assert client.post(path, {"decision": "accept"}).status_code == 403
        assert state(found) == ("open", "")

    def test_has_a_tab_beside_the_quarantine(self, desk: Client) -> None:
        said = page(desk.get("/meters/quarantine/"))

        assert f'href="{LIST}">Validation</a>' in said
        assert f'href="{LIST}" aria-current="page"' in page(desk.get(LIST))


class TestList:
    def test_says_what_was_found_when_and_by_how_much(
        self, desk: Client, meter: Meter, start: datetime
    ) -> None:
        found = gap(meter, start, rule="spike")
        Finding.objects.filter(pk=found.pk).update(value=9.5, limit=3)

        (row,) = rows(page(desk.get(LIST)))

        assert row.startswith("MTR-N0")
        assert "far above its own history 9.500 kWh 3 kWh Accept Estimate Enter" in row

    def test_keeps_what_is_asked_for(
        self, desk: Client, small_grid: SmallGrid, start: datetime
    ) -> None:
        gap(small_grid.north_meters[0], start)
        gap(small_grid.north_meters[1], start, rule="zero")
        gap(small_grid.north_meters[2], start, state="healed")

        found = {
            query: [row.split()[0] for row in rows(said)] if "<tbody>" in said else []
            for query in (
                "",
                "meter=MTR-N1",
                "rule=gap",
                "rule=odd",
                "state=healed",
                "rule=frozen",
            )
            for said in [page(desk.get(f"{LIST}?{query}"))]
        }

        assert found == {
            "": ["MTR-N1", "MTR-N0"],
            "meter=MTR-N1": ["MTR-N1"],
            "rule=gap": ["MTR-N0"],
            "rule=odd": ["MTR-N1", "MTR-N0"],
            "state=healed": ["MTR-N2"],
            "rule=frozen": [],
        }

    def test_says_why_it_is_empty(self, desk: Client) -> None:
        assert "Nothing waits" in page(desk.get(LIST))
        assert "No finding fits" in page(desk.get(LIST, {"meter": "MTR-N1"}))
        assert "Nothing is in this state." in page(desk.get(LIST, {"state": "edited"}))

    def test_goes_on_behind_the_first_page(
        self, desk: Client, meter: Meter, start: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(validation, "ROWS", 1)
        for rule in ("gap", "zero"):
            gap(meter, start, rule=rule)

        (address,) = re.findall(r'href="(\?[^"]+)">Older findings', first := page(desk.get(LIST)))

        assert "zero where there never was" in rows(first)[0]
        assert "no reading" in rows(page(desk.get(LIST + address.replace("&amp;", "&"))))[0]

    def test_costs_as_many_queries_for_many_as_for_few(
        self, desk: Client, meter: Meter, start: datetime
    ) -> None:
        gap(meter, start)
        few = queries(desk, LIST)
        for place in range(1, 9):
            gap(meter, start + 4 * place * QUARTER)

        assert (few, queries(desk, LIST)) == (LIST_QUERIES, LIST_QUERIES)

    def test_takes_one_decision_of_many_and_says_what_stays(
        self, desk: Client, meter: Meter, start: datetime
    ) -> None:
        filled, empty = gap(meter, start), gap(meter, start + 2 * DAY)

        answer = desk.post(
            f"{LIST}?rule=gap",
            {"decision": "estimate", "ids": [filled.pk, empty.pk], "reason": "a storm"},
            follow=True,
        )

        assert answer.redirect_chain == [(f"{LIST}?rule=gap", 302)]
        said = page(answer)
        assert "1 finding is estimated" in said
        assert "1 finding stays as it was: Neither neighbours nor history" in said
        assert (state(filled), state(empty)) == (("estimated", "a storm"), ("open", ""))

    def test_takes_one_decision_of_one(self, desk: Client, meter: Meter, start: datetime) -> None:
        found = gap(meter, start - QUARTER, rule="spike")

        said = page(
            desk.post(LIST, {"decision": f"accept:{found.pk}", "reason": "a kiln"}, follow=True)
        )

        assert "1 finding is accepted" in said
        assert state(found) == ("accepted", "a kiln")
        (row,) = rows(page(desk.get(LIST, {"state": "accepted"})))
        assert row.endswith("olga@utility.example: a kiln")

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"decision": "accept", "reason": "so"}, "choose findings first"),
            ({"decision": "accept", "ids": "1"}, "write a reason"),
            ({"decision": "burn", "ids": "1", "reason": "so"}, "Nothing was decided"),
            ({"decision": "accept", "ids": "1", "reason": "x" * 501}, "500 characters at most"),
            ({"decision": "accept", "ids": "99999", "reason": "so"}, "not in the worklist"),
        ],
        ids=["none", "no reason", "unknown", "long reason", "gone"],
    )
    def test_says_what_was_not_decided(
        self, desk: Client, values: dict[str, str], words: str
    ) -> None:
        assert words in page(desk.post(LIST, values, follow=True))


class TestOne:
    def test_shows_raw_beside_final_and_what_is_unknown_as_a_dash(
        self, desk: Client, meter: Meter, start: datetime
    ) -> None:
        found = gap(meter, start - QUARTER, rule="spike")

        said = page(desk.get(one(found)))

        before, missing = rows(said)
        assert before.split()[2:] == ["0.100", "0.100", "actual", "–", "–"]
        assert missing.split()[2:] == ["–", "–", "✕", "missing", "–", "–"]
        assert "1 of 2 quarter-hours" in said

    def test_costs_the_same_for_a_long_gap(
        self, desk: Client, meter: Meter, start: datetime
    ) -> None:
        found = gap(meter, start)
        few = queries(desk, one(found))
        Finding.objects.filter(pk=found.pk).update(end=start + 30 * DAY)

        assert (few, queries(desk, one(found))) == (ONE_QUERIES, ONE_QUERIES)

    def test_shows_a_long_gap_part_by_part(
        self, desk: Client, meter: Meter, start: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(validation, "QUARTERS_A_PAGE", 4)
        found = gap(meter, start)
        Finding.objects.filter(pk=found.pk).update(end=start + 5 * QUARTER)

        first, last = page(desk.get(one(found))), page(desk.get(one(found), {"from": "4"}))

        assert (len(rows(first)), len(rows(last))) == (4, 1)
        assert 'href="?from=4">Later' in first
        assert 'href="?from=0">Earlier' in last
        assert len(rows(page(desk.get(one(found), {"from": "5"})))) == 4

    def test_enters_what_each_quarter_hour_held(
        self, desk: Client, meter: Meter, start: datetime
    ) -> None:
        found = gap(meter, start)
        values = {"decision": "enter", "reason": "she called", "kwh": "0.5\r\n0.25\r\n"}

        said = page(desk.post(one(found), values, follow=True))

        assert "What you entered counts now" in said
        assert state(found) == ("edited", "she called")
        assert [row.split()[3:5] for row in rows(said)] == [
            ["0.500", "edited"],
            ["0.250", "edited"],
        ]
        assert "entered by a person olga@utility.example: she called" in rows(said)[0]
        assert "nothing is left to do" in said

    def test_spreads_one_number_over_all(
        self, desk: Client, meter: Meter, start: datetime
    ) -> None:
        desk.post(
            one(gap(meter, start)), {"decision": "enter", "reason": "a bill", "kwh": "0.777777"}
        )

        quarters = QuarterWindow.objects.filter(meter=meter, quality=Quality.EDITED)
        assert sum(row.energy_mwh for row in quarters) == 777_777

    @pytest.mark.parametrize(
        ("decision", "outcome"), [("accept", "accepted"), ("estimate", "estimated")]
    )
    def test_is_decided_beside_what_it_shows(
        self, desk: Client, meter: Meter, start: datetime, decision: str, outcome: str
    ) -> None:
        window(meter, start, 250_000)
        found = gap(meter, start, rule="spike")

        desk.post(one(found), {"decision": decision, "reason": "seen"})

        assert state(found) == (outcome, "seen")

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"kwh": "1,5"}, "“1,5” is no number"),
            ({"kwh": "NaN"}, "“NaN” has more digits"),
            ({"kwh": "0.0000001"}, "six behind the point"),
            ({"kwh": ""}, "Enter a number"),
            ({"kwh": "1 2 3"}, "2 values are meant"),
            ({"kwh": "-1"}, "Nothing is fed in at this meter"),
            ({"kwh": "1", "reason": ""}, "This field is required"),
            ({"decision": "accept"}, "No value stands there"),
            ({"decision": "burn"}, "Nothing was decided."),
        ],
        ids=lambda value: str(value) if isinstance(value, dict) else "",
    )
    def test_says_why_it_is_refused_and_keeps_what_was_typed(
        self, desk: Client, meter: Meter, start: datetime, values: dict[str, str], words: str
    ) -> None:
        found = gap(meter, start)

        said = page(desk.post(one(found), {"decision": "enter", "reason": "she called"} | values))

        assert words in said
        assert state(found) == ("open", "")
        assert 'value="she called"' in said or not values.get("reason", "she called")

    def test_is_decided_once(self, desk: Client, meter: Meter, start: datetime) -> None:
        found = gap(meter, start)
        values = {"decision": "enter", "reason": "first", "kwh": "1"}
        desk.post(one(found), values)

        said = page(desk.post(one(found), values | {"reason": "second"}))

        assert "It is decided, or late data healed it." in said
        assert state(found) == ("edited", "first")

    def test_is_not_there_where_there_is_no_finding(self, desk: Client) -> None:
        assert desk.get(f"{LIST}7/").status_code == 404
