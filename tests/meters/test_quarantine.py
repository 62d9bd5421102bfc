"""A person decides what waits in quarantine: once, and only what can be counted is adopted."""

from datetime import datetime, timedelta

import msgspec
import pytest

from accounts.models import User
from meters import columns
from meters.choices import QuarantineState
from meters.models import QuarantinedReading
from meters.services import quarantine
from tests.accounts.builders import signed_in
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

LIST = "/api/admin/quarantine"
DAY = timedelta(days=1)


def held(
    serial: str, at: datetime, *, reason: str = "beyond_limit", kw: float = 250.0, **fields: object
) -> QuarantinedReading:
    item = {
        "readingId": f"r-{serial}-{at:%H%M%S}",
        "meterId": serial,
        "timestamp": at.isoformat(),
        "powerKw": kw,
        "region": "North",
    }
    raw = msgspec.json.encode(item | fields).decode()
    return QuarantinedReading.objects.create(
        serial=serial,
        ts=at,
        reading_id=str(item["readingId"]),
        reason=reason,
        raw=raw,
        received_at=at,
        origin=f"test/{QuarantinedReading.objects.count()}",
    )


def parcels(now: datetime) -> list[quarantine.Parcel]:
    return quarantine.to_append(limit=10, shards=4, now=now)


