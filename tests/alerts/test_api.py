"""The desk by REST: lists and their filters, acting, bulk, what is written down."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.choices import UserRole
from accounts.models import User
from alerts.choices import State
from alerts.conditions.kinds import Kind, Severity
from alerts.models import Alert, AlertRule, PlannedWork
from alerts.services import acting, raising, shelving
from segs_site.lib.models import AuditEntry
from tests.accounts.builders import signed_in
from tests.alerts.builders import raised, trigger
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db
ALERTS = "/api/admin/alerts"
OLGA = "olga@utility.example"
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def desk(olga: User) -> Client:
    return signed_in(olga)


@pytest.fixture
def alert(small_grid: SmallGrid, now: datetime) -> Alert:
    return raised(small_grid.north_meters[0], at=now, value=0.0, baseline=1.25)


def send(client: Client, path: str, said: dict[str, Any] | None = None) -> Any:
    return client.post(f"{ALERTS}/{path}", said or {}, "application/json")


def listed(client: Client, **query: Any) -> list[int]:
    answer = client.get(ALERTS, query)
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


class TestList:
    def test_says_all_an_operator_needs(self, desk: Client, alert: Alert, now: datetime) -> None:
        (row,) = desk.get(ALERTS).json()["results"]

        iso = now.isoformat().replace("+00:00", "Z")
        assert row["id"] == alert.pk
        assert (row["kind"], row["severity"], row["status"]) == ("outage", "medium", "active")
        assert (row["region"], row["feeder"]) == ("North", "F-North")
        assert (row["transformer"], row["meter"]) == ("T-North", "MTR-N0")
        assert (row["value"], row["baseline"], row["limit"]) == (0.0, 1.25, None)
        assert (row["unit"], row["price"], row["customers"]) == ("kW", None, 0)
        assert (row["raised_at"], row["occurrences"], row["children"]) == (iso, 1, 0)

    def test_holds_open_causes_the_worst_and_newest_first(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        over, minor, older, newer = (
            raised(meter, at=now + place * SECOND, severity=severity)
            for place, (meter, severity) in enumerate(
                zip(
                    small_grid.south_meters + small_grid.north_meters[:1],
                    [Severity.CRITICAL, Severity.LOW, Severity.HIGH, Severity.HIGH],
                    strict=True,
                )
            )
        )
        acting.resolve(alert=over, by=OLGA, now=now)
        cause = raised(small_grid.north, Kind.REGION_OUTAGE, at=now, severity=Severity.CRITICAL)
        raised(small_grid.north_meters[1], at=now, parent=small_grid.north)

        assert listed(desk) == [cause.pk, newer.pk, older.pk, minor.pk]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"state": "acknowledged"}, "seen"),
            ({"state": "active,cleared"}, "spike cause"),
            ({"state": "resolved"}, "over"),
            ({"severity": "critical"}, "cause"),
            ({"severity": "low,medium"}, "spike seen"),
            ({"kind": "spike"}, "spike"),
            ({"kind": "outage,voltage"}, "seen"),
            ({"region": "South"}, "spike"),
            ({"feeder": "F-South"}, "spike"),
            ({"transformer": "T-North"}, "seen"),
            ({"meter": "MTR-N1"}, "child"),
            ({"text": "without supply"}, "cause"),
            ({"text": "WITHOUT"}, "cause"),
            ({"assigned_to": "me"}, "seen"),
            ({"assigned_to": "nobody"}, "spike cause"),
            ({"shelved": "true"}, "spike"),
            ({"shelved": "false"}, "seen cause"),
            ({"explained": "yes"}, "child"),
            ({"explained": "any"}, "spike seen child cause"),
            ({"region": "Nowhere"}, ""),
        ],
        ids=lambda value: str(value),
    )
    def test_keeps_what_is_asked_for(
        self,
        desk: Client,
        olga: User,
        small_grid: SmallGrid,
        now: datetime,
        query: dict[str, str],
        found: str,
    ) -> None:
        north, south = small_grid.north_meters, small_grid.south_meters
        names = {
            "spike": raised(south[0], Kind.SPIKE, at=now, severity=Severity.LOW),
            "seen": raised(north[0], at=now),
            "over": raised(south[1], at=now),
            "cause": raised(
                small_grid.north, Kind.REGION_OUTAGE, at=now, severity=Severity.CRITICAL
            ),
            "child": raised(north[1], at=now, severity=Severity.HIGH, parent=small_grid.north),
        }
        acting.acknowledge(alert=names["seen"], by=OLGA, now=now)
        acting.assign(alert=names["seen"], to=olga, by=OLGA, now=now)
        acting.resolve(alert=names["over"], by=OLGA, now=now)
        until = now + timedelta(days=1)
        shelving.shelve(alert=names["spike"], until=until, reason="Known.", by=OLGA, now=now)

        assert sorted(listed(desk, **query)) == sorted(names[name].pk for name in found.split())

    def test_keeps_what_was_raised_in_a_time(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        old = raised(small_grid.north_meters[0], at=now - HOUR)
        new = raised(small_grid.north_meters[1], at=now)

        assert listed(desk, since=now.isoformat()) == [new.pk]
        assert listed(desk, before=now.isoformat()) == [old.pk]

    @pytest.mark.parametrize(
        "query",
        [
            {"state": "odd"}, {"severity": "4"}, {"kind": "fire"}, {"since": "yesterday"},
            {"assigned_to": "him"}, {"ordering": "message"}, {"cursor": "odd"}, {"limit": "0"},
            {"parent": "x"}, {"text": "a\0"},
        ],
        ids=str,
    )  # fmt: skip
    def test_refuses_what_means_nothing(self, desk: Client, query: dict[str, str]) -> None:
        answer = desk.get(ALERTS, query)

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert list(answer.json()["errors"]) == list(query)

    @pytest.mark.parametrize("ordering", ["-severity", "raised_at", "-raised_at", "-last_at"])
    def test_goes_on_behind_the_last_row_of_the_page_before(
        self, desk: Client, small_grid: SmallGrid, now: datetime, ordering: str
    ) -> None:
        for place, meter in enumerate(small_grid.north_meters + small_grid.south_meters):
            severity = Severity(1 + place % 3)
            raised(meter, at=now - place * SECOND, severity=severity)
        whole = listed(desk, ordering=ordering)

        pages, address = [], f"{ALERTS}?limit=2&ordering={ordering}"
        while address:
            page = desk.get(address).json()
            pages.append([row["id"] for row in page["results"]])
            address = page["next"]

        assert [len(page) for page in pages] == [2, 2, 2]
        assert [pk for page in pages for pk in page] == whole

    def test_answers_304_while_nothing_has_changed(
        self, desk: Client, alert: Alert, now: datetime
    ) -> None:
        tag = desk.get(ALERTS)["ETag"]

        assert desk.get(ALERTS, headers={"If-None-Match": tag}).status_code == 304
        acting.acknowledge(alert=alert, by=OLGA, now=now)
        assert desk.get(ALERTS, headers={"If-None-Match": tag}).status_code == 200

    @pytest.mark.parametrize("path", ["", "/stats", "?state=open&text=much&region=North"])
    def test_costs_the_same_few_queries_at_thousands(
        self, desk: Client, small_grid: SmallGrid, now: datetime, path: str,
        django_assert_max_num_queries,
    ) -> None:  # fmt: skip
        Alert.objects.bulk_create(
            Alert(
                kind=Kind.SPIKE, subject=f"meter:{n}", severity=2, message="much", first_at=now,
                raised_at=now, last_at=now, changed_at=now, region=small_grid.north,
            )
            for n in range(4000)
        )  # fmt: skip

        with django_assert_max_num_queries(4):
            assert desk.get(f"{ALERTS}{path}").status_code == 200


class TestOne:
    def test_comes_with_its_life(self, desk: Client, alert: Alert, now: datetime) -> None:
        acting.acknowledge(alert=alert, by=OLGA, note="Seen.", now=now + SECOND)

        found = desk.get(f"{ALERTS}/{alert.pk}").json()

        assert [step["step"] for step in found["steps"]] == ["acknowledged", "raised"]
        assert (found["steps"][0]["by"], found["steps"][0]["note"]) == (OLGA, "Seen.")

    def test_is_not_there_when_it_is_not(self, desk: Client) -> None:
        for path in ("7", "7/journal", "7/acknowledge", f"{2**62}"):
            answer = desk.get(f"{ALERTS}/{path}")
            assert answer.status_code in {404, 405}


class TestAct:
    def test_acknowledges_by_put_and_by_post(
        self, desk: Client, alert: Alert, small_grid: SmallGrid, now: datetime
    ) -> None:
        other = raised(small_grid.north_meters[1], at=now)

        put = desk.put(f"{ALERTS}/{alert.pk}/acknowledge", {"note": "Seen."}, "application/json")
        post = send(desk, f"{other.pk}/acknowledge")

        assert (put.status_code, put.json()["status"]) == (200, "acknowledged")
        assert (put.json()["acknowledged_by"], put.json()["note"]) == (OLGA, "Seen.")
        assert (post.status_code, post.json()["status"]) == (200, "acknowledged")

    @pytest.mark.parametrize("verb", ["acknowledge", "resolve", "assign", "note", "shelve"])
    def test_is_a_conflict_for_what_is_over(
        self, desk: Client, alert: Alert, now: datetime, verb: str
    ) -> None:
        acting.resolve(alert=alert, by=OLGA, now=now)
        said = {
            "assign": {"assigned_to": None},
            "note": {"note": "Late."},
            "shelve": {"minutes": 15, "reason": "Late."},
        }.get(verb)

        answer = send(desk, f"{alert.pk}/{verb}", said)

        assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")

    def test_shelves_with_reason_and_end_and_takes_down(self, desk: Client, alert: Alert) -> None:
        shelved = send(desk, f"{alert.pk}/shelve", {"minutes": 60, "reason": "Known."})
        again = send(desk, f"{alert.pk}/shelve", {"minutes": 60, "reason": "Known."})
        down = send(desk, f"{alert.pk}/unshelve")
        twice = send(desk, f"{alert.pk}/unshelve")

        assert shelved.json()["shelved_until"] is not None
        assert (again.status_code, again.json()["code"]) == (409, "already_shelved")
        assert down.json()["shelved_until"] is None
        assert (twice.status_code, twice.json()["code"]) == (409, "not_shelved")

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"minutes": 60}, "reason"),
            ({"minutes": 60, "reason": " "}, "reason"),
            ({"reason": "Known."}, "until"),
            ({"minutes": 60, "until": "2030-01-01T00:00:00Z", "reason": "Known."}, "until"),
            ({"until": "2030-01-01T00:00:00Z", "reason": "Known."}, "until"),
            ({"until": "2020-01-01T00:00:00Z", "reason": "Known."}, "until"),
            ({"minutes": 10081, "reason": "Known."}, "minutes"),
        ],
        ids=["no reason", "empty reason", "no end", "two ends", "too long", "past", "minutes"],
    )
    def test_shelves_nothing_without_both(
        self, desk: Client, alert: Alert, said: dict[str, Any], field: str
    ) -> None:
        answer = send(desk, f"{alert.pk}/shelve", said)

        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])

    def test_assigns_to_those_who_may_act_alone(
        self, desk: Client, alert: Alert, olga: User, carl: User
    ) -> None:
        given = send(desk, f"{alert.pk}/assign", {"assigned_to": olga.pk})
        refused = send(desk, f"{alert.pk}/assign", {"assigned_to": carl.pk})

        assert given.json()["assigned_to"] == OLGA
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["assigned_to"])

    def test_says_in_the_audit_trail_who_it_was(self, desk: Client, alert: Alert) -> None:
        send(desk, f"{alert.pk}/resolve", {"note": "Fuse."})

        entry = AuditEntry.objects.filter(subject_type="alerts.Alert").first()
        assert entry is not None
        assert (entry.actor, entry.origin) == (OLGA, f"POST {ALERTS}/{alert.pk}/resolve")


class TestBulk:
    def test_acknowledges_those_named_and_says_which_it_could_not(
        self, desk: Client, alert: Alert, small_grid: SmallGrid, now: datetime
    ) -> None:
        over = raised(small_grid.north_meters[1], at=now)
        acting.resolve(alert=over, by=OLGA, now=now)

        answer = send(desk, "bulk", {"action": "acknowledge", "ids": [alert.pk, over.pk, 1]})

        assert answer.json() == {"done": [alert.pk], "refused": sorted({over.pk, 1})}

    def test_takes_all_that_a_filter_finds(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        meters = [*small_grid.north_meters, *small_grid.south_meters]
        raising.raise_all(triggers=[trigger(each, at=now) for each in meters], now=now)

        answer = send(desk, "bulk", {"action": "acknowledge", "where": {"region": "North"}})

        assert len(answer.json()["done"]) == 3
        assert Alert.objects.filter(state=State.ACTIVE).count() == 3

    @pytest.mark.parametrize(
        ("said", "status"),
        [
            ({"action": "shelve", "minutes": 15, "reason": "Known."}, "active"),
            ({"action": "unshelve"}, None),
            ({"action": "resolve", "note": "Storm."}, "resolved"),
            ({"action": "note", "note": "Storm."}, "active"),
            ({"action": "assign", "assigned_to": None}, "active"),
        ],
        ids=lambda value: value["action"] if isinstance(value, dict) else str(value),
    )
    def test_does_each_thing(
        self, desk: Client, alert: Alert, said: dict[str, Any], status: str | None
    ) -> None:
        answer = send(desk, "bulk", said | {"ids": [alert.pk]})

        alert.refresh_from_db()
        assert answer.status_code == 200, answer.json()
        assert answer.json()["done"] == ([] if status is None else [alert.pk])
        assert alert.state == (status or "active")

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"action": "dance", "ids": [1]}, "action"),
            ({"action": "resolve"}, "ids"),
            ({"action": "resolve", "ids": [1], "where": {}}, "ids"),
            ({"action": "resolve", "ids": []}, "ids"),
            ({"action": "shelve", "ids": [1], "minutes": 5}, "reason"),
            ({"action": "shelve", "ids": [1], "reason": "Known."}, "until"),
            ({"action": "note", "ids": [1]}, "note"),
            ({"action": "assign", "ids": [1]}, "assigned_to"),
            ({"action": "resolve", "where": {"state": "odd"}}, "where"),
        ],
        ids=str,
    )
    def test_refuses_what_means_nothing(
        self, desk: Client, said: dict[str, Any], field: str
    ) -> None:
        answer = send(desk, "bulk", said)

        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


class TestStats:
    def test_counts_causes_off_the_shelf(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        north, south = small_grid.north_meters, small_grid.south_meters
        raised(small_grid.north, Kind.REGION_OUTAGE, at=now, severity=Severity.CRITICAL)
        raised(north[0], at=now, parent=small_grid.north)
        seen = raised(south[0], Kind.SPIKE, at=now)
        acting.acknowledge(alert=seen, by=OLGA, now=now + timedelta(seconds=30))
        shelved = raised(south[1], at=now)
        until = now + timedelta(days=1)
        shelving.shelve(alert=shelved, until=until, reason="Known.", by=OLGA, now=now)

        found = desk.get(f"{ALERTS}/stats").json()

        assert (found["open"], found["unacknowledged"]) == (2, 1)
        assert (found["explained"], found["shelved"]) == (1, 1)
        assert found["by_state"] == {"active": 1, "acknowledged": 1, "cleared": 0}
        assert found["by_severity"] == {"low": 0, "medium": 1, "high": 0, "critical": 1}
        assert found["by_kind"] == {"region_outage": 1, "spike": 1}
        assert found["by_region"] == {"North": 1, "South": 1}
        assert (found["raised_last_hour"], found["to_acknowledge_s"]) == (3, 30.0)


class TestJournal:
    def test_is_read_a_page_at_a_time_newest_first(
        self, desk: Client, alert: Alert, small_grid: SmallGrid, now: datetime
    ) -> None:
        acting.acknowledge(alert=alert, by=OLGA, now=now + SECOND)
        raised(small_grid.north_meters[1], at=now + 2 * SECOND)

        first = desk.get(f"{ALERTS}/journal?limit=2").json()
        rest = desk.get(first["next"]).json()

        assert [row["step"] for row in first["results"]] == ["raised", "acknowledged"]
        assert [(row["alert"], row["step"]) for row in rest["results"]] == [(alert.pk, "raised")]

    def test_keeps_what_is_asked_for(self, desk: Client, alert: Alert, now: datetime) -> None:
        acting.acknowledge(alert=alert, by=OLGA, now=now)

        by_olga = desk.get(f"{ALERTS}/journal", {"by": OLGA}).json()["results"]
        of_it = desk.get(f"{ALERTS}/{alert.pk}/journal", {"step": "raised"}).json()["results"]

        assert [row["step"] for row in by_olga] == ["acknowledged"]
        assert [row["step"] for row in of_it] == ["raised"]


class TestPlannedWork:
    def test_is_planned_read_and_called_off(
        self, desk: Client, small_grid: SmallGrid, now: datetime
    ) -> None:
        said = {
            "transformer": "T-North",
            "start": (now + HOUR).isoformat(),
            "end": (now + 2 * HOUR).isoformat(),
            "reason": "Change of the transformer.",
        }

        made = send(desk, "planned-work", said)
        address = f"{ALERTS}/planned-work/{made.json()['id']}"
        found = desk.get(f"{ALERTS}/planned-work").json()["results"]
        ended = desk.delete(address)
        again = desk.delete(address)

        assert made.status_code == 201
        assert (made.json()["state"], made.json()["planned_by"]) == ("planned", OLGA)
        assert found == [made.json()]
        assert (ended.json()["state"], ended.json()["cancelled_by"]) == ("cancelled", OLGA)
        assert (again.status_code, again.json()["code"]) == (409, "not_open")
        assert desk.get(f"{ALERTS}/planned-work").json()["results"] == []
        assert len(desk.get(f"{ALERTS}/planned-work?over=true").json()["results"]) == 1
        assert desk.get(address).json() == ended.json()

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"end": "2026-01-01T00:00:00Z", "start": "2026-01-02T00:00:00Z"}, "end"),
            ({"end": "2026-01-02T00:00:00Z", "start": "2026-01-01T00:00:00Z"}, "end"),
            ({"region": "North"}, "region"),
            ({"transformer": None}, "region"),
            ({"transformer": "T-Nowhere"}, "transformer"),
            ({"reason": ""}, "reason"),
        ],
        ids=["backwards", "over", "two places", "no place", "no such place", "no reason"],
    )
    def test_is_refused_without_place_time_or_reason(
        self, desk: Client, small_grid: SmallGrid, now: datetime,
        changed: dict[str, Any], field: str,
    ) -> None:  # fmt: skip
        said = {
            "transformer": "T-North",
            "start": now.isoformat(),
            "end": (now + HOUR).isoformat(),
            "reason": "Work.",
        }

        answer = send(desk, "planned-work", said | changed)

        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
        assert not PlannedWork.objects.exists()


class TestShiftNotes:
    def test_are_written_and_read(self, desk: Client) -> None:
        made = send(desk, "shift-notes", {"text": "Feeder 3 is weak."})
        empty = send(desk, "shift-notes", {"text": " "})

        assert (made.status_code, made.json()["written_by"]) == (201, OLGA)
        assert (empty.status_code, list(empty.json()["errors"])) == (400, ["text"])
        assert desk.get(f"{ALERTS}/shift-notes").json()["results"] == [made.json()]


class TestRules:
    def test_are_read_by_operators_and_set_by_administrators(
        self, desk: Client, ada: User, small_grid: SmallGrid
    ) -> None:
        said = {"kind": "overload", "region": "North", "severity": "critical", "threshold": 85}
        admin = signed_in(ada)

        refused = send(desk, "rules", said)
        made = send(admin, "rules", said)
        address = f"{ALERTS}/rules/{made.json()['id']}"
        changed = admin.patch(address, {"threshold": 80}, "application/json")
        read = desk.get(address)
        dropped = admin.delete(address)

        assert refused.status_code == 403
        assert (made.status_code, made.json()["region"]) == (201, "North")
        assert (changed.json()["threshold"], changed.json()["severity"]) == (80, "critical")
        assert read.json() == changed.json()
        assert dropped.status_code == 204
        verbs = AuditEntry.objects.filter(subject_type="alerts.AlertRule").values_list(
            "verb", "actor"
        )
        assert list(verbs[:3]) == [(verb, ada.email) for verb in ("delete", "update", "insert")]

    def test_of_one_kind_and_region_are_one(self, ada: User, small_grid: SmallGrid) -> None:
        said = {"kind": "overload", "region": "North", "severity": "high"}
        AlertRule.objects.create(kind=Kind.OVERLOAD, region=small_grid.north, severity=3)

        answer = send(signed_in(ada), "rules", said)

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_stay_of_their_kind(self, ada: User, small_grid: SmallGrid) -> None:
        rule = AlertRule.objects.create(kind=Kind.OVERLOAD, region=small_grid.north, severity=3)

        signed_in(ada).patch(
            f"{ALERTS}/rules/{rule.pk}", {"kind": "spike", "severity": "low"}, "application/json"
        )

        rule.refresh_from_db()
        assert (rule.kind, rule.severity) == (Kind.OVERLOAD, Severity.LOW)


class TestWhoMay:
    def test_a_clerk_reads_and_does_nothing(self, alert: Alert) -> None:
        cleo = User.objects.create(email="cleo@utility.example", role=UserRole.CLERK)
        clerk = signed_in(cleo)

        assert clerk.get(ALERTS).status_code == 200
        assert send(clerk, f"{alert.pk}/acknowledge").status_code == 403
        assert send(clerk, "bulk", {"action": "resolve", "ids": [alert.pk]}).status_code == 403

    def test_a_customer_finds_the_desk_shut(self, carl: User, alert: Alert) -> None:
        client = signed_in(carl)

        for path in ("", "/stats", "/journal", f"/{alert.pk}", f"/{alert.pk}/journal", "/rules"):
            assert client.get(f"{ALERTS}{path}").status_code == 403
