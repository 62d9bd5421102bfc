"""The shelf: nothing without a reason and an end, and the end comes by itself."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from alerts import lifecycle
from alerts.choices import State, Step
from alerts.models import Alert, Shelving
from alerts.services import acting, raising, shelving
from tests.alerts.builders import raised, steps, trigger
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db
OLGA = "olga@utility.example"
HOUR = timedelta(hours=1)


@pytest.fixture
def alert(small_grid: SmallGrid, now: datetime) -> Alert:
    return raised(small_grid.north_meters[0], at=now)


def shelve(alert: Alert, now: datetime, *, until: datetime | None = None) -> Alert:
    return shelving.shelve(
        alert=alert, until=until or now + HOUR, reason="Meter is being changed.", by=OLGA, now=now
    )


class TestShelve:
    def test_takes_an_alert_from_the_desk_until_a_moment(
        self, alert: Alert, now: datetime
    ) -> None:
        shelve(alert, now)

        on_desk = Alert.objects.on_desk
        assert alert.state == State.ACTIVE
        assert not on_desk(now=now + HOUR - timedelta(seconds=1)).exists()
        assert on_desk(now=now + HOUR).get() == alert
        event = alert.events.get(step=Step.SHELVED)
        assert (event.by, event.note) == (OLGA, "Meter is being changed.")

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_needs_a_reason(self, alert: Alert, now: datetime, reason: str) -> None:
        with pytest.raises(shelving.NoReason):
            shelving.shelve(alert=alert, until=now + HOUR, reason=reason, by=OLGA, now=now)

    def test_needs_an_end_that_is_to_come_and_not_too_far(
        self, alert: Alert, now: datetime
    ) -> None:
        with pytest.raises(shelving.NotAtAll):
            shelve(alert, now, until=now)
        with pytest.raises(shelving.TooLong):
            shelve(alert, now, until=now + lifecycle.LONGEST_SHELF + timedelta(seconds=1))

        assert shelve(alert, now, until=now + lifecycle.LONGEST_SHELF)

    def test_is_refused_for_what_is_there_already(self, alert: Alert, now: datetime) -> None:
        shelve(alert, now)

        with pytest.raises(shelving.AlreadyShelved):
            shelve(alert, now)

    def test_is_refused_for_what_is_over(self, alert: Alert, now: datetime) -> None:
        acting.resolve(alert=alert, by=OLGA, now=now)

        with pytest.raises(shelving.NotPossible):
            shelve(alert, now)

    def test_does_not_end_the_watch(
        self, alert: Alert, small_grid: SmallGrid, now: datetime
    ) -> None:
        shelve(alert, now)

        raising.raise_all(triggers=[trigger(small_grid.north_meters[0], at=now)], now=now)

        alert.refresh_from_db()
        assert alert.occurrences == 2

    def test_once_more_after_its_time_begins_another_stay(
        self, alert: Alert, now: datetime
    ) -> None:
        shelve(alert, now)

        shelve(alert, now + HOUR, until=now + 2 * HOUR)

        assert steps(alert) == [Step.RAISED, Step.SHELVED, Step.UNSHELVED, Step.SHELVED]
        assert Shelving.objects.get(ended_at=None).until == now + 2 * HOUR

    def test_twice_is_refused_by_the_database(self, alert: Alert, now: datetime) -> None:
        shelve(alert, now)

        with pytest.raises(IntegrityError, match="alert_shelved_once"), transaction.atomic():
            Shelving.objects.create(
                alert=alert, shelved_at=now, until=now + HOUR, by=OLGA, reason="Again."
            )


class TestUnshelve:
    def test_brings_an_alert_back_early(self, alert: Alert, now: datetime) -> None:
        shelve(alert, now)

        shelving.unshelve(alert=alert, by=OLGA, now=now)

        assert Alert.objects.on_desk(now=now).get() == alert
        stay = Shelving.objects.get()
        assert (stay.ended_at, stay.ended_by) == (now, OLGA)

    def test_is_refused_for_what_is_not_there(self, alert: Alert, now: datetime) -> None:
        with pytest.raises(shelving.NotShelved):
            shelving.unshelve(alert=alert, by=OLGA, now=now)

    def test_comes_with_a_resolve(self, alert: Alert, now: datetime) -> None:
        shelve(alert, now)

        acting.resolve(alert=alert, by=OLGA, now=now)

        assert alert.shelved_until is None
        assert Shelving.objects.get().ended_at == now


class TestEndDue:
    def test_takes_down_what_has_been_there_for_its_time(
        self, alert: Alert, now: datetime
    ) -> None:
        shelve(alert, now)

        assert shelving.end_due(now=now + HOUR - timedelta(seconds=1)) == 0
        assert shelving.end_due(now=now + HOUR) == 1
        assert shelving.end_due(now=now + HOUR) == 0

        alert.refresh_from_db()
        stay = Shelving.objects.get()
        assert alert.shelved_until is None
        assert (stay.ended_at, stay.ended_by) == (now + HOUR, "")
        assert alert.events.get(step=Step.UNSHELVED).by == ""
