"""Closing minutes: what is summed, when, and how late readings heal it."""

import random
import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from grid.models import RegionCapacity, RegionMinute, RegionQuarter
from meters.models import (
    QUARTERS,
    READINGS,
    Meter,
    MeterInstallation,
    MinuteWindow,
    QuarterWindow,
    Reading,
    WindowClock,
    WindowMark,
)
from meters.services import storing, windows
from segs_site.lib import partitions
from segs_site.lib.models import OutboxEvent
from segs_site.lib.periods import MINUTE, QUARTER, floor
from tests import worlds
from tests.meters import readings
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db(transaction=True)

KW = 1_000_000
KWH = 1_000_000


@pytest.fixture
def hour(transactional_db: None, now: datetime) -> datetime:
    """A whole hour, some time ago; minutes before it are closed."""
    start = floor(now, timedelta(hours=1)) - timedelta(hours=2)
    WindowClock.objects.update(closed_until=start)
    return start


@pytest.fixture
def meter(small_grid: SmallGrid) -> Meter:
    return small_grid.north_meters[0]


def take(rows: list[readings.Row], *, now: datetime) -> None:
    """Store readings as the stream worker does, shard by shard."""
    for shard in sorted({meter.shard for meter, *_ in rows}):
        merged = storing.merge([readings.table([r for r in rows if r[0].shard == shard])])
        storing.ensure_partitions(readings=merged.readings, known=set())
        with transaction.atomic():
            storing.store(
                shard=shard,
                merged=merged,
                watermarks=storing.read_watermarks(shard=shard),
                now=now,
            )


def close(until: datetime, *, now: datetime) -> windows.Step:
    """Close everything due before `until`, in as many steps as it takes."""
    closed = revised = 0
    while True:
        step = windows.close(consumed_until=until + windows.GRACE, now=now)
        if step == windows.NOTHING:
            return windows.Step(closed, revised)
        closed, revised = closed + step.closed, revised + step.revised


def minute(meter: Meter, start: datetime) -> MinuteWindow:
    return MinuteWindow.objects.get(meter=meter, start=start)


