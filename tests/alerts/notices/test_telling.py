from datetime import datetime, timedelta

import pytest

from accounts.models import User
from alerts import lifecycle
from alerts.choices import Channel, NoticeState, Occasion, Severity, State, Step
from alerts.models import Alert, Notice, NoticeSettings, PlannedWork, Untold
from alerts.services import endpoints
from segs_site.lib.models import OutboxEvent
from tests import worlds
from tests.alerts.notices import builders
from tests.alerts.notices.builders import LATER, delivered, in_app, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _olga_works(olga: User) -> None:
    """Somebody operates in each of these tests."""


def chosen(user: User, **columns: object) -> None:
    NoticeSettings.objects.update_or_create(user=user, defaults=columns)


class TestACause:
    def test_is_told_by_the_channels_of_whoever_operates(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        builders.region_outage(small_grid.north, at=now)

        told(now=now)

        assert in_app(olga) == ["critical: North: 3 of 3 meters without supply"]
        assert delivered("mail", now=now).carried[0].to == olga.email

    def test_is_one_message_for_a_dark_region(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        cause = builders.region_outage(small_grid.north, at=now)
        for meter in small_grid.north_meters:
            builders.meter_outage(meter, at=now, parent=cause, severity=Severity.CRITICAL)

        told(now=now + LATER)

        assert len(in_app(olga)) == 1
        assert len(delivered("mail", now=now + LATER).carried) == 1
        assert not Untold.objects.exists()

    def test_is_told_live_to_the_person_alone(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)

        told(now=now)

        event = OutboxEvent.objects.get(type="notice")
        assert event.group == f"user:{olga.pk}"
        assert event.data["alert"] == alert.pk
        assert event.data["subject"] == "critical: North: 3 of 3 meters without supply"

    def test_below_the_threshold_of_a_channel_is_not_told_by_it(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        chosen(olga, in_app_from=Severity.HIGH, mail_from=Severity.CRITICAL)
        builders.overload(small_grid.north, at=now, severity=Severity.HIGH)

        told(now=now)

        assert len(in_app(olga)) == 1
        assert not Notice.objects.filter(channel=Channel.MAIL).exists()

    def test_of_another_region_is_not_told(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        chosen(olga, in_app_from=Severity.LOW)
        olga.notice_settings.regions.add(small_grid.south)
        builders.overload(small_grid.north, at=now)
        builders.overload(small_grid.south, at=now)

        told(now=now)

        assert in_app(olga) == ["high: South: load 104 %, limit 100 %"]

    def test_is_told_to_no_customer_and_to_no_clerk_who_did_not_ask(
        self, small_grid: worlds.SmallGrid, carl: User, now: datetime
    ) -> None:
        clara = User.objects.create_user("clara@utility.example", "secret", role="clerk")
        chosen(carl, in_app_from=Severity.LOW)
        builders.region_outage(small_grid.north, at=now)

        told(now=now)

        assert in_app(carl) == in_app(clara) == []

    def test_is_told_once_however_often_the_journal_is_read(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)
        told(now=now)
        Untold.objects.create(event=alert.events.get())

        told(now=now)

        assert len(in_app(olga)) == 1


class TestHolding:
    def test_waits_for_a_parent_before_it_tells_of_one_meter(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alert = builders.meter_outage(small_grid.north_meters[0], at=now)
        told(now=now + timedelta(seconds=19))
        assert in_app(olga) == []
        cause = builders.region_outage(small_grid.north, at=now + timedelta(seconds=19))
        Alert.objects.filter(pk=alert.pk).update(parent=cause)

        told(now=now + LATER)

        assert in_app(olga) == ["critical: North: 3 of 3 meters without supply"]

    def test_tells_of_one_meter_that_nothing_explains(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        builders.meter_outage(small_grid.north_meters[0], at=now)

        told(now=now + timedelta(seconds=21))

        assert len(in_app(olga)) == 1


class TestWhatIsNotTold:
    @pytest.mark.parametrize("how", ["shelved", "quiet", "planned", "cleared", "resolved"])
    def test_when_it_is_looked_at(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime, how: str
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)
        make(alert, how, now=now)

        told(now=now)

        assert Notice.objects.count() == 0

    @pytest.mark.parametrize("how", ["shelved", "quiet", "planned", "cleared", "resolved"])
    def test_when_it_is_sent(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime, how: str
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)
        told(now=now)
        make(alert, how, now=now)

        post = delivered("mail", now=now)

        notice = Notice.objects.get(channel=Channel.MAIL)
        assert post.carried == []
        assert (notice.state, bool(notice.reason)) == (NoticeState.DROPPED, True)

    def test_is_told_when_it_comes_off_the_shelf(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)
        make(alert, "shelved", now=now)
        told(now=now)
        Alert.objects.filter(pk=alert.pk).update(shelved_until=None)
        builders.step(alert, Step.UNSHELVED, at=now + LATER)

        told(now=now + LATER)

        assert len(in_app(olga)) == 1

    def test_is_told_when_what_explained_it_is_over(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        cause = builders.region_outage(small_grid.north, at=now)
        transformer = small_grid.north.substations.get().feeders.get().transformers.get()
        hidden = builders.transformer_outage(transformer, at=now, parent=cause)
        told(now=now + LATER)
        builders.cleared(cause, at=now + LATER)
        Alert.objects.filter(pk=hidden.pk).update(parent=None)
        builders.step(hidden, Step.UNLINKED, at=now + LATER)

        told(now=now + 2 * LATER)

        assert in_app(olga)[-1] == f"high: transformer_outage of transformer:{transformer.pk}"


def make(alert: Alert, how: str, *, now: datetime) -> None:
    """Let an alert be one that nobody is told of."""
    columns = {
        "shelved": {"shelved_until": now + timedelta(hours=1)},
        "quiet": {"is_quiet": True},
        "planned": {"planned_work": planned(alert, now=now) if how == "planned" else None},
        "cleared": {"state": State.CLEARED, "cleared_at": now},
        "resolved": {"state": State.RESOLVED, "resolved_at": now},
    }[how]
    Alert.objects.filter(pk=alert.pk).update(**columns)


def planned(alert: Alert, *, now: datetime) -> PlannedWork:
    return PlannedWork.objects.create(
        region=alert.region,
        during=(now, now + timedelta(hours=1)),
        reason="new switchgear",
        planned_by="olga@utility.example",
        planned_at=now,
    )


class TestTheEnd:
    def test_is_told_to_whoever_was_told_the_beginning(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)
        told(now=now)
        builders.cleared(alert, at=now + LATER)
        told(now=now + LATER)

        told(now=now + 3 * LATER)

        assert in_app(olga) == [
            "critical: North: 3 of 3 meters without supply",
            "Over: North: 3 of 3 meters without supply",
        ]

    def test_is_told_once_though_it_is_acknowledged_later(
        self, small_grid: worlds.SmallGrid, olga: User, ada: User, now: datetime
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)
        told(now=now)
        builders.cleared(alert, at=now + LATER)
        told(now=now + LATER)
        builders.cleared(alert, at=now + 2 * LATER, by=ada.email)

        told(now=now + 2 * LATER)
        told(now=now + 4 * LATER)

        assert len(in_app(olga)) == 2

    def test_is_not_told_to_whoever_ended_it(
        self, small_grid: worlds.SmallGrid, olga: User, ada: User, now: datetime
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)
        told(now=now)
        builders.cleared(alert, at=now + LATER, by=olga.email)
        told(now=now + LATER)

        told(now=now + 3 * LATER)

        assert (len(in_app(olga)), len(in_app(ada))) == (1, 2)

    def test_is_not_told_where_the_beginning_was_not(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)
        told(now=now)
        builders.cleared(alert, at=now + LATER)
        told(now=now + LATER)

        post = delivered("mail", now=now + 3 * LATER)

        assert post.carried == []

    def test_is_not_told_of_what_came_back_at_once(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)
        told(now=now)
        builders.cleared(alert, at=now + LATER)
        told(now=now + LATER)
        builders.came_back(alert, at=now + LATER)

        told(now=now + 3 * LATER)

        assert len(in_app(olga)) == 1

    def test_is_followed_by_a_return_no_sooner_than_in_five_minutes(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alert = builders.region_outage(small_grid.north, at=now)
        told(now=now)
        builders.cleared(alert, at=now + LATER)
        told(now=now + LATER)
        told(now=now + 2 * LATER)
        builders.came_back(alert, at=now + 3 * LATER)

        told(now=now + 3 * LATER)
        early = len(in_app(olga))
        told(now=now + 2 * LATER + lifecycle.QUIET_FOR)

        assert (early, len(in_app(olga))) == (2, 3)


class TestGettingWorse:
    def test_tells_again_and_reaches_those_whose_threshold_it_passes(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        chosen(olga, in_app_from=Severity.HIGH, mail_from=Severity.CRITICAL)
        alert = builders.overload(small_grid.north, at=now, severity=Severity.HIGH)
        told(now=now)
        Alert.objects.filter(pk=alert.pk).update(severity=Severity.CRITICAL)
        builders.step(alert, Step.WORSENED, at=now + LATER)

        told(now=now + LATER)

        assert in_app(olga)[-1] == "Now critical: North: load 104 %, limit 100 %"
        assert delivered("mail", now=now + LATER).subjects == in_app(olga)[-1:]


class TestEscalation:
    def test_reaches_everybody_on_duty_whatever_the_threshold_and_the_region(
        self, small_grid: worlds.SmallGrid, olga: User, ada: User, now: datetime
    ) -> None:
        chosen(olga, in_app_from=None)
        olga.notice_settings.regions.add(small_grid.south)
        chosen(ada, is_on_duty=False)
        alert = builders.overload(small_grid.north, at=now, severity=Severity.LOW)
        told(now=now)
        builders.step(alert, Step.ESCALATED, at=now + LATER)

        told(now=now + LATER)

        said = "Nobody has acknowledged, low: North: load 104 %, limit 100 %"
        assert (in_app(olga), in_app(ada)) == ([said], [])
        assert delivered("mail", now=now + LATER).subjects == [said]

    def test_is_dropped_when_somebody_acknowledges_before_it_is_sent(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alert = builders.overload(small_grid.north, at=now)
        told(now=now)
        builders.step(alert, Step.ESCALATED, at=now + LATER)
        told(now=now + LATER)
        Alert.objects.filter(pk=alert.pk).update(state=State.ACKNOWLEDGED)

        assert delivered("mail", now=now + LATER).carried == []

    def test_is_told_of_a_repeat_that_was_quiet(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        alert = builders.overload(small_grid.north, at=now, is_quiet=True)
        builders.step(alert, Step.ESCALATED, at=now + LATER)

        told(now=now + LATER)

        assert len(in_app(olga)) == 1


class TestAnEndpoint:
    def test_is_told_by_its_own_severity_and_regions(
        self, small_grid: worlds.SmallGrid, now: datetime
    ) -> None:
        for name, severity, regions in [
            ("all", Severity.LOW, []),
            ("critical alone", Severity.CRITICAL, []),
            ("south alone", Severity.LOW, [small_grid.south]),
        ]:
            endpoints.add(
                name=name,
                url="https://scada.example/",
                severity_from=severity,
                regions=regions,
                now=now,
            )
        builders.overload(small_grid.north, at=now)

        told(now=now)

        reached = Notice.objects.filter(channel=Channel.WEBHOOK)
        assert [notice.endpoint.name for notice in reached if notice.endpoint] == ["all"]
        assert reached.get().occasion == Occasion.OPENED
