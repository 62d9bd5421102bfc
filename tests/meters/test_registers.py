"""A register that goes back waits, books nothing, and is believed once something bears it out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from meters import columns, registers
from meters.choices import QuarantineState
from meters.columns import ABSENT, Columns
from meters.models import (
    LatestReading,
    Meter,
    MeterInstallation,
    QuarantinedReading,
    Reading,
    RegisterTurn,
)
from meters.registers import Dial, Read
from meters.selectors import registers as selectors
from meters.services import quarantine, storing
from segs_site.lib.periods import Period, floor
from segs_site.lib.quantities import MWH_PER_KWH
from tests.accounts.builders import signed_in
from tests.meters import readings
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

STEP = timedelta(minutes=15)


@pytest.fixture
def start(now: datetime) -> datetime:
    return floor(now, STEP) - 8 * STEP


@pytest.fixture
def meter(small_grid: SmallGrid) -> Meter:
    """A meter with a register of 99999.9 kWh."""
    made = small_grid.north_meters[0]
    made.register_digits, made.register_decimals, made.reading_interval_s = 5, 1, 900
    made.save()
    return made


def said(meter: Meter, start: datetime, shown: Sequence[float | None], *, at: int = 0) -> Columns:
    """Readings a quarter-hour apart, with where the register stood."""
    rows = [(meter, start + (at + place) * STEP, 1.0, 0.25) for place in range(len(shown))]
    table = readings.table(rows)
    stood = [ABSENT if kwh is None else round(Decimal(str(kwh)) * MWH_PER_KWH) for kwh in shown]
    return replace(table, register=np.array(stood, np.int64), seq=table.seq.copy())


def take(*parts: Columns, now: datetime, marks: storing.Watermarks | None = None) -> None:
    """Store readings as the stream worker does."""
    shard = Meter.objects.get(pk=int(parts[0].meter[0])).shard
    for part in parts:
        merged = storing.merge([part])
        storing.ensure_partitions(readings=merged.readings, known=set())
        with transaction.atomic():
            watermarks = marks or storing.read_watermarks(shard=shard)
            storing.store(shard=shard, merged=merged, watermarks=watermarks, now=now)
            watermarks.raise_to(merged.readings.meter, merged.readings.ts)


def append_adopted(now: datetime) -> None:
    """Do what the worker does with adopted readings: they go through the stream again."""
    parcels = quarantine.to_append(limit=100, shards=4, now=now)
    for parcel in parcels:
        take(columns.unpack(parcel.packed, received=0).columns, now=now)
    quarantine.note_appended(pks=[parcel.pk for parcel in parcels], now=now)


def used(meter: Meter, start: datetime, now: datetime) -> int | None:
    place = MeterInstallation.objects.get(meter=meter)
    period = Period(start, start + 8 * STEP)
    (found,) = selectors.moved(service_point_id=place.service_point_id, period=period)
    return found.used_mwh


def stored(meter: Meter) -> list[float]:
    rows = (
        Reading.objects.filter(meter=meter).order_by("ts").values_list("register_mwh", flat=True)
    )
    return [row / MWH_PER_KWH for row in rows if row is not None]


class TestRolled:
    DIAL = Dial(digits=5, limit_mw=100_000_000)
    AT = datetime(2026, 5, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("before", "after", "hours", "moved"),
        [
            (99_999.3, 2.1, 1, 2.8),
            (99_999.9, 0.0, 1, 0.1),
            (12_345.6, 0.0, 1, None),
            (99_000.0, 50.0, 1, None),
            (99_000.0, 50.0, 24, 1050.0),
        ],
        ids=["over", "to nothing", "dip", "too far", "far in a day"],
    )
    def test_is_what_was_used_where_that_can_be(
        self, before: float, after: float, hours: int, moved: float | None
    ) -> None:
        one = Read(self.AT, round(before * MWH_PER_KWH))
        other = Read(self.AT + timedelta(hours=hours), round(after * MWH_PER_KWH))

        found = registers.rolled(one, other, self.DIAL)

        assert found == (None if moved is None else round(moved * MWH_PER_KWH))

    def test_of_a_register_whose_width_is_not_known_is_not_known(self) -> None:
        dial = Dial(digits=None, limit_mw=1)

        assert registers.rolled(Read(self.AT, 9), Read(self.AT + STEP, 1), dial) is None


class TestGoingBack:
    def test_is_told_by_meter_and_only_of_what_came_in_time(self) -> None:
        meter = np.array([1, 1, 1, 2, 2, 3])
        ts = np.array([10, 20, 30, 10, 20, 5])
        register = np.array([5, 3, 6, 8, ABSENT, 1])
        known = np.array([4, 4, 4, 9, 9, 7])
        known_at = np.array([1, 1, 1, 1, 1, 5])

        back = registers.going_back(meter, ts, register, known, known_at)

        assert back.tolist() == [False, True, False, True, False, False]


class TestDip:
    @pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
    def test_to_nothing_and_back_is_held_and_books_nothing(
        self, meter: Meter, start: datetime, now: datetime, together: bool
    ) -> None:
        shown = [500.0, 500.25, 0.0, 0.0, 501.0, 501.25]
        if together:
            take(said(meter, start, shown), now=now)
        else:
            for place, kwh in enumerate(shown):
                take(said(meter, start, [kwh], at=place), now=now)

        held = QuarantinedReading.objects.order_by("ts")
        assert [(row.reason, row.ts) for row in held] == [
            ("register_dip", start + 2 * STEP),
            ("register_dip", start + 3 * STEP),
        ]
        assert stored(meter) == [500.0, 500.25, 501.0, 501.25]
        assert not RegisterTurn.objects.exists()
        assert used(meter, start, now) == 1_250_000

    def test_is_no_turn_however_often_nothing_is_said(
        self, meter: Meter, start: datetime, now: datetime
    ) -> None:
        take(said(meter, start, [99_999.5, 0.0, 0.0, 0.0, 0.0]), now=now)

        assert not RegisterTurn.objects.exists()
        assert QuarantinedReading.objects.count() == 4

    def test_keeps_all_that_the_reading_came_with(
        self, meter: Meter, start: datetime, now: datetime
    ) -> None:
        table = said(meter, start, [500.0, 0.0])
        table.extra[1] = b'{"current":4.25,"powerFactor":0.98}'  # type: ignore[index]
        table.seq[1] = 7
        table.reading_id[1] = 9
        take(table, now=now)

        raw = msgspec.json.decode(QuarantinedReading.objects.get().raw)

        assert (raw["current"], raw["powerFactor"], raw["seq"]) == (4.25, 0.98, 7)
        assert raw["readingId"] == "09090909-0909-0909-0909-090909090909"
        assert (raw["registerKwh"], raw["energyKwh"]) == (0.0, 0.25)

    def test_that_a_person_adopts_begins_anew_and_counts_nothing(
        self, meter: Meter, start: datetime, now: datetime
    ) -> None:
        take(said(meter, start, [500.0, 3.0]), now=now)

        quarantine.adopt(pk=QuarantinedReading.objects.get().pk, by="olga", now=now)
        append_adopted(now)
        take(said(meter, start, [3.5], at=2), now=now)

        turn = RegisterTurn.objects.get()
        assert (turn.kind, turn.used_mwh, turn.decided_by) == ("reset", 0, "olga")
        assert stored(meter) == [500.0, 3.0, 3.5]
        assert used(meter, start, now) == 500_000


class TestRollover:
    def test_is_proposed_and_counted_once_a_person_confirms_it(
        self, meter: Meter, start: datetime, now: datetime
    ) -> None:
        marks = storing.read_watermarks(shard=meter.shard)
        take(said(meter, start, [99_999.0, 99_999.3]), said(meter, start, [2.1], at=2),
             now=now, marks=marks)  # fmt: skip
        held = QuarantinedReading.objects.get()
        assert held.reason == "register_rollover"
        assert used(meter, start, now) == 300_000

        quarantine.confirm(pk=held.pk, by="olga", now=now)
        append_adopted(now)
        take(said(meter, start, [2.5], at=3), now=now, marks=marks)

        turn = RegisterTurn.objects.get()
        assert (turn.kind, turn.used_mwh, turn.decided_by) == ("rollover", 2_800_000, "olga")
        assert stored(meter) == [99_999.0, 99_999.3, 2.1, 2.5]
        assert used(meter, start, now) == 3_500_000
        assert QuarantinedReading.objects.count() == 1

    @pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
    def test_is_borne_out_by_three_reads_that_go_on_from_there(
        self, meter: Meter, start: datetime, now: datetime, together: bool
    ) -> None:
        shown = [99_999.3, 2.1, 2.1, 2.4, 2.6]
        if together:
            take(said(meter, start, shown), now=now)
        else:
            for place, kwh in enumerate(shown):
                take(said(meter, start, [kwh], at=place), now=now)
        append_adopted(now)

        turn = RegisterTurn.objects.get()
        assert (turn.kind, turn.used_mwh, turn.decided_by) == ("rollover", 2_800_000, "")
        assert stored(meter) == shown
        assert used(meter, start, now) == 3_300_000
        assert not QuarantinedReading.objects.filter(state=QuarantineState.OPEN).exists()

    def test_counts_times_the_ratio_of_the_place_once(
        self, meter: Meter, start: datetime, now: datetime
    ) -> None:
        MeterInstallation.objects.filter(meter=meter).update(multiplier=80)
        Meter.objects.filter(pk=meter.pk).update(limit_kw=8_000)
        take(said(meter, start, [99_999.3, 2.1, 2.2, 2.3]), now=now)

        assert used(meter, start, now) == 80 * 3_000_000

    def test_of_a_register_of_unknown_width_is_a_reset(
        self, meter: Meter, start: datetime, now: datetime
    ) -> None:
        Meter.objects.update(register_digits=None)
        take(said(meter, start, [99_999.3, 2.1, 2.2, 2.3]), now=now)

        turn = RegisterTurn.objects.get()
        assert (turn.kind, turn.used_mwh) == ("reset", 0)

    def test_confirming_one_adopts_those_that_go_on_from_it(
        self, meter: Meter, start: datetime, now: datetime
    ) -> None:
        take(said(meter, start, [99_999.3, 2.1, 2.1]), now=now)
        first, second = QuarantinedReading.objects.order_by("ts")

        quarantine.confirm(pk=second.pk, by="olga", now=now)

        first.refresh_from_db()
        assert (first.state, first.decided_by) == ("adopted", "olga")
        assert RegisterTurn.objects.get().at == first.ts
        latest = LatestReading.objects.get(meter=meter)
        assert (latest.register_mwh, latest.register_at) == (2_100_000, second.ts)


class TestDoors:
    def body(self, client: Client, pk: int, decision: str) -> Any:
        return client.post(
            f"/api/admin/quarantine/{pk}/{decision}", content_type="application/json"
        )

    def test_confirm_a_rollover_and_nothing_else(
        self, meter: Meter, start: datetime, now: datetime, olga: User
    ) -> None:
        take(said(meter, start, [99_999.3, 2.1]), now=now)
        roll = QuarantinedReading.objects.get()
        odd = QuarantinedReading.objects.create(
            serial=meter.serial,
            ts=now,
            reason="beyond_limit",
            raw="{}",
            received_at=now,
            origin="x",
        )
        client = signed_in(olga)

        refused = self.body(client, odd.pk, "confirm")
        done = self.body(client, roll.pk, "confirm")
        again = self.body(client, roll.pk, "confirm")

        assert (refused.status_code, refused.json()["code"]) == (409, "not_a_rollover")
        assert (done.status_code, done.json()["state"]) == (200, "adopted")
        assert (again.status_code, again.json()["code"]) == (409, "already_decided")

    def test_tell_what_a_register_moved_across_a_rollover(
        self, meter: Meter, start: datetime, now: datetime, olga: User
    ) -> None:
        take(said(meter, start, [99_999.3, 2.1, 2.2, 2.3]), now=now)
        asked = {"start": start.isoformat(), "end": now.isoformat()}

        body = signed_in(olga).get(f"/api/admin/meters/{meter.pk}/registers", asked).json()

        (moved,), (turn,) = body["moved"], body["turns"]
        assert (moved["start_kwh"], moved["end_kwh"], moved["used_kwh"]) == (
            "99999.3",
            "100002.3",
            "3",
        )
        assert (turn["kind"], turn["used_kwh"], turn["decided_by"]) == ("rollover", "2.8", "")
        assert body["register_digits"] == 5

    def test_offer_it_on_the_page(
        self, client: Client, meter: Meter, start: datetime, now: datetime, olga: User
    ) -> None:
        take(said(meter, start, [99_999.3, 2.1]), now=now)
        client.force_login(olga)
        pk = QuarantinedReading.objects.get().pk

        page = client.get("/meters/quarantine/").content.decode()
        done = client.post("/meters/quarantine/", {"decision": f"confirm:{pk}", "note": ""})

        assert f'value="confirm:{pk}"' in page
        assert "register 2.100 kWh" in page
        assert done.status_code == 302
        assert RegisterTurn.objects.get().used_mwh == 2_800_000
        shown = client.get(f"/meters/{meter.pk}/").content.decode()
        assert "passed the highest value it can show" in shown
