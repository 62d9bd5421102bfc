"""What was summed is judged, what is missing is filled, and late data heals both."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings

from grid.models import Region, RegionQuarter
from meters.choices import FindingState
from meters.models import (
    QUARTERS,
    READINGS,
    Finding,
    IntervalEdit,
    Meter,
    QuarantinedReading,
    QuarterWindow,
    Reading,
    ValidationMark,
    ValidationRule,
    WindowRevision,
)
from meters.services import gaps, validating
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.periods import DAY, QUARTER, Period, floor
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

KWH = 1_000_000
HISTORY = 22  # days


@pytest.fixture(autouse=True)
def zone(settings: LazySettings) -> None:
    settings.SEGS_SITE_ZONE = "UTC"


@pytest.fixture
def meter(small_grid: SmallGrid) -> Meter:
    return small_grid.north_meters[0]


@pytest.fixture
def day(now: datetime) -> datetime:
    """The start of a day that is over."""
    return floor(now, DAY) - 2 * DAY


@pytest.fixture(autouse=True)
def past(meter: Meter, day: datetime) -> None:
    """Three weeks of 0.2 kWh a quarter-hour, 0.6 in the evening, up to the end of the day."""
    fill(meter, day - HISTORY * DAY, (HISTORY + 1) * 96)


def energy_at(start: datetime) -> int:
    return round((0.6 if 18 <= start.hour < 21 else 0.2) * KWH) + start.minute


def fill(meter: Meter, start: datetime, count: int) -> None:
    partitions.ensure(QUARTERS, {(start + QUARTER * place).date() for place in range(count)})
    region = meter.installations.get().service_point.region
    QuarterWindow.objects.bulk_create(
        window(meter, at, energy_at(at), region)
        for at in (start + QUARTER * n for n in range(count))
    )


def window(meter: Meter, start: datetime, energy: int, region: Region) -> QuarterWindow:
    return QuarterWindow(
        meter=meter, start=start, mean_mw=energy * 4, min_mw=energy * 2, max_mw=energy * 5,
        energy_mwh=energy, estimated_mwh=0, export_mwh=0, revised_at=start + QUARTER, count=90,
        expected=90, quality=Quality.ACTUAL, region=region,
    )  # fmt: skip


def lose(meter: Meter, start: datetime, count: int) -> None:
    QuarterWindow.objects.of(meter).within(start, start + QUARTER * count).delete()


def say(meter: Meter, start: datetime, energy: int) -> None:
    """Sum a quarter-hour anew, as whoever closes windows does: the raw side alone."""
    QuarterWindow.objects.of(meter).filter(start=start).update(
        energy_mwh=energy, estimated_mwh=0, mean_mw=energy * 4, count=90, quality=Quality.ACTUAL
    )


def validate(start: datetime, count: int, *, now: datetime, **options: object) -> validating.Step:
    validating.mark(Period(start, start + QUARTER * count))
    whole = validating.NOTHING
    while (step := validating.validate(now=now, **options)) != validating.NOTHING:  # type: ignore[arg-type]
        whole = validating.Step(
            whole.marks + step.marks, whole.found + step.found, whole.filled + step.filled
        )
    return whole


def at(meter: Meter, start: datetime) -> QuarterWindow:
    return QuarterWindow.objects.select_related("edit").get(meter=meter, start=start)


def only(meter: Meter, rule: str) -> Finding:
    return Finding.objects.get(meter=meter, rule=rule)


class TestShortGap:
    def test_is_filled_by_a_line_and_says_so(self, meter, day, now) -> None:
        lose(meter, day + 4 * QUARTER, 4)

        step = validate(day, 12, now=now)

        filled = at(meter, day + 5 * QUARTER)
        assert step.filled == 4
        assert filled.energy_mwh == filled.estimated_mwh
        assert 190_000 < filled.energy_mwh < 210_000
        assert (filled.quality, filled.count, filled.raw_mwh) == (Quality.ESTIMATED, 0, None)
        assert (filled.edit.method, filled.edit.rule, filled.edit.by) == ("linear", "gap", "")
        found = only(meter, "gap")
        assert (found.state, found.start, found.end) == (
            FindingState.ESTIMATED, day + 4 * QUARTER, day + 8 * QUARTER,
        )  # fmt: skip

    def test_yields_to_late_data_wholly(self, meter, day, now) -> None:
        lose(meter, day + 4 * QUARTER, 1)
        validate(day, 8, now=now)
        guessed = at(meter, day + 4 * QUARTER).energy_mwh

        say(meter, day + 4 * QUARTER, 777)
        validate(day + 4 * QUARTER, 1, now=now)

        healed = at(meter, day + 4 * QUARTER)
        assert (healed.energy_mwh, healed.quality, healed.edit) == (777, Quality.ACTUAL, None)
        assert only(meter, "gap").state == FindingState.HEALED
        assert guessed != 777

    def test_is_healed_in_its_middle_and_filled_around(self, meter, day, now) -> None:
        lose(meter, day + 4 * QUARTER, 5)
        validate(day, 12, now=now)

        say(meter, day + 6 * QUARTER, 777)
        validate(day + 6 * QUARTER, 1, now=now)

        spans = Finding.objects.filter(rule="gap").order_by("start").values_list("start", "end")
        assert list(spans) == [
            (day + 4 * QUARTER, day + 6 * QUARTER),
            (day + 7 * QUARTER, day + 9 * QUARTER),
        ]
        assert at(meter, day + 7 * QUARTER).energy_mwh < 200_000  # a line from the new value

    def test_counts_for_its_region_but_not_as_heard(self, meter, day, now) -> None:
        lose(meter, day + 4 * QUARTER, 1)

        validate(day, 8, now=now)

        load = RegionQuarter.objects.get(region__code="North", start=day + 4 * QUARTER)
        filled = at(meter, day + 4 * QUARTER)
        assert (load.energy_mwh, load.meters_reporting) == (filled.energy_mwh, 0)
        assert load.estimated_mw == filled.mean_mw


class TestLongGap:
    def test_is_filled_by_the_own_profile(self, meter, day, now) -> None:
        lose(meter, day, 90)

        validate(day, 96, now=now)

        evening = at(meter, day + 78 * QUARTER)
        assert evening.edit.method == "profile"
        assert evening.energy_mwh == pytest.approx(600_000, rel=0.05)

    def test_waits_while_it_lasts_and_is_filled_day_by_day(self, meter, day, now) -> None:
        lose(meter, day + 90 * QUARTER, 6)

        validate(day, 96, now=day + DAY + QUARTER)
        waits = only(meter, "gap").state
        validate(day + DAY, 4, now=day + 3 * DAY)

        assert waits == FindingState.WAITING
        states = Finding.objects.filter(rule="gap", meter=meter).order_by("start")
        assert [row.state for row in states] == [FindingState.ESTIMATED]
        assert states[0].end == day + DAY + 4 * QUARTER

    def test_stays_open_where_nothing_honest_can_be_said(self, meter, day, now) -> None:
        QuarterWindow.objects.filter(start__lt=day - DAY).delete()
        lose(meter, day, 90)

        validate(day, 96, now=now)

        assert only(meter, "gap").state == FindingState.OPEN
        assert not QuarterWindow.objects.filter(start=day, meter=meter).exists()

    def test_adds_up_to_what_the_register_counted(self, meter, day, now) -> None:
        lose(meter, day, 90)
        register(meter, day, 1000.0)
        register(meter, day + 90 * QUARTER + timedelta(seconds=10), 1050.0)

        validate(day, 96, now=now)

        gap = QuarterWindow.objects.of(meter).within(day, day + 90 * QUARTER)
        assert sum(gap.values_list("energy_mwh", flat=True)) == 50 * KWH
        assert at(meter, day).edit.method == "profile_register"

    def test_of_more_than_a_day_is_shown_to_a_person(self, meter, day, now) -> None:
        lose(meter, day - DAY, 97)

        validate(day - DAY, 100, now=now)

        long = only(meter, "consecutive")
        assert (long.state, long.value) == (FindingState.OPEN, 97 * 15)


def register(meter: Meter, at: datetime, kwh: float) -> None:
    partitions.ensure(READINGS, {at.date()})
    Reading.objects.create(
        meter=meter, ts=at, power_mw=0, energy_mwh=0, register_mwh=round(kwh * KWH), received_at=at
    )


class TestKnownOutage:
    def test_is_not_estimated(self, meter, day, now) -> None:
        lose(meter, day + 4 * QUARTER, 6)
        dark = Period(day + 5 * QUARTER, day + 8 * QUARTER)

        def darkness(_: Collection[int], __: Period) -> Mapping[int, Sequence[Period]]:
            return {meter.pk: [dark]}

        validate(day, 12, now=now, darkness=darkness)

        states = (
            Finding.objects.filter(rule="gap").order_by("start").values_list("state", flat=True)
        )
        assert list(states) == ["estimated", "suspended", "estimated"]
        assert not QuarterWindow.objects.of(meter).within(dark.start, dark.end).exists()


class TestOneQuarter:
    @pytest.mark.parametrize(
        ("energy", "rule"),
        [(30 * KWH, "beyond_limit"), (-1, "negative"), (5 * KWH, "spike")],
        ids=["beyond the limit", "negative", "spike"],
    )
    def test_becomes_suspect_and_keeps_its_raw_value(self, meter, day, now, energy, rule) -> None:
        say(meter, day, energy)

        validate(day, 1, now=now)

        judged = at(meter, day)
        assert (judged.quality, judged.energy_mwh) == (Quality.SUSPECT, energy)
        assert (judged.raw_mwh, judged.raw_quality) == (energy, Quality.ACTUAL)
        assert (judged.edit.rule, judged.edit.method) == (rule, "flagged")
        assert only(meter, rule).state == FindingState.OPEN

    def test_that_is_zero_where_there_never_was_one_is_noted(self, meter, day, now) -> None:
        say(meter, day, 0)

        validate(day, 1, now=now)

        assert only(meter, "zero").state == FindingState.OPEN
        assert at(meter, day).quality == Quality.ACTUAL

    def test_that_is_always_the_same_is_one_finding_that_grows(self, meter, day, now) -> None:
        for place in range(30):
            say(meter, day + place * QUARTER, 1234)

        validate(day, 30, now=now)

        frozen = only(meter, "frozen")
        assert (frozen.start, frozen.end) == (day + 23 * QUARTER, day + 30 * QUARTER)

    def test_stamped_after_its_arrival_is_noted(self, meter, day, now) -> None:
        register(meter, day + QUARTER, 1.0)
        Reading.objects.update(received_at=day + QUARTER - timedelta(minutes=2))

        validate(day, 1, now=now)

        assert (only(meter, "clock_skew").value, at(meter, day).edit) == (120, None)

    def test_with_a_second_value_is_noted_until_that_is_decided(self, meter, day, now) -> None:
        held = QuarantinedReading.objects.create(
            serial=meter.serial, ts=day + QUARTER, reason="conflict", raw="{}", received_at=now,
            origin="test",
        )  # fmt: skip

        marked = validating.mark_conflicts(now=now)
        validate(day, 1, now=now)
        found = only(meter, "conflict").state
        QuarantinedReading.objects.filter(pk=held.pk).update(state="discarded")
        validate(day, 1, now=now + QUARTER)

        assert (marked, found) == (1, FindingState.OPEN)
        assert only(meter, "conflict").state == FindingState.HEALED

    def test_is_healed_when_the_raw_value_turns_out_otherwise(self, meter, day, now) -> None:
        say(meter, day, 5 * KWH)
        validate(day, 1, now=now)

        say(meter, day, 210_000)
        validate(day, 1, now=now)

        healed = at(meter, day)
        assert (healed.quality, healed.raw_mwh, healed.edit) == (Quality.ACTUAL, None, None)
        assert only(meter, "spike").state == FindingState.HEALED

    def test_stays_suspect_when_it_is_summed_to_the_same_again(self, meter, day, now) -> None:
        say(meter, day, 5 * KWH)
        validate(day, 1, now=now)

        say(meter, day, 5 * KWH)

        assert at(meter, day).quality == Quality.SUSPECT

    def test_is_replaced_where_its_rule_says_so(self, meter, day, now) -> None:
        ValidationRule.objects.filter(kind="spike").update(action="estimate")
        say(meter, day + QUARTER, 5 * KWH)

        validate(day, 4, now=now)

        replaced = at(meter, day + QUARTER)
        assert (replaced.quality, replaced.raw_mwh) == (Quality.ESTIMATED, 5 * KWH)
        assert 190_000 < replaced.energy_mwh == replaced.estimated_mwh < 210_000
        assert only(meter, "spike").state == FindingState.ESTIMATED


class TestSumCheck:
    def test_shows_a_day_that_the_register_contradicts(self, meter, day, now) -> None:
        register(meter, day, 100.0)
        register(meter, day + DAY, 190.0)

        validate(day + 95 * QUARTER, 1, now=now)

        found = only(meter, "sum_check")
        assert (found.start, found.end) == (day, day + DAY)
        assert found.value == pytest.approx(90 - (84 * 0.2 + 12 * 0.6), abs=0.01)

    def test_is_content_with_one_that_fits(self, meter, day, now) -> None:
        register(meter, day, 100.0)
        register(meter, day + DAY, 124.0)

        validate(day + 95 * QUARTER, 1, now=now)

        assert not Finding.objects.exists()


class TestRules:
    def test_hold_from_the_next_step_on(self, meter, day, now) -> None:
        say(meter, day, 5 * KWH)
        ValidationRule.objects.filter(kind="spike").update(is_on=False)
        validate(day, 1, now=now)
        before = Finding.objects.count()

        ValidationRule.objects.filter(kind="spike").update(is_on=True, parameters={"times": 2})
        validate(day, 1, now=now)

        assert (before, only(meter, "spike").limit) == (0, pytest.approx(1.2, abs=0.21))


class TestStep:
    def test_keeps_what_was_before_and_takes_its_marks_away(self, meter, day, now) -> None:
        say(meter, day, 5 * KWH)

        validate(day, 1, now=now)

        before = WindowRevision.objects.get(meter=meter, start=day)
        assert (before.energy_mwh, before.quality) == (5 * KWH, Quality.ACTUAL)
        assert not ValidationMark.objects.exists()
        assert IntervalEdit.objects.count() == 1

    def test_leaves_meters_for_the_next_when_it_takes_too_long(
        self, meter, day, now, small_grid, monkeypatch
    ) -> None:
        monkeypatch.setattr(gaps, "LOOK_FOR_S", 0)
        other = small_grid.north_meters[1]
        fill(other, day - DAY, 96 * 2)
        for each in (meter, other):
            lose(each, day, 2)
        validating.mark(Period(day, day + 2 * QUARTER))

        steps = [validating.validate(now=now) for _ in range(2)]

        assert [step.filled for step in steps] == [2, 2]
        assert not ValidationMark.objects.exists()
        assert {at(each, day).quality for each in (meter, other)} == {Quality.ESTIMATED}
