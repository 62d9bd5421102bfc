"""The list of meters and the quarantine as the server sends them, without a browser."""

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.choices import UserRole
from accounts.models import User
from meters.choices import QuarantineState
from meters.models import LatestReading, Meter, QuarantinedReading
from meters.views import fleet
from tests import worlds
from tests.meters.test_quarantine import held
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LIST, HELD = "/meters/", "/meters/quarantine/"
LIST_QUERIES, HELD_QUERIES = 5, 4


@pytest.fixture
def clara(db: None) -> User:
    """Is a billing clerk."""
    return User.objects.create_user("clara@utility.example", "secret", role=UserRole.CLERK)


@pytest.fixture
def desk(client: Client, olga: User) -> Client:
    """Olga's browser."""
    client.force_login(olga)
    return client


def page(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content.decode()[:500]
    return " ".join(answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def serials(said: str) -> list[str]:
    """The meters that a page lists, in its order."""
    return re.findall(r'<th scope="row"><a href="/meters/\d+/">([^<]+)</a>', said)


def heard(meter: Meter, at: datetime, *, kw: float = 1.5) -> None:
    LatestReading.objects.create(
        meter=meter, ts=at, power_mw=round(kw * 1_000_000), voltage_mv=231_400, received_at=at
    )


def queries(desk: Client, path: str) -> int:
    """How many questions a page puts to the database, besides whose session it is."""
    desk.get(path)
    with CaptureQueriesContext(connection) as asked:
        page(desk.get(path))
    statements = [each["sql"].strip() for each in asked]
    return sum("django_session" not in each and "SAVEPOINT" not in each for each in statements)


class TestAccess:
    @pytest.mark.parametrize("path", [LIST, HELD])
    def test_is_refused_to_carl(self, client: Client, carl: User, path: str) -> None:
        client.force_login(carl)

        assert client.get(path).status_code == 403

    def test_shows_clara_the_list_and_not_the_quarantine(
        self, client: Client, clara: User, small_grid: SmallGrid
    ) -> None:
        client.force_login(clara)

        said = page(client.get(LIST))

        assert len(serials(said)) == 6
        assert HELD not in said
        assert client.get(HELD).status_code == 403

    def test_stands_in_the_navigation_of_whoever_watches_the_grid(
        self, client: Client, olga: User, carl: User
    ) -> None:
        for somebody, is_there in ((olga, True), (carl, False)):
            client.force_login(somebody)
            assert ('<a href="/meters/"' in page(client.get("/account/"))) is is_there


class TestList:
    def test_says_where_a_meter_hangs_how_it_does_and_what_it_said(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        heard(small_grid.north_meters[0], now, kw=1.25)

        said = page(desk.get(LIST, {"search": "MTR-N0"}))

        row = said[said.index("<tbody>") : said.index("</tbody>")]
        words = re.sub(r"<[^>]+>", " ", row).split()
        assert {"MTR-N0", "reporting", "1.250", "231.4", "SP-MTR-N0", "T-North", "F-North"} <= set(
            words
        )

    def test_never_shows_an_unknown_value_as_nothing(
        self, desk: Client, small_grid: SmallGrid
    ) -> None:
        said = page(desk.get(LIST, {"search": "MTR-N0"}))

        assert "never heard" in said
        assert '<td class="is-figure" data-label="kW">–</td>' in said
        assert "0.000" not in said

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"search": "n1"}, ["MTR-N1"]),
            ({"search": "sp-mtr-s2"}, ["MTR-S2"]),
            ({"search": "F-South"}, ["MTR-S0", "MTR-S1", "MTR-S2"]),
            ({"region": "North"}, ["MTR-N0", "MTR-N1", "MTR-N2"]),
            ({"region": "Atlantis"}, 6),
            ({"state": "reporting"}, ["MTR-N0"]),
            ({"state": "silent"}, ["MTR-N1"]),
            ({"state": "unheard"}, ["MTR-N2", "MTR-S0", "MTR-S1", "MTR-S2"]),
            ({"state": "asleep"}, 6),
            ({"seen": "1h"}, ["MTR-N0"]),
            ({"seen": "no-1h"}, ["MTR-N1"]),
            ({"seen": "no-7d"}, []),
            ({"region": "North", "state": "unheard"}, ["MTR-N2"]),
            ({"search": "nothing like it"}, []),
            ({"search": "\0"}, 6),
        ],
        ids=lambda value: str(value) if isinstance(value, dict) else "",
    )
    def test_keeps_what_is_asked_for(
        self,
        desk: Client,
        small_grid: SmallGrid,
        now: datetime,
        query: dict[str, str],
        found: list[str] | int,
    ) -> None:
        heard(small_grid.north_meters[0], now)
        heard(small_grid.north_meters[1], now - 3 * HOUR)

        said = serials(page(desk.get(LIST, query)))

        assert (len(said) if isinstance(found, int) else said) == found

    def test_says_why_it_is_empty_and_what_is_next(self, desk: Client) -> None:
        assert "There is no meter yet" in page(desk.get(LIST))
        assert "No meter fits" in page(desk.get(LIST, {"search": "x"}))

    def test_is_shown_by_pages_that_start_behind_a_serial(
        self, desk: Client, small_grid: SmallGrid, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fleet, "ROWS", 2)
        first = page(desk.get(LIST, {"region": "North"}))
        (behind,) = re.findall(r'href="(\?[^"]+)">Next meters', first)
        worlds.meter("MTR-A", region=small_grid.north, since=now - HOUR)

        second = page(desk.get(LIST + behind.replace("&amp;", "&")))

        assert serials(first) == ["MTR-N0", "MTR-N1"]
        assert serials(second) == ["MTR-N2"]
        assert 'href="?region=North">From the first' in second

    def test_begins_anew_behind_a_strange_cursor(
        self, desk: Client, small_grid: SmallGrid
    ) -> None:
        assert len(serials(page(desk.get(LIST, {"cursor": "nonsense"})))) == 6

    def test_leads_from_a_serial_to_its_meter(self, desk: Client, small_grid: SmallGrid) -> None:
        meter = small_grid.south_meters[1]

        assert desk.get(LIST, {"serial": "MTR-S1"}).headers["Location"] == f"/meters/{meter.pk}/"
        assert desk.get(LIST, {"serial": "MTR-S1-NOT"}).status_code == 200

    def test_is_downloaded_as_it_is_filtered_and_harmless_in_a_spreadsheet(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        worlds.meter("=1+1", region=small_grid.north, since=now - HOUR)
        said = page(desk.get(LIST, {"region": "North", "state": "unheard", "search": "1"}))
        (address,) = re.findall(r'href="(/api/admin/meters[^"]+)" download', said)

        sent = b"".join(desk.get(address.replace("&amp;", "&")))  # type: ignore[arg-type]

        rows = list(csv.DictReader(io.StringIO(sent.decode())))
        assert serials(said) == ["=1+1", "MTR-N1"]
        assert [row["serial"] for row in rows] == ["'=1+1", "MTR-N1"]

    def test_costs_as_many_queries_for_many_meters_as_for_few(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        few = queries(desk, LIST)
        for place in range(12):
            heard(worlds.meter(f"MTR-X{place}", region=small_grid.north, since=now - HOUR), now)

        assert (few, queries(desk, LIST)) == (LIST_QUERIES, LIST_QUERIES)


class TestQuarantine:
    def test_says_what_is_held_and_why(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        held("MTR-N0", now, kw=250)
        held("MTR-N1", now, reason="region_mismatch", kw=1, region="South")
        held("MTR-Z", now, reason="unknown_meter")

        said = page(desk.get(HELD))

        assert "a value is beyond what the meter can measure" in said
        assert "it says South" in said
        assert 'href="/meters/?serial=MTR-N0">MTR-N0</a>' in said
        assert "serial=MTR-Z" not in said
        assert 'Quarantine <span class="tab-count">3</span>' in page(desk.get(LIST))

    def test_says_when_nothing_waits(self, desk: Client, now: datetime) -> None:
        assert "Nothing waits" in page(desk.get(HELD))
        held("MTR-N0", now)
        assert "No held reading fits" in page(desk.get(HELD, {"meter": "MTR-N1"}))
        assert "Nothing was decided so yet." in page(desk.get(HELD, {"state": "adopted"}))

    def test_shows_what_cannot_be_read_as_it_came(self, desk: Client, now: datetime) -> None:
        for raw in ("[]", "{", '{"powerKw": "much", "region": 7}', "<script>alert(1)</script>"):
            row = held("MTR-N0", now, reason="unknown_region")
            QuarantinedReading.objects.filter(pk=row.pk).update(raw=raw)

        said = page(desk.get(HELD))

        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in said
        assert "<script>alert" not in said

    def test_adopts_one(
        self, desk: Client, small_grid: SmallGrid, olga: User, now: datetime
    ) -> None:
        entry, other = held("MTR-N0", now), held("MTR-N1", now)

        said = page(
            desk.post(HELD, {"decision": f"adopt:{entry.pk}", "note": "a welder"}, follow=True)
        )

        entry.refresh_from_db()
        other.refresh_from_db()
        assert (entry.state, entry.decided_by, entry.note) == ("adopted", olga.email, "a welder")
        assert other.state == QuarantineState.OPEN
        assert "1 reading is adopted" in said
        assert "waits for a worker" in page(desk.get(HELD, {"state": "adopted"}))

    def test_discards_all_that_are_chosen_and_keeps_the_filter(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        chosen = [held("MTR-N0", now + HOUR * place) for place in range(2)]
        kept = held("MTR-N0", now + 5 * HOUR)

        answer = desk.post(
            f"{HELD}?meter=MTR-N0",
            {"decision": "discard", "ids": [row.pk for row in chosen]},
            follow=True,
        )

        assert answer.redirect_chain == [(f"{HELD}?meter=MTR-N0", 302)]
        assert "2 readings are discarded" in page(answer)
        open_ones = QuarantinedReading.objects.filter(state=QuarantineState.OPEN)
        assert list(open_ones) == [kept]

    def test_offers_no_adoption_of_a_second_value(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        entry = held("MTR-N0", now, reason="conflict")

        shown = page(desk.get(HELD))
        said = page(desk.post(HELD, {"decision": f"adopt:{entry.pk}"}, follow=True))

        assert f'value="adopt:{entry.pk}"' not in shown
        assert "The first value of a moment stays." in shown
        assert "1 reading stays as it was: the meter has another value" in said

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"decision": "adopt"}, "Nothing was decided: choose readings first."),
            ({"decision": "adopt", "ids": "x"}, "Nothing was decided: choose readings first."),
            ({"decision": "burn", "ids": "1"}, "Nothing was decided"),
            ({"decision": "discard", "ids": "1", "note": "x" * 501}, "500 characters at most"),
            ({"decision": "discard", "ids": "999999"}, "It is not in the quarantine."),
        ],
        ids=["none", "no number", "unknown", "long note", "gone"],
    )
    def test_says_what_was_not_decided(
        self, desk: Client, values: dict[str, str], words: str
    ) -> None:
        assert words in page(desk.post(HELD, values, follow=True))

    def test_is_decided_once(self, desk: Client, small_grid: SmallGrid, now: datetime) -> None:
        entry = held("MTR-N0", now)
        desk.post(HELD, {"decision": f"discard:{entry.pk}"})

        said = page(desk.post(HELD, {"decision": f"adopt:{entry.pk}"}, follow=True))

        entry.refresh_from_db()
        assert entry.state == QuarantineState.DISCARDED
        assert "1 reading stays as it was: it was discarded by" in said

    def test_is_not_claras_to_decide(self, client: Client, clara: User, now: datetime) -> None:
        entry = held("MTR-N0", now)
        client.force_login(clara)

        answer = client.post(reverse("quarantine"), {"decision": f"discard:{entry.pk}"})

        assert answer.status_code == 403
        entry.refresh_from_db()
        assert entry.state == QuarantineState.OPEN

    def test_costs_as_many_queries_for_many_readings_as_for_few(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        held("MTR-N0", now)
        few = queries(desk, HELD)
        for place in range(12):
            held("MTR-N1", now + HOUR * place)

        assert (few, queries(desk, HELD)) == (HELD_QUERIES, HELD_QUERIES)
