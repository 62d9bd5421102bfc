"""One set of readings ends in the same windows, quality and totals, however it arrives.

Readings are shuffled, split, sent again and late; windows are closed and judged in between, so
that gaps are filled which late readings then heal. What a region's load is taken to be for meters
that are silent is not compared: it is guessed once, when the window is closed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis import strategies as st

from grid.models import RegionMinute, RegionQuarter
from meters.models import (
    MINUTES,
    QUARTERS,
    READINGS,
    Finding,
    Meter,
    MinuteWindow,
    QuarterWindow,
    Reading,
    WindowClock,
)
from meters.services import storing, validating, windows
from segs_site.lib import partitions
from segs_site.lib.periods import MINUTE, QUARTER, floor
from tests.meters import readings
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

LENGTH = 3 * QUARTER
EVERY_S, IN_A_QUARTER, A_METER = 60, 15, 45
Said = tuple[int, int | None] | None  # W, and Wh where they are said; None: it never came


@dataclass(frozen=True)
class Arrival:
    """How readings come: in which order, cut where, which ones again, how far time is by then."""

    order: Sequence[int]
    cuts: frozenset[int]
    again: frozenset[int]
    minutes: Sequence[int]

    def parts(self, rows: Sequence[readings.Row]) -> Iterator[tuple[list[readings.Row], int]]:
        """Cut the readings into what comes at once, and how many minutes go by after it."""
        part: list[readings.Row] = []
        for place, which in enumerate(self.order):
            part.append(rows[which])
            if which in self.again:
                part.append(rows[which])
            if place in self.cuts:
                yield part, self.minutes[place]
                part = [rows[which]] if which in self.again else []
        yield part, self.minutes[-1]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Said], Arrival]:
    """Draw what three meters say, each minute, and how it comes; some say nothing for a while."""
    size = 3 * A_METER
    said = st.tuples(st.integers(0, 9_000), st.one_of(st.none(), st.integers(0, 150)))
    values: list[Said] = list(draw(st.lists(said, min_size=size, max_size=size)))
    quarters = st.integers(0, size // IN_A_QUARTER - 1)
    for quarter in draw(st.frozensets(quarters, max_size=4)):
        first = quarter * IN_A_QUARTER
        values[first : first + IN_A_QUARTER] = [None] * IN_A_QUARTER
    for place in draw(st.frozensets(st.integers(0, size - 1), max_size=8)):
        values[place] = None
    places = st.frozensets(st.integers(0, size - 1), max_size=5)
    came = sum(value is not None for value in values)
    arrival = Arrival(
        order=draw(st.permutations(range(came))),
        cuts=draw(places),
        again=draw(places),
        minutes=draw(st.lists(st.sampled_from([0, 1, 20]), min_size=size, max_size=size)),
    )
    return values, arrival


@pytest.fixture
def hour(db: None, now: datetime) -> datetime:
    """A whole hour, some time ago; minutes before it are closed."""
    start = floor(now, timedelta(hours=1)) - timedelta(hours=3)
    for table in (READINGS, MINUTES, QUARTERS):
        partitions.ensure(table, {start.date(), (start + LENGTH).date()})
    WindowClock.objects.update(closed_until=start)
    return start


@pytest.fixture
def meters(small_grid: SmallGrid, hour: datetime) -> list[Meter]:
    """Three meters of one region that send every minute."""
    Meter.objects.update(reading_interval_s=EVERY_S)
    return [Meter.objects.get(pk=meter.pk) for meter in small_grid.north_meters]


def rows_of(values: Sequence[Said], meters: Sequence[Meter], hour: datetime) -> list[readings.Row]:
    step = timedelta(seconds=EVERY_S)
    return [
        (
            meters[place // A_METER],
            hour + step * (place % A_METER + 1),
            said[0] / 1e3,
            None if said[1] is None else said[1] / 1e3,
        )
        for place, said in enumerate(values)
        if said is not None
    ]


def take(rows: Sequence[readings.Row], *, now: datetime) -> None:
    """Store readings as the stream worker does, shard by shard; all of them arrive now."""
    for shard in sorted({meter.shard for meter, *_ in rows}):
        of_shard = [row for row in rows if row[0].shard == shard]
        merged = storing.merge([readings.table(of_shard, received=now)])
        watermarks = storing.read_watermarks(shard=shard)
        storing.store(shard=shard, merged=merged, watermarks=watermarks, now=now)


def close(until: datetime, *, now: datetime) -> None:
    """Close everything due before `until`, and judge it."""
    while windows.close(consumed_until=until + windows.GRACE, now=now) != windows.NOTHING:
        pass
    while validating.validate(now=now) != validating.NOTHING:
        pass


def outcome() -> dict[str, list[Any]]:
    """Return what stands in the end: every window, what is open about it, and the totals."""
    window = ("meter", "start", "mean_mw", "min_mw", "max_mw", "energy_mwh", "estimated_mwh",
              "export_mwh", "count", "expected", "quality")  # fmt: skip
    load = ("region", "start", "measured", "mean_mw", "min_mw", "max_mw", "energy_mwh",
            "meters_reporting", "meters_expected", "load_known")  # fmt: skip
    measured = Coalesce("load_mw", 0) - F("estimated_mw")  # what is guessed of the silent is not
    kept: dict[str, QuerySet[Any, Any]] = {
        "minutes": MinuteWindow.objects.values_list(*window),
        "quarters": QuarterWindow.objects.values_list(*window, "edit__method", "edit__rule"),
        "region minutes": RegionMinute.objects.annotate(measured=measured).values_list(*load),
        "region quarters": RegionQuarter.objects.annotate(measured=measured).values_list(*load),
        "findings": Finding.objects.exclude(state="healed").values_list(
            "meter", "rule", "start", "end", "state", "value"
        ),
        "kWh by quality": QuarterWindow.objects.values("quality")
        .order_by("quality")
        .values_list("quality", Sum("energy_mwh"), Sum("estimated_mwh")),
        "readings": Reading.objects.values_list("meter", "ts", "power_mw", "energy_mwh"),
    }
    return {name: sorted(rows, key=repr) for name, rows in kept.items()}


class TestArrival:
    @how(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(delivered=deliveries())
    def test_of_one_set_of_readings_changes_nothing_in_the_end(
        self,
        meters: list[Meter],
        hour: datetime,
        now: datetime,
        delivered: tuple[list[Said], Arrival],
    ) -> None:
        values, arrival = delivered
        rows = rows_of(values, meters, hour)

        start = transaction.savepoint()
        take(rows, now=now)
        close(hour + LENGTH, now=now)
        in_order = outcome()
        transaction.savepoint_rollback(start)

        start, at = transaction.savepoint(), hour
        for part, minutes in arrival.parts(rows):
            take(part, now=now)
            at += minutes * MINUTE
            close(min(at, hour + LENGTH), now=now)
        close(hour + LENGTH, now=now)
        at_last = outcome()
        transaction.savepoint_rollback(start)

        assert at_last == in_order
