"""What people do at the desk: every step of an alert's life, and every refusal."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from alerts.choices import State, Step
from alerts.conditions import kinds
from alerts.conditions.kinds import Kind, Matter
from alerts.models import Alert, AlertEvent, ShiftNote
from alerts.services import acting, handover, raising
from segs_site.lib import trace
from segs_site.lib.models import AuditEntry, OutboxEvent
from tests.accounts.builders import point_of, takes_service
from tests.alerts.builders import raised, steps, trigger
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db
OLGA = "olga@utility.example"
SECOND = timedelta(seconds=1)


@pytest.fixture
def alert(small_grid: SmallGrid, now: datetime) -> Alert:
    """A dark meter, just found."""
    return raised(small_grid.north_meters[0], at=now)


def in_state(alert: Alert, state: State, now: datetime) -> Alert:
    """Bring an active alert to a state by steps."""
    if state in {State.ACKNOWLEDGED, State.RESOLVED}:
        acting.acknowledge(alert=alert, by=OLGA, now=now)
    if state in {State.CLEARED, State.RESOLVED}:
        matter = Matter(Kind(alert.kind), kinds.Subject.read(alert.subject))
        raising.clear_all(matters=[matter], now=now)
    alert.refresh_from_db()
    assert alert.state == state
    return alert


class TestAcknowledge:
    def test_says_who_has_seen_it_and_when(self, alert: Alert, now: datetime) -> None:
        done = acting.acknowledge(alert=alert, by=OLGA, note="Crew is out.", now=now + SECOND)

        assert (done.state, done.acknowledged_at) == (State.ACKNOWLEDGED, now + SECOND)
        assert (done.acknowledged_by, done.note) == (OLGA, "Crew is out.")
        event = done.events.get(step=Step.ACKNOWLEDGED)
        assert (event.by, event.note, event.at) == (OLGA, "Crew is out.", now + SECOND)

    def test_ends_an_alert_that_has_cleared(self, alert: Alert, now: datetime) -> None:
        in_state(alert, State.CLEARED, now)

        assert acting.acknowledge(alert=alert, by=OLGA, now=now).state == State.RESOLVED

    @pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.RESOLVED])
    def test_is_refused_where_it_was_done(self, alert: Alert, now: datetime, state: State) -> None:
        in_state(alert, state, now)
        before = steps(alert)

        with pytest.raises(acting.NotPossible):
            acting.acknowledge(alert=alert, by=OLGA, now=now)

        assert steps(alert) == before

    def test_is_told_to_other_screens(self, alert: Alert, now: datetime) -> None:
        acting.acknowledge(alert=alert, by=OLGA, note="Seen.", now=now)

        told = OutboxEvent.objects.get(group="alerts", type="status_update")
        assert told.stream == "alert_status_updates"
        assert told.data == {
            "alert_id": alert.pk,
            "alert_ids": [alert.pk],
            "status": "acknowledged",
            "by": OLGA,
            "note": "Seen.",
            "at": now.isoformat().replace("+00:00", "Z"),
            "step": "acknowledged",
        }

    def test_stands_in_the_audit_trail(self, alert: Alert, now: datetime) -> None:
        with trace.acting(origin="a test", by=OLGA):
            acting.acknowledge(alert=alert, by=OLGA, now=now)

        entry = AuditEntry.objects.filter(subject_type="alerts.Alert", verb="update").first()
        assert entry is not None
        assert (entry.actor, entry.after["state"]) == (OLGA, "acknowledged")

    def test_leaves_nothing_when_it_is_rolled_back(self, alert: Alert, now: datetime) -> None:
        with transaction.atomic():
            acting.acknowledge(alert=alert, by=OLGA, now=now)
            transaction.set_rollback(True)

        assert steps(alert) == [Step.RAISED]
        assert not OutboxEvent.objects.filter(type="status_update").exists()


class TestAcknowledgeThousands:
    def test_takes_one_statement_with_the_journal_and_a_few_for_the_screens(
        self, small_grid: SmallGrid, now: datetime, django_assert_max_num_queries
    ) -> None:
        self._stand(small_grid, now, 5000)
        ids = list(Alert.objects.values_list("pk", flat=True))

        with django_assert_max_num_queries(12) as asked:
            done = acting.acknowledge_all(ids=ids, by=OLGA, note="Known.", now=now)

        assert len(done) == 5000
        assert AlertEvent.objects.filter(step=Step.ACKNOWLEDGED, by=OLGA).count() == 5000
        changing = [each["sql"] for each in asked if "UPDATE alerts_alert" in each["sql"]]
        assert len(changing) == 1
        told = OutboxEvent.objects.filter(type="status_update")
        assert sum(len(event.data["alert_ids"]) for event in told) == 5000
        assert told.count() == 5

    def test_skips_those_it_cannot_be_done_to(self, small_grid: SmallGrid, now: datetime) -> None:
        seen = raised(small_grid.north_meters[0], at=now)
        other = raised(small_grid.north_meters[1], at=now)
        acting.acknowledge(alert=seen, by=OLGA, now=now)

        assert acting.acknowledge_all(ids=[seen.pk, other.pk, 0], by=OLGA, now=now) == [other.pk]

    def _stand(self, grid: SmallGrid, now: datetime, count: int) -> None:
        Alert.objects.bulk_create(
            Alert(
                kind=Kind.SPIKE, subject=f"meter:{n}", severity=2, message="much", first_at=now,
                raised_at=now, last_at=now, changed_at=now, region=grid.north,
            )
            for n in range(count)
        )  # fmt: skip


class TestResolve:
    @pytest.mark.parametrize("state", [State.ACTIVE, State.ACKNOWLEDGED, State.CLEARED])
    def test_ends_any_open_alert(self, alert: Alert, now: datetime, state: State) -> None:
        in_state(alert, state, now)

        done = acting.resolve(alert=alert, by=OLGA, note="Fuse changed.", now=now + SECOND)

        assert (done.state, done.resolved_by) == (State.RESOLVED, OLGA)
        assert done.resolved_at == now + SECOND

    def test_is_refused_for_what_is_over(self, alert: Alert, now: datetime) -> None:
        acting.resolve(alert=alert, by=OLGA, now=now)

        with pytest.raises(acting.NotPossible):
            acting.resolve(alert=alert, by=OLGA, now=now)

    def test_makes_the_next_occurrence_another_alert_told_to_nobody(
        self, alert: Alert, small_grid: SmallGrid, now: datetime
    ) -> None:
        acting.resolve(alert=alert, by=OLGA, now=now)

        again = raised(small_grid.north_meters[0], at=now + SECOND)

        assert again.pk != alert.pk
        assert again.is_quiet
        assert (again.state, again.occurrences) == (State.ACTIVE, 1)

    def test_takes_along_what_the_alert_explains(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        cause = raised(small_grid.north, Kind.REGION_OUTAGE, at=now)
        child = raised(small_grid.north_meters[0], at=now, parent=small_grid.north)

        assert acting.resolve_all(ids=[cause.pk], by=OLGA, now=now) == [cause.pk]

        child.refresh_from_db()
        assert (child.state, child.resolved_by) == (State.RESOLVED, OLGA)

    def test_puts_causes_among_those_that_are_done_with(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        cause = raised(small_grid.north, Kind.REGION_OUTAGE, at=now)
        raised(small_grid.north_meters[0], at=now, parent=small_grid.north)

        acting.resolve(alert=cause, by=OLGA, now=now)

        ended = OutboxEvent.objects.filter(stream="alerts_processed")
        assert [event.data["id"] for event in ended] == [cause.pk]


class TestAssign:
    def test_gives_an_alert_to_an_operator_and_back(
        self, alert: Alert, olga: User, now: datetime
    ) -> None:
        assert acting.assign(alert=alert, to=olga, by="ada@utility.example", now=now)
        assert alert.assigned_to == olga
        acting.assign(alert=alert, to=None, by="ada@utility.example", now=now)

        assert alert.assigned_to is None
        given = [event.data for event in alert.events.filter(step=Step.ASSIGNED)]
        assert given == [{"assigned_to": olga.email}, {"assigned_to": None}]

    def test_is_refused_for_a_customer(self, alert: Alert, carl: User, now: datetime) -> None:
        with pytest.raises(acting.NotAnOperator):
            acting.assign(alert=alert, to=carl, by=OLGA, now=now)

    def test_is_refused_for_what_is_over(self, alert: Alert, olga: User, now: datetime) -> None:
        acting.resolve(alert=alert, by=OLGA, now=now)

        with pytest.raises(acting.NotPossible):
            acting.assign(alert=alert, to=olga, by=OLGA, now=now)


class TestNote:
    def test_stays_in_the_journal_and_the_newest_on_the_alert(
        self, alert: Alert, now: datetime
    ) -> None:
        acting.note(alert=alert, text="Called the crew.", by=OLGA, now=now)
        acting.note(alert=alert, text=" Crew arrived. ", by=OLGA, now=now + SECOND)

        assert alert.note == "Crew arrived."
        assert [each.note for each in alert.events.filter(step=Step.NOTED)] == [
            "Called the crew.",
            "Crew arrived.",
        ]

    def test_must_say_something(self, alert: Alert, now: datetime) -> None:
        with pytest.raises(acting.NoText):
            acting.note(alert=alert, text="  ", by=OLGA, now=now)

    def test_is_refused_for_what_is_over(self, alert: Alert, now: datetime) -> None:
        acting.resolve(alert=alert, by=OLGA, now=now)

        with pytest.raises(acting.NotPossible):
            acting.note(alert=alert, text="Late.", by=OLGA, now=now)


class TestJournal:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE alerts_alertevent SET note = 'never said'",
            "DELETE FROM alerts_alertevent",
            "UPDATE alerts_shiftnote SET text = 'never said'",
            "DELETE FROM alerts_shiftnote",
        ],
    )
    def test_is_never_changed(self, alert: Alert, now: datetime, change: str) -> None:
        handover.write(text="Feeder 3 is weak.", by=OLGA, now=now)

        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)

        assert steps(alert) == [Step.RAISED]

    def test_rises_by_id_as_steps_are_committed(
        self, alert: Alert, small_grid: SmallGrid, now: datetime
    ) -> None:
        acting.acknowledge(alert=alert, by=OLGA, now=now + SECOND)
        raising.raise_all(
            triggers=[trigger(each, at=now) for each in small_grid.south_meters], now=now
        )

        moments = AlertEvent.objects.order_by("id").values_list("step", flat=True)
        assert list(moments) == [Step.RAISED, Step.ACKNOWLEDGED, *[Step.RAISED] * 3]


class TestHandover:
    def test_keeps_what_one_shift_tells_the_next(self, now: datetime) -> None:
        handover.write(text=" Feeder 3 is weak.\n", by=OLGA, now=now)

        note = ShiftNote.objects.get()
        assert (note.text, note.written_by, note.written_at) == ("Feeder 3 is weak.", OLGA, now)

    def test_must_say_something(self, now: datetime) -> None:
        with pytest.raises(acting.NoText):
            handover.write(text="\n", by=OLGA, now=now)


def test_a_customer_hears_of_his_own_meter_in_plain_words(
    small_grid: SmallGrid, carl: User, now: datetime
) -> None:
    point = point_of(small_grid.north_meters[0])
    takes_service(carl, point, since=now - timedelta(days=1))

    alert = raised(small_grid.north_meters[0], at=now)
    raised(small_grid.north_meters[1], at=now)
    acting.resolve(alert=alert, by=OLGA, note="Their fuse.", now=now + SECOND)

    begun, ended = OutboxEvent.objects.filter(group=f"user:{carl.pk}").order_by("id")
    assert begun.data["message"] == "Outage at your address."
    assert (begun.data["status"], ended.data["status"]) == ("active", "resolved")
    assert OLGA not in str(ended.data)
    assert "fuse" not in str(ended.data)
