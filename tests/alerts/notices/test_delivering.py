from datetime import UTC, datetime, time, timedelta

import pytest

from accounts.models import Preferences, User
from alerts.choices import Channel, NoticeState, Occasion, Severity, State, Step
from alerts.models import Alert, Delivery, Lane, Notice, NoticeSettings
from alerts.notifications import retrying
from alerts.notifications.carriers import Broken, Busy
from alerts.services import delivering, endpoints, lanes
from tests import worlds
from tests.alerts.notices import builders
from tests.alerts.notices.builders import LATER, Post, delivered, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(small_grid: worlds.SmallGrid, olga: User, now: datetime) -> Notice:
    """A mail to Olga that waits."""
    builders.region_outage(small_grid.north, at=now)
    told(now=now)
    return Notice.objects.get(channel=Channel.MAIL)


class TestANotice:
    def test_that_was_sent_keeps_what_it_said_and_how_it_went(
        self, waiting: Notice, now: datetime
    ) -> None:
        delivered("mail", now=now)

        waiting.refresh_from_db()
        attempt = Delivery.objects.get()
        assert (waiting.state, waiting.attempts, waiting.done_at) == (NoticeState.SENT, 1, now)
        assert waiting.subject == "critical: North: 3 of 3 meters without supply"
        assert f"/alerts/{waiting.alert_id}/" in waiting.text
        assert (attempt.is_sent, attempt.status) == (True, 250)

    def test_that_was_not_taken_is_tried_again_later_each_time(
        self, waiting: Notice, now: datetime
    ) -> None:
        post = Post(problems=[Busy("full", 452), Busy("full", 452)])
        waits = []
        for _ in range(2):
            delivered("mail", now=now, post=post)
            waiting.refresh_from_db()
            waits.append(waiting.due_at - now)
            now = waiting.due_at

        delivered("mail", now=now, post=post)

        waiting.refresh_from_db()
        assert waits == [timedelta(seconds=10), timedelta(seconds=20)]
        assert (waiting.state, waiting.attempts) == (NoticeState.SENT, 3)
        assert post.carried[0].id == str(waiting.key)

    def test_that_will_never_be_taken_is_dead_with_the_reason_and_harms_no_other(
        self, small_grid: worlds.SmallGrid, olga: User, ada: User, now: datetime
    ) -> None:
        builders.region_outage(small_grid.north, at=now)
        told(now=now)

        post = delivered("mail", now=now, post=Post(problems=[Broken("no such mailbox", 550)]))

        dead = Notice.objects.get(state=NoticeState.DEAD)
        assert dead.reason == "no such mailbox"
        assert len(post.carried) == 1
        assert Lane.objects.get(name="mail").failures == 0

    def test_is_given_up_after_some_attempts(self, waiting: Notice, now: datetime) -> None:
        problems = [Busy("full")] * retrying.MOST_ATTEMPTS
        post = Post(problems=list(problems))
        while waiting.state == NoticeState.WAITING:
            delivered("mail", now=now, post=post)
            waiting.refresh_from_db()
            now = max(waiting.due_at, now) + retrying.LONGEST_REST
            Alert.objects.update(last_at=now)

        assert (waiting.state, waiting.attempts) == (NoticeState.DEAD, retrying.MOST_ATTEMPTS)
        assert waiting.reason == "full"

    def test_that_waited_a_day_is_given_up_though_nobody_tried(
        self, waiting: Notice, now: datetime
    ) -> None:
        delivering.give_up_old(now=now + retrying.OLDEST)
        early = Notice.objects.get(pk=waiting.pk).state

        delivering.give_up_old(now=now + retrying.OLDEST + timedelta(seconds=1))

        waiting.refresh_from_db()
        assert (early, waiting.state) == (NoticeState.WAITING, NoticeState.DEAD)

    def test_of_the_dead_is_sent_when_it_is_replayed_unless_it_is_over(
        self, waiting: Notice, now: datetime
    ) -> None:
        delivered("mail", now=now, post=Post(problems=[Broken("no such mailbox")]))
        assert delivering.replay(notice=waiting, now=now + LATER)
        first = delivered("mail", now=now + LATER)
        Notice.objects.filter(pk=waiting.pk).update(state=NoticeState.DEAD)
        assert delivering.replay(notice=waiting, now=now + LATER)
        Alert.objects.update(state=State.CLEARED)

        second = delivered("mail", now=now + LATER)

        assert (len(first.carried), len(second.carried)) == (1, 0)
        assert not delivering.replay(notice=waiting, now=now)

    def test_to_somebody_who_has_left_is_dropped(
        self, waiting: Notice, olga: User, now: datetime
    ) -> None:
        User.objects.filter(pk=olga.pk).update(is_active=False)

        assert delivered("mail", now=now).carried == []


