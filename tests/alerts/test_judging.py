"""Closed windows with the real database: each judged once, in order, when it closed in time."""

from datetime import datetime, timedelta

import pytest

from alerts.choices import Severity, State
from alerts.conditions.kinds import Kind
from alerts.models import Alert, AlertRule, TimeOfDay
from alerts.services import noticing
from alerts.services.judging import Judge
from grid.models import Region, RegionMinute
from meters.choices import Quarantine
from meters.models import (
    MINUTES,
    QUARTERS,
    Meter,
    MinuteWindow,
    QuarantinedReading,
    QuarterWindow,
    WindowClock,
)
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.periods import MINUTE, QUARTER
from tariffs.models import LoadUnknown
from tests.worlds import SmallGrid

KW = 1_000_000

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rules(transactional_db: None) -> None:
    """The rules that tests lean on, shorter than usual."""
    AlertRule.objects.all().delete()
    AlertRule.objects.create(
        kind=Kind.OVERLOAD, severity=3, threshold=90, deadband=5, on_delay_s=180, off_delay_s=120
    )
    AlertRule.objects.create(kind=Kind.FROZEN, severity=1, threshold=5)
    AlertRule.objects.create(
        kind=Kind.VOLTAGE, severity=2, threshold=10, deadband=1, on_delay_s=120, off_delay_s=60
    )


class Hours:
    """Closes minute after minute."""

    def __init__(self, grid: SmallGrid, start: datetime) -> None:
        self.grid, self.minute = grid, start
        self.judge = Judge()
        partitions.ensure(MINUTES, {start.date(), (start + timedelta(days=1)).date()})
        partitions.ensure(QUARTERS, {start.date()})
        WindowClock.objects.update(closed_until=start)
        self.judge.judge_due(now=start)

    def close(self, *, load_pct: float | None = 50, **about: float) -> int:
        """Close a minute of the north, loaded so, in which its meters drew and measured so."""
        load(self.grid.north, self.minute, load_pct)
        for place, meter in enumerate(self.grid.north_meters):
            window(meter, self.minute, place=place, **about)
        self.minute += MINUTE
        WindowClock.objects.update(closed_until=self.minute)
        return self.judge.judge_due(now=self.minute)


def load(region: Region, start: datetime, load_pct: float | None) -> None:
    RegionMinute.objects.create(
        region=region,
        start=start,
        load_mw=None if load_pct is None else round(load_pct * KW),
        capacity_mw=100 * KW,
        meters_reporting=3,
        meters_expected=3,
        load_known=load_pct is not None,
        revised_at=start,
    )


def window(
    meter: Meter, start: datetime, *, place: int, kw: float = 0, spread_kw: float = 0.01,
    volts: float = 230,
) -> None:  # fmt: skip
    mean = round((kw or 0.5 + 0.01 * (start.minute % 7) + 0.1 * place) * KW)
    MinuteWindow.objects.create(
        meter=meter,
        start=start,
        mean_mw=mean,
        min_mw=mean - round(spread_kw * KW),
        max_mw=mean + round(spread_kw * KW),
        energy_mwh=mean // 60,
        estimated_mwh=0,
        revised_at=start,
        mean_mv=round(volts * 1000),
        count=6,
        expected=6,
        quality=Quality.ACTUAL,
    )


@pytest.fixture
def hours(small_grid: SmallGrid, rules: None, now: datetime) -> Hours:
    """The north of the small grid, from noon."""
    return Hours(small_grid, now.replace(hour=12, minute=0, second=0))


class TestOverload:
    def test_takes_three_closed_minutes(self, hours: Hours) -> None:
        hours.close(load_pct=95)
        hours.close(load_pct=95)
        assert not Alert.objects.exists()

        hours.close(load_pct=96)

        alert = Alert.objects.get()
        assert (alert.kind, alert.region) == (Kind.OVERLOAD, hours.grid.north)
        assert (alert.value, alert.limit) == (96, 90)
        assert alert.severity == Severity.HIGH

    def test_counts_every_further_minute_on_the_same_alert(self, hours: Hours) -> None:
        for _ in range(6):
            hours.close(load_pct=95)

        assert Alert.objects.get().occurrences == 4

    def test_is_critical_beyond_the_capacity(self, hours: Hours) -> None:
        for _ in range(3):
            hours.close(load_pct=101)

        assert Alert.objects.get().severity == Severity.CRITICAL

    def test_is_neither_made_nor_cleared_by_a_load_that_is_not_known(self, hours: Hours) -> None:
        for load_pct in (95, 95, None, 95, 95):
            hours.close(load_pct=load_pct)
        assert not Alert.objects.exists()

        for load_pct in (95, None, None, None):
            hours.close(load_pct=load_pct)

        assert Alert.objects.get().state == State.ACTIVE

    def test_ends_below_the_deadband_for_long_enough(self, hours: Hours) -> None:
        for load_pct in (95, 95, 95, 86, 86, 86):
            hours.close(load_pct=load_pct)
        assert Alert.objects.get().state == State.ACTIVE

        for load_pct in (84, 84):
            hours.close(load_pct=load_pct)

        assert Alert.objects.get().state == State.CLEARED

    def test_is_raised_anew_by_the_next_minute_after_a_resolve(self, hours: Hours) -> None:
        for _ in range(3):
            hours.close(load_pct=95)
        first = Alert.objects.get()
        Alert.objects.filter(pk=first.pk).update(
            state=State.RESOLVED, resolved_at=hours.minute, resolved_by="olga@utility.example"
        )

        hours.close(load_pct=95)

        assert Alert.objects.open().get().is_quiet


