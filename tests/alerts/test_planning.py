"""Planned work: from its start to its end, what it explains is on nobody's desk."""

from datetime import datetime, timedelta

import pytest

from alerts.choices import Step
from alerts.conditions.kinds import Kind
from alerts.models import Alert, PlannedWork
from alerts.services import planning
from grid.models import Transformer
from segs_site.lib.models import OutboxEvent
from segs_site.lib.periods import Period
from tests.alerts.builders import raised, steps
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db
OLGA = "olga@utility.example"
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def plan(
    grid: SmallGrid, now: datetime, *, start: timedelta = HOUR, length: timedelta = HOUR
) -> PlannedWork:
    order = planning.Order(
        during=Period(now + start, now + start + length),
        reason="The transformer is changed.",
        transformer=Transformer.objects.get(code="T-North"),
    )
    return planning.plan(order=order, by=OLGA, now=now)


def on_desk(now: datetime) -> list[Alert]:
    return list(Alert.objects.on_desk(now=now))


class TestPlannedWork:
    def test_explains_what_is_raised_while_it_goes_on(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        work = plan(small_grid, now, start=-SECOND)

        dark = raised(small_grid.north_meters[0], at=now)
        elsewhere = raised(small_grid.south_meters[0], at=now)

        assert dark.planned_work == work
        assert on_desk(now) == [elsewhere]
        assert steps(dark) == [Step.RAISED, Step.SUPPRESSED]
        told = OutboxEvent.objects.filter(group="alerts", type="alert")
        assert [event.data["id"] for event in told] == [elsewhere.pk]

    @pytest.mark.parametrize("kind", [Kind.OVERLOAD, Kind.CONFLICT, Kind.CLOCK, Kind.SPIKE])
    def test_does_not_explain_other_kinds(
        self, small_grid: SmallGrid, now: datetime, kind: Kind
    ) -> None:
        plan(small_grid, now, start=-SECOND)

        assert not raised(small_grid.north_meters[0], kind, at=now).is_suppressed

    def test_begins_by_itself(self, small_grid: SmallGrid, now: datetime) -> None:
        work = plan(small_grid, now)
        alert = raised(small_grid.north_meters[0], at=now)
        planning.run_due(now=now + HOUR - SECOND)
        assert on_desk(now) == [alert]

        planning.run_due(now=now + HOUR)

        alert.refresh_from_db()
        assert alert.planned_work == work

    def test_ends_by_itself_and_lets_go(self, small_grid: SmallGrid, now: datetime) -> None:
        plan(small_grid, now, start=-SECOND)
        alert = raised(small_grid.north_meters[0], at=now)
        end = now - SECOND + HOUR

        planning.run_due(now=end - SECOND)
        assert on_desk(now) == []
        planning.run_due(now=end)
        planning.run_due(now=end)

        assert on_desk(now) == [alert]
        assert steps(alert) == [Step.RAISED, Step.SUPPRESSED, Step.UNSUPPRESSED]

    def test_explains_at_once_what_is_dark_already(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        alert = raised(small_grid.north_meters[0], at=now)

        work = plan(small_grid, now, start=timedelta(0))

        alert.refresh_from_db()
        assert alert.planned_work == work

    def test_of_a_whole_region_explains_whatever_lies_in_it(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        during = Period(now, now + HOUR)
        order = planning.Order(during=during, reason="Storm.", region=small_grid.north)
        planning.plan(order=order, by=OLGA, now=now)

        feeder = Transformer.objects.get(code="T-North").feeder
        assert raised(feeder, Kind.FEEDER_OUTAGE, at=now).is_suppressed
        assert raised(small_grid.north, Kind.REGION_OUTAGE, at=now).is_suppressed
        assert not raised(small_grid.south, Kind.REGION_OUTAGE, at=now).is_suppressed


class TestPlan:
    @pytest.mark.parametrize("reason", ["", " "])
    def test_needs_a_reason(self, small_grid: SmallGrid, now: datetime, reason: str) -> None:
        order = planning.Order(
            during=Period(now, now + HOUR), reason=reason, region=small_grid.north
        )

        with pytest.raises(planning.NoReason):
            planning.plan(order=order, by=OLGA, now=now)

    def test_is_refused_for_what_would_be_over(self, small_grid: SmallGrid, now: datetime) -> None:
        with pytest.raises(planning.NothingLeft):
            plan(small_grid, now, start=-HOUR)


class TestCancel:
    def test_lets_go_of_what_the_work_explained(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        work = plan(small_grid, now, start=-SECOND)
        alert = raised(small_grid.north_meters[0], at=now)

        planning.cancel(work=work, by=OLGA, now=now + SECOND)

        assert (work.cancelled_by, work.cancelled_at) == (OLGA, now + SECOND)
        assert on_desk(now) == [alert]

    def test_leaves_to_other_work_what_that_explains_too(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        work, other = plan(small_grid, now, start=-SECOND), plan(small_grid, now, start=-SECOND)
        alert = raised(small_grid.north_meters[0], at=now)

        planning.cancel(work=work, by=OLGA, now=now)

        alert.refresh_from_db()
        assert alert.planned_work == other

    def test_is_refused_once_it_is_done_or_over(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        work = plan(small_grid, now)
        planning.cancel(work=work, by=OLGA, now=now)

        with pytest.raises(planning.NotOpen):
            planning.cancel(work=work, by=OLGA, now=now)
        with pytest.raises(planning.NotOpen):
            planning.cancel(work=plan(small_grid, now), by=OLGA, now=now + 2 * HOUR)