class TestAClaim:
    def test_of_a_sender_that_died_is_taken_over_after_the_lease_and_not_before(
        self, waiting: Notice, now: datetime
    ) -> None:
        class Killed(BaseException):
            """The process ended while the message was on its way."""

        class Dying(Post):
            def carry(self, *_: object, **__: object) -> None:  # type: ignore[override]
                raise Killed

        assert lanes.take(name="mail", now=now)
        with pytest.raises(Killed):
            delivering.deliver_next(lane="mail", carrier=Dying(), now=now)

        assert not lanes.take(name="mail", now=now + lanes.LEASE / 2)
        heir = delivered("mail", now=now + lanes.LEASE)
        again = delivered("mail", now=now + 3 * lanes.LEASE)
        assert (len(heir.carried), len(again.carried)) == (1, 0)

    def test_is_one_senders_though_two_have_read_the_same_row(
        self, waiting: Notice, now: datetime
    ) -> None:
        reads = [Notice.objects.get(pk=waiting.pk) for _ in range(2)]

        claims = [delivering._claim(notice, now=now) for notice in reads]

        assert claims == [True, False]


class TestALane:
    def test_is_one_workers_at_a_time(self, now: datetime) -> None:
        assert lanes.take(name="mail", now=now)
        assert not lanes.take(name="mail", now=now)

        lanes.give_back(name="mail")

        assert lanes.take(name="mail", now=now)

    def test_rests_after_failures_in_a_row_then_tries_one_and_rests_longer(
        self, now: datetime
    ) -> None:
        lanes.take(name="sms", now=now)
        for _ in range(retrying.FAILURES):
            lanes.note_failure(name="sms", detail="refused", now=now)
        lanes.give_back(name="sms")
        assert not lanes.take(name="sms", now=now + timedelta(seconds=29))
        assert lanes.take(name="sms", now=now + timedelta(seconds=30))
        lanes.note_failure(name="sms", detail="refused", now=now + timedelta(seconds=30))
        lanes.give_back(name="sms")

        assert not lanes.take(name="sms", now=now + timedelta(seconds=89))
        assert lanes.take(name="sms", now=now + timedelta(seconds=90))

    def test_works_again_after_one_success(self, now: datetime) -> None:
        lanes.take(name="sms", now=now)
        for _ in range(retrying.FAILURES + 3):
            lanes.note_failure(name="sms", detail="refused", now=now)

        lanes.note_sent(name="sms", now=now)

        row = Lane.objects.get(name="sms")
        assert (row.failures, row.rests_until, row.last_sent_at) == (0, None, now)

    def test_at_rest_is_not_looked_at_and_holds_up_no_other(
        self, waiting: Notice, now: datetime
    ) -> None:
        endpoint, _ = endpoints.add(name="scada", url="https://scada.example/", now=now)
        endpoints.ask_for_test(endpoint=endpoint, now=now)
        Lane.objects.create(name=endpoint.lane, rests_until=now + LATER)

        assert lanes.busy(now=now) == ["mail"]