class TestAMeter:
    def test_that_repeats_one_value_is_frozen(self, hours: Hours) -> None:
        for _ in range(12):
            hours.close()
        for _ in range(5):
            hours.close(kw=0.777, spread_kw=0)

        assert {alert.kind for alert in Alert.objects.all()} == {Kind.FROZEN}

    def test_outside_its_voltage_is_told_after_two_minutes(self, hours: Hours) -> None:
        hours.close(volts=230)
        meter = hours.grid.north_meters[0]
        for _ in range(2):
            start = hours.minute
            load(hours.grid.north, start, 50)
            for place, one in enumerate(hours.grid.north_meters):
                window(one, start, place=place, volts=200 if one == meter else 231)
            hours.minute += MINUTE
            WindowClock.objects.update(closed_until=hours.minute)
            hours.judge.judge_due(now=hours.minute)

        alert = Alert.objects.get()
        assert (alert.kind, alert.meter) == (Kind.VOLTAGE, meter)
        assert alert.value == 200
        assert alert.limit == pytest.approx(207)


class TestJudging:
    def test_judges_a_minute_once(self, hours: Hours) -> None:
        assert hours.close() == 1 + 1  # the north and the south
        assert hours.judge.judge_due(now=hours.minute) == 0

    def test_judges_nothing_that_came_late(self, hours: Hours) -> None:
        for _ in range(3):
            hours.close()

        RegionMinute.objects.update(load_mw=99 * KW)
        hours.judge.judge_due(now=hours.minute)

        assert not Alert.objects.exists()

    def test_goes_on_after_a_restart(self, hours: Hours) -> None:
        hours.close(load_pct=95)
        hours.close(load_pct=95)
        hours.judge = Judge()

        hours.close(load_pct=95)

        assert Alert.objects.get().kind == Kind.OVERLOAD

    def test_leaves_out_what_closed_long_ago(self, hours: Hours) -> None:
        hours.minute += timedelta(hours=3)

        assert hours.close() == 2 * 15

    def test_learns_what_meters_usually_draw_at_a_time_of_day(self, hours: Hours) -> None:
        for meter in hours.grid.north_meters:
            QuarterWindow.objects.create(
                meter=meter, start=hours.minute, mean_mw=KW, min_mw=KW, max_mw=KW,
                energy_mwh=KW // 4, estimated_mwh=0, revised_at=hours.minute, count=90,
                expected=90, quality=Quality.ACTUAL,
            )  # fmt: skip
        for _ in range(QUARTER // MINUTE):
            hours.close()

        assert TimeOfDay.objects.get(region=hours.grid.north).slot == 48


class TestRowsThatSayIt:
    def test_tell_of_a_load_that_stays_unknown(self, small_grid: SmallGrid, now: datetime) -> None:
        unknown = LoadUnknown.objects.create(
            region=small_grid.north, since=now - timedelta(minutes=6)
        )
        noticing.notice(now=now)
        noticing.notice(now=now)
        alert = Alert.objects.get()
        assert (alert.kind, alert.region, alert.occurrences) == (
            Kind.LOAD_UNKNOWN, small_grid.north, 1,
        )  # fmt: skip

        LoadUnknown.objects.filter(pk=unknown.pk).update(until=now)
        noticing.notice(now=now)

        assert Alert.objects.get().state == State.CLEARED

    def test_tell_of_readings_that_contradict_others(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        noticing.notice(now=now)
        for place in range(3):
            QuarantinedReading.objects.create(
                serial=small_grid.north_meters[0].serial, ts=now, reason=Quarantine.CONFLICT,
                raw="{}", received_at=now + timedelta(seconds=1), origin=f"{place}",
            )  # fmt: skip

        noticing.notice(now=now + timedelta(seconds=2))

        alert = Alert.objects.get()
        assert (alert.kind, alert.occurrences) == (Kind.CONFLICT, 3)


class TestHistory:
    def test_makes_a_spike_seen_on_the_first_day(self, hours: Hours) -> None:
        meter = hours.grid.north_meters[0]
        AlertRule.objects.create(kind=Kind.SPIKE, severity=1, threshold=100, deadband=8)
        history(meter, until=hours.minute)
        hours.close()
        hours.close()

        window(meter, hours.minute, place=0, kw=12)
        load(hours.grid.north, hours.minute, 50)
        hours.minute += MINUTE
        WindowClock.objects.update(closed_until=hours.minute)
        hours.judge.judge_due(now=hours.minute)

        alert = Alert.objects.get(kind=Kind.SPIKE)
        assert (alert.meter, alert.value) == (meter, 12)

    def test_is_not_needed_to_judge(self, hours: Hours) -> None:
        hours.close()
        hours.close(kw=12)

        assert not Alert.objects.exists()


def history(meter: Meter, *, until: datetime) -> None:
    """Store the quarter-hours of ten quiet days of half a kilowatt."""
    days = [(until - timedelta(days=back)).date() for back in range(11)]
    partitions.ensure(QUARTERS, days)
    QuarterWindow.objects.bulk_create(
        QuarterWindow(
            meter=meter,
            start=until - back * QUARTER,
            mean_mw=KW // 2,
            min_mw=KW // 4,
            max_mw=4 * KW,
            energy_mwh=KW // 8,
            estimated_mwh=0,
            revised_at=until,
            count=90,
            expected=90,
            quality=Quality.ACTUAL,
        )
        for back in range(1, 10 * 96 + 1)
    )