class TestMinute:
    def test_sums_the_reported_energy_of_a_whole_minute(self, meter, hour, now):
        take(readings.every(meter, hour, seconds=10, count=6, kw=3.6, kwh=0.01), now=now)

        close(hour + MINUTE, now=now)

        window = minute(meter, hour)
        assert (window.count, window.expected) == (6, 6)
        assert (window.mean_mw, window.min_mw, window.max_mw) == (3_600_000,) * 3
        assert (window.energy_mwh, window.estimated_mwh) == (60_000, 0)
        assert window.get_quality_display() == "actual"
        assert window.region.code == "North"

    def test_takes_power_times_time_where_no_energy_is_reported(self, meter, hour, now):
        take(readings.every(meter, hour, seconds=10, count=6, kw=3.6), now=now)

        close(hour + MINUTE, now=now)

        window = minute(meter, hour)
        assert window.energy_mwh == 3_600_000 * 60 // 3600
        assert window.get_quality_display() == "calculated"

    def test_counts_no_more_than_a_minute_where_more_came_than_was_due(self, meter, hour, now):
        take(readings.every(meter, hour, seconds=5, count=12, kw=3.6), now=now)

        close(hour + MINUTE, now=now)

        window = minute(meter, hour)
        assert (window.count, window.expected) == (12, 6)
        assert (window.energy_mwh, window.estimated_mwh) == (3_600_000 * 60 // 3600, 0)

    def test_estimates_the_missing_part_and_says_so(self, meter, hour, now):
        take(readings.every(meter, hour, seconds=10, count=4, kw=3.6, kwh=0.01), now=now)

        close(hour + MINUTE, now=now)

        window = minute(meter, hour)
        assert (window.count, window.expected) == (4, 6)
        assert (window.energy_mwh, window.estimated_mwh) == (60_000, 20_000)
        assert window.get_quality_display() == "estimated"

    def test_has_no_row_for_a_meter_that_said_nothing(self, meter, hour, now):
        close(hour + MINUTE, now=now)

        assert not MinuteWindow.objects.exists()

    def test_is_not_closed_before_every_shard_has_passed_its_end_and_the_grace(
        self, meter, hour, now
    ):
        take(readings.every(meter, hour, seconds=10, count=6, kw=1), now=now)

        early = windows.close(
            consumed_until=hour + MINUTE + windows.GRACE - timedelta(microseconds=1), now=now
        )
        in_time = windows.close(consumed_until=hour + MINUTE + windows.GRACE, now=now)

        assert (early.closed, in_time.closed) == (0, 1)

    def test_a_region_has_a_row_even_when_no_reading_came(self, small_grid, hour, now):
        close(hour + 3 * MINUTE, now=now)

        rows = RegionMinute.objects.filter(region=small_grid.north).order_by("start")
        assert [row.start for row in rows] == [hour, hour + MINUTE, hour + 2 * MINUTE]
        assert {
            (r.meters_reporting, r.meters_expected, r.load_mw, r.load_known) for r in rows
        } == {(0, 3, None, False)}


class TestRegion:
    def test_load_is_the_sum_of_the_meters_means(self, small_grid, hour, now):
        for kw, meter in zip((1, 2, 6), small_grid.north_meters, strict=True):
            take(readings.every(meter, hour, seconds=10, count=6, kw=kw), now=now)

        close(hour + MINUTE, now=now)

        row = RegionMinute.objects.get(region=small_grid.north, start=hour)
        assert (row.load_mw, row.estimated_mw) == (9 * KW, 0)
        assert (row.mean_mw, row.min_mw, row.max_mw) == (3 * KW, 1 * KW, 6 * KW)
        assert (row.meters_reporting, row.meters_expected) == (3, 3)
        assert row.load_known
        assert row.capacity_mw == 100 * KW

    def test_a_silent_meter_is_taken_to_draw_its_last_quarter_hours_mean(
        self, small_grid, hour, now
    ):
        for meter in small_grid.north_meters:
            take(readings.every(meter, hour, seconds=10, count=90, kw=2), now=now)
        for meter in small_grid.north_meters[:2]:
            take(readings.every(meter, hour + QUARTER, seconds=10, count=6, kw=3), now=now)

        close(hour + QUARTER + MINUTE, now=now)

        row = RegionMinute.objects.get(region=small_grid.north, start=hour + QUARTER)
        assert (row.load_mw, row.estimated_mw) == (8 * KW, 2 * KW)
        assert (row.meters_reporting, row.meters_expected) == (2, 3)
        assert not row.load_known

    def test_a_minute_goes_by_the_capacity_in_force_then(self, small_grid, hour, now):
        RegionCapacity.objects.create(
            region=small_grid.north, capacity_kw=80, effective_from=hour + MINUTE
        )

        close(hour + 2 * MINUTE, now=now)

        rows = RegionMinute.objects.filter(region=small_grid.north).order_by("start")
        assert [row.capacity_mw for row in rows] == [100 * KW, 80 * KW]

    def test_a_meter_counts_where_it_hung_then(self, small_grid, meter, hour, now):
        installation = MeterInstallation.objects.get(meter=meter)
        installation.during = (installation.during.lower, hour + MINUTE)
        installation.save()
        moved_to = MeterInstallation.objects.get(meter=small_grid.south_meters[0]).service_point
        MeterInstallation.objects.filter(service_point=moved_to).delete()
        MeterInstallation.objects.create(
            meter=meter, service_point=moved_to, during=(hour + MINUTE, None)
        )
        take(readings.every(meter, hour, seconds=10, count=12, kw=5), now=now)

        close(hour + 2 * MINUTE, now=now)

        codes = MinuteWindow.objects.order_by("start").values_list("region__code", flat=True)
        assert list(codes) == ["North", "South"]

    def test_a_slow_meter_is_estimated_in_a_minute_and_counted_in_its_quarter_hour(
        self, small_grid, hour, now
    ):
        slow = worlds.meter(
            "MTR-SLOW", region=small_grid.south, since=hour - timedelta(days=1), interval_s=900
        )
        take([(slow, hour + QUARTER, 4, 1.0)], now=now)

        close(hour + 2 * QUARTER, now=now)

        quarter = QuarterWindow.objects.get(meter=slow, start=hour)
        assert (quarter.energy_mwh, quarter.estimated_mwh) == (1 * KWH, 0)
        assert (quarter.count, quarter.expected) == (1, 1)
        after = RegionMinute.objects.get(region=small_grid.south, start=hour + QUARTER)
        assert (after.estimated_mw, after.meters_expected) == (4 * KW, 3)

    def test_is_announced_once_it_is_closed(self, small_grid, now):
        start = floor(now, MINUTE) - 5 * MINUTE
        WindowClock.objects.update(closed_until=start)

        close(start + MINUTE, now=now)

        assert sorted(e.data["region"] for e in OutboxEvent.objects.filter(type="load")) == [
            "North",
            "South",
        ]


class TestQuarter:
    def test_sums_its_fifteen_minutes(self, meter, hour, now):
        take(readings.every(meter, hour, seconds=10, count=90, kw=3.6, kwh=0.01), now=now)

        close(hour + QUARTER, now=now)

        quarter = QuarterWindow.objects.get(meter=meter, start=hour)
        assert (quarter.energy_mwh, quarter.estimated_mwh) == (900_000, 0)
        assert (quarter.count, quarter.expected) == (90, 90)
        assert quarter.get_quality_display() == "actual"
        row = RegionQuarter.objects.get(region__code="North", start=hour)
        assert row.energy_mwh == 900_000

    def test_estimates_minutes_without_a_reading_and_never_counts_them_as_nothing(
        self, meter, hour, now
    ):
        take(readings.every(meter, hour, seconds=10, count=30, kw=3.6, kwh=0.01), now=now)

        close(hour + QUARTER, now=now)

        quarter = QuarterWindow.objects.get(meter=meter, start=hour)
        assert (quarter.energy_mwh, quarter.estimated_mwh) == (900_000, 600_000)
        assert quarter.get_quality_display() == "estimated"


class TestLateReadings:
    def test_reopen_exactly_the_windows_they_touch(self, small_grid, hour, now):
        meter, neighbour = small_grid.north_meters[:2]
        for each in (meter, neighbour):
            take(readings.every(each, hour, seconds=10, count=90, kw=2, kwh=0.005), now=now)
        close(hour + 2 * QUARTER, now=now)
        before = set(MinuteWindow.objects.values_list("meter", "start", "revised_at"))
        later = now + timedelta(seconds=30)

        late = hour + 3 * MINUTE + timedelta(seconds=15)
        take([(meter, late, 8, 0.04)], now=later)
        close(hour + 2 * QUARTER, now=later)

        after = set(MinuteWindow.objects.values_list("meter", "start", "revised_at"))
        assert after - before == {(meter.pk, hour + 3 * MINUTE, later)}
        assert minute(meter, hour + 3 * MINUTE).energy_mwh == 30_000 + 40_000
        quarter = QuarterWindow.objects.get(meter=meter, start=hour)
        assert (quarter.energy_mwh, quarter.revised_at) == (450_000 + 40_000, later)
        untouched = QuarterWindow.objects.get(meter=neighbour, start=hour)
        assert untouched.revised_at == now
        region = RegionMinute.objects.get(region=small_grid.north, start=hour + 3 * MINUTE)
        assert region.revised_at == later
        assert RegionQuarter.objects.get(region=small_grid.north, start=hour).revised_at == later

    def test_of_many_meters_in_one_minute_mark_the_shard(self, meter, hour, now, monkeypatch):
        monkeypatch.setattr(storing, "MANY_METERS", 0)
        close(hour + QUARTER, now=now)

        take([(meter, hour + timedelta(seconds=5), 1, None)], now=now)

        assert WindowMark.objects.get().meter_id is None
        close(hour + QUARTER, now=now)
        assert minute(meter, hour).count == 1

    def test_below_the_watermark_are_marked_too(self, meter, hour, now):
        take([(meter, hour + 10 * MINUTE, 1, None)], now=now)
        close(hour + QUARTER, now=now)

        take([(meter, hour + timedelta(seconds=5), 1, None)], now=now)
        close(hour + QUARTER, now=now)

        assert minute(meter, hour).count == 1

    def test_of_a_day_whose_raw_rows_are_partly_gone_leave_the_window_alone(
        self, meter, hour, now, settings
    ):
        take(readings.every(meter, hour, seconds=10, count=6, kw=1, kwh=0.01), now=now)
        close(hour + MINUTE, now=now)
        Reading.objects.all().delete()
        future = now + timedelta(days=settings.SEGS_RAW_RETENTION_DAYS + 1)

        take([(meter, hour + timedelta(seconds=7), 9, 9.0)], now=now)
        close(hour + MINUTE, now=future)

        assert minute(meter, hour).energy_mwh == 60_000
        assert not WindowMark.objects.exists()


class TestMarks:
    def test_of_a_transaction_still_open_during_a_close_are_found_by_the_next(
        self, meter, hour, now
    ):
        stored, closed = threading.Event(), threading.Event()
        rows = readings.every(meter, hour, seconds=10, count=6, kw=1)
        merged = storing.merge([readings.table(rows)])
        storing.ensure_partitions(readings=merged.readings, known=set())

        def store_slowly() -> None:
            with transaction.atomic():
                storing.store(
                    shard=meter.shard,
                    merged=merged,
                    watermarks=storing.Watermarks({}),
                    now=now,
                )
                stored.set()
                closed.wait(20)
            connection.close()

        slow = threading.Thread(target=store_slowly)
        slow.start()
        stored.wait(20)
        # Another of the shard's meters marks the same minute meanwhile, and is closed.
        WindowMark.objects.create(shard=meter.shard, meter_id=None, minute=hour)
        close(hour + MINUTE, now=now)
        assert not MinuteWindow.objects.exists()
        closed.set()
        slow.join()
        close(hour + MINUTE, now=now)

        assert minute(meter, hour).count == 6
        assert not WindowMark.objects.exists()

    def test_wait_for_their_minute_when_a_meters_clock_runs_ahead(self, meter, hour, now):
        take([(meter, hour + 2 * MINUTE + timedelta(seconds=1), 1, None)], now=now)

        close(hour + 2 * MINUTE, now=now)
        assert WindowMark.objects.count() == 1
        close(hour + 3 * MINUTE, now=now)

        assert minute(meter, hour + 2 * MINUTE).count == 1
        assert not WindowMark.objects.exists()


class TestClosers:
    def test_work_one_at_a_time(self, meter, hour, now):
        entered, leave = threading.Event(), threading.Event()

        def hold_the_lock() -> None:
            with transaction.atomic():
                assert windows._have_lock()
                entered.set()
                leave.wait(20)
            connection.close()

        other = threading.Thread(target=hold_the_lock)
        other.start()
        entered.wait(20)
        step = windows.close(consumed_until=hour + MINUTE + windows.GRACE, now=now)
        leave.set()
        other.join()

        assert step == windows.NOTHING
        assert close(hour + MINUTE, now=now).closed == 1

    def test_catch_up_after_a_long_time_away(self, small_grid, hour, now):
        done = close(hour + 100 * MINUTE, now=now)

        assert done.closed == 100
        assert RegionMinute.objects.filter(region=small_grid.north).count() == 100
        assert RegionQuarter.objects.filter(region=small_grid.north).count() == 6


class TestOrder:
    """Any shuffling, splitting, repetition and delay of one set of readings ends the same."""

    def outcome(self) -> tuple[list, list, list, list]:
        fields = ("start", "mean_mw", "energy_mwh", "estimated_mwh", "count", "quality")
        loads = ("region", "start", "load_mw", "mean_mw", "energy_mwh", "meters_reporting")
        return (
            sorted(MinuteWindow.objects.values_list("meter", *fields)),
            sorted(QuarterWindow.objects.values_list("meter", *fields)),
            sorted(RegionMinute.objects.exclude(load_mw=None).values_list(*loads)),
            sorted(RegionQuarter.objects.exclude(load_mw=None).values_list(*loads)),
        )

    def start_over(self, hour: datetime) -> None:
        for model in (Reading, MinuteWindow, QuarterWindow, RegionMinute, RegionQuarter):
            model.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE meters_latestreading, meters_windowmark")
        WindowClock.objects.update(closed_until=hour)

    @pytest.mark.parametrize("seed", range(6))
    def test_of_the_same_rows_changes_no_sum(self, small_grid, hour, now, seed):
        dice = random.Random(seed)
        meters = small_grid.north_meters + small_grid.south_meters
        rows = [
            (meter, stamp, dice.randrange(8_000_000) / 1e6, dice.choice([None, 0.003, 0.0047]))
            for meter in meters
            for _, stamp, *_ in readings.every(meter, hour, seconds=10, count=180, kw=0)
            if dice.random() > 0.05
        ]
        take(rows, now=now)
        close(hour + 2 * QUARTER, now=now)
        in_order = self.outcome()
        self.start_over(hour)

        dice.shuffle(rows)
        at = hour
        while rows:
            size = dice.randrange(1, 400)
            part, rows = rows[:size], rows[size:]
            take(part + dice.sample(part, len(part) // 5), now=now)
            at += dice.choice([0, 1, 5]) * MINUTE
            close(min(at, hour + 2 * QUARTER), now=now)
        close(hour + 2 * QUARTER, now=now)

        assert self.outcome() == in_order


class TestPartitions:
    def test_of_windows_are_made_for_late_minutes_of_any_day(self, meter, hour, now):
        long_ago = hour - timedelta(days=40)

        take([(meter, long_ago + timedelta(seconds=5), 1, None)], now=now)
        close(hour, now=now)

        assert minute(meter, long_ago).count == 1
        assert QUARTERS.partition(long_ago.date()) in partitions.existing(QUARTERS)
        assert READINGS.partition(long_ago.date()) in partitions.existing(READINGS)