class TestQuietHours:
    NIGHT = datetime(2026, 1, 11, 1, 0, tzinfo=UTC)
    MORNING = datetime(2026, 1, 11, 6, 0, tzinfo=UTC)  # 07:00 in Brussels

    @pytest.fixture
    def now(self) -> datetime:
        """In the middle of the night."""
        return self.NIGHT

    @pytest.fixture(autouse=True)
    def _sleeps(self, olga: User) -> None:
        Preferences.objects.create(user=olga, time_zone="Europe/Brussels")
        NoticeSettings.objects.create(
            user=olga,
            mail_from=Severity.LOW,
            quiet_from=time(22),
            quiet_until=time(7),
            critical_passes=True,
        )

    def test_hold_a_mail_until_they_end(self, small_grid: worlds.SmallGrid, now: datetime) -> None:
        builders.overload(small_grid.north, at=now)
        told(now=now)

        night, morning = delivered("mail", now=now), delivered("mail", now=self.MORNING)

        assert (len(night.carried), len(morning.carried)) == (0, 1)

    def test_say_in_the_morning_nothing_of_what_is_over(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        builders.cleared(builders.overload(small_grid.north, at=now), at=now + LATER)
        told(now=now)
        delivered("mail", now=now)

        assert delivered("mail", now=self.MORNING).carried == []

    def test_let_what_is_critical_pass_for_whoever_says_so(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        builders.region_outage(small_grid.north, at=now)
        builders.region_outage(small_grid.south, at=now)
        told(now=now)
        first = Notice.objects.filter(channel=Channel.MAIL).earliest("pk")
        Notice.objects.filter(channel=Channel.MAIL).exclude(pk=first.pk).update(due_at=now + LATER)
        passing = delivered("mail", now=now)
        NoticeSettings.objects.update(critical_passes=False)

        held = delivered("mail", now=now + LATER)

        assert (len(passing.carried), len(held.carried)) == (1, 0)


class TestManyAtOnce:
    def test_become_one_message(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alarms(small_grid, count=7, now=now)
        told(now=now)

        post = delivered("mail", now=now)

        assert post.subjects == ["7 notices in one"]
        assert post.carried[0].text.count("\n- ") + 1 == 7
        states = Notice.objects.filter(channel=Channel.MAIL).exclude(occasion=Occasion.SUMMARY)
        assert set(states.values_list("state", flat=True)) == {NoticeState.SUMMED}

    def test_go_one_by_one_while_they_are_few(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alarms(small_grid, count=5, now=now)
        told(now=now)

        assert len(delivered("mail", now=now).carried) == 5

    def test_are_one_message_a_minute_as_long_as_they_come(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alarms(small_grid, count=7, now=now)
        told(now=now)
        first = delivered("mail", now=now)
        alarms(small_grid, count=14, now=now, past=7)
        told(now=now)

        at_once = delivered("mail", now=now + timedelta(seconds=30))
        later = delivered("mail", now=now + timedelta(seconds=60))

        assert [len(post.carried) for post in (first, at_once, later)] == [1, 0, 1]

    def test_leave_out_what_is_over_by_then(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alerts = alarms(small_grid, count=9, now=now)
        told(now=now)
        Alert.objects.filter(pk__in=[each.pk for each in alerts[-3:]]).update(state=State.CLEARED)

        post = delivered("mail", now=now)

        assert post.subjects == ["6 notices in one"]

    def test_do_not_hold_up_an_escalation(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alerts = alarms(small_grid, count=7, now=now)
        told(now=now)
        builders.step(alerts[0], Step.ESCALATED, at=now)
        told(now=now)

        post = delivered("mail", now=now)

        assert len(post.subjects) == 2
        assert post.subjects[0].startswith("Nobody has acknowledged")


def alarms(
    small_grid: worlds.SmallGrid, *, count: int, now: datetime, past: int = 0
) -> list[Alert]:
    """Critical alerts of the system, each of a kind of its own."""
    kinds = builders.SOME_KINDS[past:count]
    return [
        builders.raised(kind, f"region:{small_grid.north.pk}", at=now, severity=Severity.CRITICAL)
        for kind in kinds
    ]
