"""The task that validates: known outages and holidays come from where they are known."""

from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.models import Interruption
from meters.models import QUARTERS, Finding, QuarterWindow
from meters.services import validating
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.periods import DAY, QUARTER, Period, floor
from tariffs.models import RatePlan
from tests.worlds import SmallGrid
from workers.tasks import validation

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

pytestmark = pytest.mark.django_db


class TestValidateIntervals:
    def test_estimates_nothing_in_a_known_outage(self, small_grid: SmallGrid) -> None:
        meter = small_grid.north_meters[0]
        start = floor(datetime.now(UTC), DAY) - 2 * DAY
        partitions.ensure(QUARTERS, {start.date()})
        QuarterWindow.objects.bulk_create(
            QuarterWindow(
                meter=meter, start=start + place * QUARTER, mean_mw=4000, min_mw=4000,
                max_mw=4000, energy_mwh=1000 + place, estimated_mwh=0, revised_at=start, count=90,
                expected=90, quality=Quality.ACTUAL,
            )
            for place in (0, 1, 5, 8)
        )  # fmt: skip
        Interruption.objects.create(
            meter=meter,
            service_point=meter.installations.get().service_point,
            region=small_grid.north,
            started_at=start + 6 * QUARTER + timedelta(minutes=1),
            ended_at=start + 8 * QUARTER - timedelta(minutes=1),
        )
        validating.mark(Period(start, start + 9 * QUARTER))

        validation.validate_intervals()

        found = Finding.objects.filter(meter=meter, rule="gap").order_by("start")
        assert list(found.values_list("state", flat=True)) == ["estimated", "suspended"]


class TestHolidays:
    def test_are_those_of_any_plan(self) -> None:
        RatePlan.objects.create(
            code="TOU",
            name="Day and night",
            definition={
                "energy": {
                    "kind": "time_of_use",
                    "rates": {"day": "0.3"},
                    "seasons": {"01-01": [{"on": WEEK, "from": {"00:00": "day"}}]},
                    "holidays": ["2026-12-25"],
                }
            },
        )

        assert validation._holidays() == frozenset({date(2026, 12, 25)})