class TestAdopt:
    def test_waits_for_a_worker_with_the_reading_as_it_was(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        meter = small_grid.north_meters[0]
        entry = held(meter.serial, now, energyKwh=0.7, metadata={"a": 1})

        quarantine.adopt(pk=entry.pk, by="olga", note="a welder", now=now)

        (parcel,) = parcels(now)
        batch = columns.unpack(parcel.packed, received=0)
        assert (parcel.pk, parcel.shard) == (entry.pk, meter.shard)
        assert batch.columns.meter.tolist() == [meter.pk]
        assert batch.columns.power.tolist() == [250_000_000]
        assert batch.columns.energy.tolist() == [700_000]
        assert b'"a":1' in (batch.columns.extra[0] or b"")
        entry.refresh_from_db()
        assert (entry.state, entry.decided_by, entry.note) == ("adopted", "olga", "a welder")

    @pytest.mark.parametrize(
        ("reason", "kw"),
        [("region_mismatch", 1), ("negative_power", -4), ("unknown_region", 1)],
    )
    def test_counts_what_was_implausible(
        self, small_grid: SmallGrid, now: datetime, reason: str, kw: float
    ) -> None:
        entry = held("MTR-N0", now, reason=reason, kw=kw, region="Elsewhere")

        quarantine.adopt(pk=entry.pk, by="olga", now=now)

        (parcel,) = parcels(now)
        assert columns.unpack(parcel.packed, received=0).columns.power.tolist() == [kw * 1e6]

    def test_takes_a_meter_that_was_registered_since(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        entry = held("MTR-N0", now, reason="unknown_meter", kw=1)

        assert quarantine.adopt(pk=entry.pk, by="olga", now=now).state == "adopted"

    @pytest.mark.parametrize(
        ("serial", "reason", "age", "fields", "code"),
        [
            ("MTR-N0", "conflict", 0, {}, "conflict"),
            ("MTR-NEW", "unknown_meter", 0, {}, "unknown_meter"),
            ("MTR-N0", "beyond_limit", 400, {}, "too_old"),
            ("MTR-N0", "beyond_limit", 0, {"powerKw": 1e300}, "beyond_limit"),
            ("MTR-N0", "beyond_limit", 0, {"registerKwh": -1}, "beyond_limit"),
        ],
        ids=["conflict", "unknown meter", "older than raw readings", "endless", "backwards"],
    )
    def test_refuses_what_cannot_be_counted(
        self,
        small_grid: SmallGrid,
        now: datetime,
        serial: str,
        reason: str,
        age: int,
        fields: dict[str, object],
        code: str,
    ) -> None:
        entry = held(serial, now - age * DAY, reason=reason, **fields)

        with pytest.raises(quarantine.NotAdoptable) as refusal:
            quarantine.adopt(pk=entry.pk, by="olga", now=now)

        assert refusal.value.code == code
        entry.refresh_from_db()
        assert entry.state == QuarantineState.OPEN

    def test_gives_an_item_without_id_and_region_both(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        entry = held("MTR-N0", now)
        entry.raw = f'{{"meterId":"MTR-N0","timestamp":"{now.isoformat()}","powerKw":1}}'
        entry.reading_id = ""
        entry.save()

        quarantine.adopt(pk=entry.pk, by="olga", now=now)

        (parcel,) = parcels(now)
        extra = columns.unpack(parcel.packed, received=0).columns.extra[0]
        assert extra == f'{{"readingId":"quarantine-{entry.pk}"}}'.encode()

    @pytest.mark.parametrize("first", [quarantine.adopt, quarantine.discard])
    @pytest.mark.parametrize("second", [quarantine.adopt, quarantine.discard])
    def test_is_decided_once(self, small_grid: SmallGrid, now: datetime, first, second) -> None:
        entry = held("MTR-N0", now)
        first(pk=entry.pk, by="olga", now=now)

        with pytest.raises(quarantine.AlreadyDecided, match="olga"):
            second(pk=entry.pk, by="ada", now=now)


class TestToAppend:
    def test_has_nothing_twice_once_it_is_noted(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        entry = held("MTR-N0", now)
        quarantine.adopt(pk=entry.pk, by="olga", now=now)
        quarantine.note_appended(pks=[entry.pk], now=now)

        assert parcels(now) == []
        entry.refresh_from_db()
        assert entry.appended_at == now

    def test_gives_back_what_became_too_old_since(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        entry = held("MTR-N0", now)
        quarantine.adopt(pk=entry.pk, by="olga", now=now)

        assert parcels(now + 400 * DAY) == []
        entry.refresh_from_db()
        assert (entry.state, entry.note[:12]) == ("open", "not adopted:")

    def test_leaves_discarded_readings_where_they_are(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        quarantine.discard(pk=held("MTR-N0", now).pk, by="olga", now=now)

        assert parcels(now) == []


class TestDoors:
    def test_list_what_is_open_newest_first(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        old = held("MTR-N0", now - DAY)
        new = held("MTR-N1", now, reason="conflict")
        gone = held("MTR-N2", now)
        quarantine.discard(pk=gone.pk, by="ada", now=now)
        client = signed_in(olga)

        rows = client.get(LIST).json()["results"]

        assert [row["id"] for row in rows] == [new.pk, old.pk]
        assert (rows[0]["meter"], rows[0]["reason"]) == ("MTR-N1", "conflict")
        assert [r["id"] for r in client.get(LIST, {"reason": "conflict"}).json()["results"]] == [
            new.pk
        ]
        assert [r["id"] for r in client.get(LIST, {"meter": "MTR-N0"}).json()["results"]] == [
            old.pk
        ]
        assert [
            r["decided_by"] for r in client.get(LIST, {"state": "discarded"}).json()["results"]
        ] == ["ada"]

    def test_adopt_with_a_note(self, olga: User, small_grid: SmallGrid, now: datetime) -> None:
        entry = held("MTR-N0", now)

        answer = signed_in(olga).post(
            f"{LIST}/{entry.pk}/adopt", {"note": "a welder"}, content_type="application/json"
        )

        assert answer.status_code == 200
        assert (answer.json()["state"], answer.json()["decided_by"]) == (
            "adopted",
            "olga@utility.example",
        )

    def test_say_why_they_cannot(self, olga: User, small_grid: SmallGrid, now: datetime) -> None:
        entry = held("MTR-N0", now, reason="conflict")
        client = signed_in(olga)

        as_json = {"content_type": "application/json"}
        refused = client.post(f"{LIST}/{entry.pk}/adopt", **as_json)
        client.post(f"{LIST}/{entry.pk}/discard", **as_json)
        again = client.post(f"{LIST}/{entry.pk}/discard/", **as_json)
        nowhere = client.post(f"{LIST}/999999/discard", **as_json)

        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert (again.status_code, again.json()["code"]) == (409, "already_decided")
        assert nowhere.status_code == 404

    def test_decide_many_each_by_itself(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        good = held("MTR-N0", now)
        bad = held("MTR-N1", now, reason="conflict")
        said = {"ids": [good.pk, bad.pk, 999_999], "decision": "adopt"}

        body = signed_in(olga).post(f"{LIST}/bulk", said, content_type="application/json").json()

        assert body["decided"] == [good.pk]
        assert {row["id"]: row["code"] for row in body["refused"]} == {
            bad.pk: "conflict",
            999_999: "not_found",
        }

    @pytest.mark.parametrize(
        "said",
        [{}, {"ids": [], "decision": "adopt"}, {"ids": [1], "decision": "keep"}, {"ids": ["x"]}],
    )
    def test_refuse_a_decision_that_is_none(self, olga: User, said: dict[str, object]) -> None:
        answer = signed_in(olga).post(f"{LIST}/bulk", said, content_type="application/json")

        assert answer.status_code == 400

    def test_are_shut_for_carl(self, carl: User, small_grid: SmallGrid, now: datetime) -> None:
        entry = held("MTR-N0", now)
        client = signed_in(carl)

        assert client.get(LIST).status_code == 403
        assert client.post(f"{LIST}/{entry.pk}/discard").status_code == 403
        assert client.post(f"{LIST}/bulk").status_code == 403

    def test_cost_two_queries_with_the_user(
        self, olga: User, small_grid: SmallGrid, now: datetime, django_assert_num_queries
    ) -> None:
        for place in range(20):
            held("MTR-N0", now - timedelta(seconds=place))
        client = signed_in(olga)

        with django_assert_num_queries(2):
            assert len(client.get(LIST).json()["results"]) == 20
