"""A person accepts what stands, enters it or has it estimated: once, and the raw value stays."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from meters.choices import FindingState
from meters.models import QUARTERS, Finding, IntervalEdit, Meter, QuarterWindow
from meters.services import editing
from meters.services.editing import Decision
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.models import AuditEntry
from segs_site.lib.periods import DAY, QUARTER, floor
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

KWH = 1_000_000


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


@pytest.fixture
def olga_says(now: datetime) -> Decision:
    return Decision(by="olga", reason="she called", now=now)


def window(meter: Meter, start: datetime, energy: int, **fields: object) -> QuarterWindow:
    plain = {"estimated_mwh": 0, "count": 90, "quality": Quality.ACTUAL}
    return QuarterWindow.objects.create(
        meter=meter, start=start, mean_mw=energy * 4, min_mw=0, max_mw=energy * 4,
        energy_mwh=energy, revised_at=start + QUARTER, expected=90, **(plain | fields),
    )  # fmt: skip


def gap(meter: Meter, start: datetime, state: str = "open", rule: str = "gap") -> Finding:
    return Finding.objects.create(
        meter=meter, rule=rule, start=start, end=start + 2 * QUARTER, state=state,
        found_at=start, changed_at=start,
    )  # fmt: skip


def finals(meter: Meter, start: datetime) -> list[tuple[int, int]]:
    rows = QuarterWindow.objects.of(meter).within(start, start + 2 * QUARTER).order_by("start")
    return list(rows.values_list("energy_mwh", "quality"))


class TestEdit:
    def test_makes_what_a_person_entered_final(self, meter, start, olga_says) -> None:
        found = gap(meter, start)

        editing.edit(pk=found.pk, kwh=[Decimal("0.5"), Decimal("0.25")], decision=olga_says)

        assert finals(meter, start) == [(500_000, Quality.EDITED), (250_000, Quality.EDITED)]
        found.refresh_from_db()
        assert (found.state, found.decided_by, found.reason) == ("edited", "olga", "she called")
        edit = QuarterWindow.objects.get(meter=meter, start=start).edit
        assert edit is not None
        assert (edit.by, edit.reason, edit.method) == ("olga", "she called", "edited")
        assert AuditEntry.objects.filter(subject_type="meters.IntervalEdit").exists()

    def test_spreads_a_sum_without_loss(self, meter, start, olga_says) -> None:
        editing.edit(pk=gap(meter, start).pk, kwh=Decimal("0.777777"), decision=olga_says)

        assert sum(energy for energy, _ in finals(meter, start)) == 777_777

    def test_stays_when_the_reading_comes_late_which_is_kept_beside_it(
        self, meter, start, olga_says
    ) -> None:
        editing.edit(pk=gap(meter, start).pk, kwh=Decimal(1), decision=olga_says)

        QuarterWindow.objects.of(meter).filter(start=start).update(
            energy_mwh=333, count=90, quality=Quality.ACTUAL
        )

        row = QuarterWindow.objects.get(meter=meter, start=start)
        assert (row.energy_mwh, row.quality) == (500_000, Quality.EDITED)
        assert (row.raw_mwh, row.raw_quality, row.count) == (333, Quality.ACTUAL, 90)

    @pytest.mark.parametrize(
        "kwh",
        [[Decimal(1)], [Decimal(-1), Decimal(1)], Decimal(100)],
        ids=["too few", "fed in where nothing can be", "more than can flow"],
    )
    def test_refuses_what_cannot_be(self, meter, start, olga_says, kwh) -> None:
        found = gap(meter, start)

        with pytest.raises(editing.Misentered):
            editing.edit(pk=found.pk, kwh=kwh, decision=olga_says)

        found.refresh_from_db()
        assert found.state == FindingState.OPEN

    def test_is_decided_once(self, meter, start, olga_says) -> None:
        found = gap(meter, start)
        editing.edit(pk=found.pk, kwh=Decimal(1), decision=olga_says)

        with pytest.raises(editing.AlreadySettled, match="edited by olga"):
            editing.accept(pk=found.pk, decision=olga_says)


class TestAccept:
    def test_makes_a_suspect_value_count_as_it_came(self, meter, start, olga_says) -> None:
        flag = IntervalEdit.objects.create(
            meter=meter, start=start, end=start + QUARTER, method="flagged", rule="spike", at=start
        )
        window(
            meter, start, 5 * KWH, quality=Quality.SUSPECT, edit=flag, raw_mwh=5 * KWH,
            raw_estimated_mwh=0, raw_quality=Quality.ACTUAL,
        )  # fmt: skip

        editing.accept(pk=gap(meter, start, rule="spike").pk, decision=olga_says)

        assert finals(meter, start) == [(5 * KWH, Quality.ACTUAL)]

    def test_lets_an_estimate_stand_until_data_come(self, meter, start, olga_says) -> None:
        window(meter, start, 7, count=0, estimated_mwh=7, quality=Quality.ESTIMATED)

        editing.accept(pk=gap(meter, start, "estimated").pk, decision=olga_says)

        row = QuarterWindow.objects.get(meter=meter, start=start)
        assert (row.energy_mwh, row.quality) == (7, Quality.ESTIMATED)
        assert row.edit is not None
        assert row.edit.method == "accepted"

    def test_needs_something_there(self, meter, start, olga_says) -> None:
        with pytest.raises(editing.NothingThere):
            editing.accept(pk=gap(meter, start).pk, decision=olga_says)


class TestEstimate:
    def test_fills_also_what_rules_leave_to_a_person(self, meter, start, olga_says) -> None:
        found = gap(meter, start, "suspended")

        editing.estimate(pk=found.pk, decision=olga_says)

        assert finals(meter, start) == [
            (200_000, Quality.ESTIMATED), (300_000, Quality.ESTIMATED),
        ]  # fmt: skip
        found.refresh_from_db()
        assert (found.state, found.decided_by) == (FindingState.ESTIMATED, "olga")

    def test_refuses_where_nothing_is_known(self, meter, start, olga_says) -> None:
        QuarterWindow.objects.all().delete()

        with pytest.raises(editing.NotEstimable):
            editing.estimate(pk=gap(meter, start).pk, decision=olga_says)


class TestEdits:
    @pytest.mark.parametrize("change", ["update", "delete"])
    def test_are_kept_as_they_are(self, meter, start, olga_says, change) -> None:
        editing.edit(pk=gap(meter, start).pk, kwh=Decimal(1), decision=olga_says)
        rows = IntervalEdit.objects.all()

        with pytest.raises(IntegrityError, match="kept as it is"), transaction.atomic():
            rows.update(reason="") if change == "update" else rows.delete()
