"""Raising: one open alert for one cause, however often and by however many it is found."""

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from alerts.choices import Severity, State, Step
from alerts.conditions import kinds
from alerts.conditions.kinds import Kind, Matter
from alerts.models import Alert, AlertEvent
from alerts.services import raising
from segs_site.lib.models import OutboxEvent
from tests import worlds
from tests.alerts.builders import raised, steps, subject, trigger
from tests.worlds import SmallGrid

SECOND = timedelta(seconds=1)


def matter(alert: Alert) -> Matter:
    return Matter(Kind(alert.kind), kinds.Subject.read(alert.subject))


@pytest.mark.django_db
class TestRaise:
    def test_opens_an_alert_with_what_an_operator_needs(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        meter = small_grid.north_meters[0]

        (alert,) = raising.raise_all(
            triggers=[trigger(meter, at=now, value=0.0, baseline=1.2, facts={"share": 1})], now=now
        )

        assert alert.state == State.ACTIVE
        assert alert.region == small_grid.north
        assert alert.transformer == meter.installations.get().service_point.transformer
        assert alert.feeder == alert.transformer.feeder
        assert (alert.meter, alert.customers) == (meter, 0)
        assert (alert.value, alert.baseline, alert.facts) == (0.0, 1.2, {"share": 1})
        assert alert.first_at == now - 30 * SECOND
        assert alert.message == "MTR-N0: no supply"
        assert steps(alert) == [Step.RAISED]

    def test_counts_a_repeat_on_the_open_alert(self, small_grid: SmallGrid, now: datetime) -> None:
        first = raised(small_grid.north_meters[0], at=now)

        news = raising.raise_all(
            triggers=[trigger(small_grid.north_meters[0], at=now + SECOND)] * 3, now=now + SECOND
        )

        first.refresh_from_db()
        assert news == []
        assert (first.occurrences, first.last_at) == (4, now + SECOND)
        assert first.first_at == now - 30 * SECOND
        assert steps(first) == [Step.RAISED]

    def test_keeps_the_worse_severity(self, small_grid: SmallGrid, now: datetime) -> None:
        meter = small_grid.north_meters[0]
        alert = raised(meter, at=now, severity=kinds.Severity.HIGH)

        raised(meter, at=now, severity=kinds.Severity.LOW)
        raised(meter, at=now, severity=kinds.Severity.CRITICAL)

        alert.refresh_from_db()
        assert alert.severity == Severity.CRITICAL
        assert steps(alert) == [Step.RAISED, Step.WORSENED]

    def test_lets_a_cleared_alert_return(self, small_grid: SmallGrid, now: datetime) -> None:
        alert = raised(small_grid.north_meters[0], at=now)
        raising.clear_all(matters=[matter(alert)], now=now + SECOND)

        news = raising.raise_all(
            triggers=[trigger(small_grid.north_meters[0], at=now, since=now + 9 * SECOND)],
            now=now + 10 * SECOND,
        )

        alert.refresh_from_db()
        assert news == [alert]
        assert (alert.state, alert.cleared_at) == (State.ACTIVE, None)
        assert alert.first_at == now + 9 * SECOND
        assert steps(alert) == [Step.RAISED, Step.CLEARED, Step.RETURNED]

    def test_lets_two_kinds_of_one_subject_stand(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        raised(small_grid.north_meters[0], Kind.OUTAGE, at=now)
        raised(small_grid.north_meters[0], Kind.VOLTAGE, at=now)

        assert Alert.objects.open().count() == 2

    def test_takes_thousands_in_a_few_statements(
        self, small_grid: SmallGrid, now: datetime, django_assert_max_num_queries
    ) -> None:
        meters = [
            worlds.meter(f"MTR-{n:04}", region=small_grid.north, since=now - timedelta(days=1))
            for n in range(300)
        ]

        with django_assert_max_num_queries(30):
            raising.raise_all(triggers=[trigger(each, at=now) for each in meters], now=now)

        assert Alert.objects.open().count() == 300


@pytest.mark.django_db
class TestQuiet:
    @pytest.mark.parametrize(
        ("after", "is_quiet"),
        [(timedelta(minutes=4, seconds=59), True), (timedelta(minutes=5), False)],
        ids=["soon after", "later"],
    )
    def test_marks_what_repeats_soon_after_a_resolve(
        self, small_grid: SmallGrid, now: datetime, after: timedelta, is_quiet: bool
    ) -> None:
        first = raised(small_grid.north_meters[0], at=now)
        Alert.objects.filter(pk=first.pk).update(state=State.RESOLVED, resolved_at=now)

        again = raised(small_grid.north_meters[0], at=now + after)

        assert again.pk != first.pk
        assert again.is_quiet is is_quiet

    def test_marks_no_other_kind(self, small_grid: SmallGrid, now: datetime) -> None:
        first = raised(small_grid.north_meters[0], Kind.OUTAGE, at=now)
        Alert.objects.filter(pk=first.pk).update(state=State.RESOLVED, resolved_at=now)

        assert not raised(small_grid.north_meters[0], Kind.SILENT, at=now + SECOND).is_quiet


@pytest.mark.django_db
class TestRefresh:
    def test_brings_facts_up_to_date_and_counts_nothing(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        alert = raised(small_grid.north, Kind.REGION_OUTAGE, at=now, value=1, baseline=3)

        raising.refresh_all(
            triggers=[
                trigger(
                    small_grid.north, Kind.REGION_OUTAGE, at=now, value=2, baseline=3,
                    severity=kinds.Severity.LOW,
                )
            ],
            now=now + SECOND,
        )  # fmt: skip

        alert.refresh_from_db()
        assert alert.message == "North: 2 of 3 meters without supply"
        assert (alert.occurrences, alert.severity) == (1, Severity.LOW)
        assert alert.last_at == now + SECOND
        assert steps(alert) == [Step.RAISED]

    def test_leaves_alone_what_is_not_open(self, small_grid: SmallGrid, now: datetime) -> None:
        raising.refresh_all(triggers=[trigger(small_grid.north_meters[0], at=now)], now=now)

        assert not Alert.objects.exists()

    def test_brings_nothing_back(self, small_grid: SmallGrid, now: datetime) -> None:
        alert = raised(small_grid.north_meters[0], at=now)
        raising.clear_all(matters=[matter(alert)], now=now)

        raising.refresh_all(triggers=[trigger(small_grid.north_meters[0], at=now)], now=now)

        alert.refresh_from_db()
        assert alert.state == State.CLEARED


@pytest.mark.django_db
class TestClear:
    def test_leaves_what_nobody_acknowledged_on_the_desk(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        alert = raised(small_grid.north_meters[0], at=now)

        assert raising.clear_all(matters=[matter(alert)], now=now + SECOND) == 1
        assert raising.clear_all(matters=[matter(alert)], now=now + 2 * SECOND) == 0

        alert.refresh_from_db()
        assert (alert.state, alert.cleared_at) == (State.CLEARED, now + SECOND)
        assert alert.resolved_at is None

    def test_resolves_what_was_acknowledged(self, small_grid: SmallGrid, now: datetime) -> None:
        alert = raised(small_grid.north_meters[0], at=now)
        Alert.objects.filter(pk=alert.pk).update(state=State.ACKNOWLEDGED)

        raising.clear_all(matters=[matter(alert)], now=now + SECOND)

        alert.refresh_from_db()
        assert (alert.state, alert.resolved_at) == (State.RESOLVED, now + SECOND)
        assert alert.resolved_by == ""

    def test_of_what_was_never_raised_does_nothing(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        unknown = Matter(Kind.OUTAGE, subject(small_grid.north_meters[0]))

        assert raising.clear_all(matters=[unknown], now=now) == 0


@pytest.mark.django_db
class TestChildren:
    def test_of_a_cause_are_told_to_nobody(self, small_grid: SmallGrid, now: datetime) -> None:
        node = small_grid.north
        children = [trigger(each, at=now, parent=node) for each in small_grid.north_meters]

        raising.raise_all(triggers=[*children, trigger(node, Kind.REGION_OUTAGE, at=now)], now=now)

        cause = Alert.objects.causes().get()
        told = OutboxEvent.objects.filter(group="alerts", type="alert")
        assert cause.kind == Kind.REGION_OUTAGE
        assert cause.children.count() == 3
        assert [event.data["id"] for event in told] == [cause.pk]

    def test_raised_before_their_cause_are_linked_when_it_is_found(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        child = raised(small_grid.north_meters[0], at=now)
        cause = raised(small_grid.north, Kind.REGION_OUTAGE, at=now)

        raising.refresh_all(
            triggers=[trigger(small_grid.north_meters[0], at=now, parent=small_grid.north)],
            now=now,
        )

        child.refresh_from_db()
        assert child.parent == cause
        assert steps(child) == [Step.RAISED, Step.LINKED]
        newest = OutboxEvent.objects.filter(group="alerts", type="alert").latest("id")
        assert (newest.data["id"], newest.data["parent"]) == (child.pk, cause.pk)

    def test_that_hold_when_their_cause_is_over_stand_by_themselves(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        cause, (healed, dark, _) = self._blackout(small_grid, now)

        raising.clear_all(matters=[matter(cause), matter(healed)], now=now + SECOND)

        dark.refresh_from_db()
        healed.refresh_from_db()
        assert (dark.parent, dark.state) == (None, State.ACTIVE)
        assert steps(dark) == [Step.RAISED, Step.LINKED, Step.UNLINKED]
        assert healed.state == State.RESOLVED  # nobody was told, nobody must acknowledge
        assert dark in Alert.objects.on_desk(now=now)

    def test_are_not_explained_by_an_overload(self, small_grid: SmallGrid, now: datetime) -> None:
        raised(small_grid.north, Kind.OVERLOAD, at=now)

        child = raised(small_grid.north_meters[0], at=now, parent=small_grid.north)

        assert child.parent is None

    def test_of_a_cleared_cause_are_not_linked(self, small_grid: SmallGrid, now: datetime) -> None:
        cause = raised(small_grid.north, Kind.REGION_OUTAGE, at=now)
        raising.clear_all(matters=[matter(cause)], now=now)

        assert raised(small_grid.north_meters[0], at=now, parent=small_grid.north).parent is None

    def _blackout(self, grid: SmallGrid, now: datetime) -> tuple[Alert, list[Alert]]:
        cause = raised(grid.north, Kind.REGION_OUTAGE, at=now)
        meters = [raised(each, at=now, parent=grid.north) for each in grid.north_meters]
        return cause, meters


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_fifty_from_four_workers_are_one_alert_found_fifty_times(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        start = Barrier(4)

        def work(times: int) -> None:
            start.wait()
            try:
                for _ in range(times):
                    raising.raise_all(
                        triggers=[trigger(small_grid.north_meters[0], at=now)], now=now
                    )
            finally:
                connection.close()

        workers = [Thread(target=work, args=[times]) for times in (13, 13, 12, 12)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        alert = Alert.objects.get()
        assert alert.occurrences == 50
        assert AlertEvent.objects.filter(step=Step.RAISED).count() == 1
