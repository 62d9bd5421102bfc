from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Preferences, User
from alerts.choices import Channel, Occasion, Severity
from alerts.models import AddressOutage, Alert, Interruption, Notice, NoticeSettings
from meters.models import Meter, ServicePoint
from tests import worlds
from tests.accounts.builders import point_of, takes_service
from tests.alerts.notices import builders
from tests.alerts.notices.builders import LATER, delivered, in_app, told

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 3, 12, 3, tzinfo=UTC)  # 13:03 in Brussels


@pytest.fixture
def now() -> datetime:
    """A day on which nobody turns the clock."""
    return NOON


@pytest.fixture
def home(small_grid: worlds.SmallGrid, carl: User) -> Meter:
    """Carl's meter, the first of the north."""
    meter = small_grid.north_meters[0]
    ServicePoint.objects.filter(pk=point_of(meter).pk).update(address="Mill Lane 3")
    takes_service(carl, point_of(meter), since=NOON - timedelta(days=30))
    return meter


def dark(meter: Meter, *, at: datetime, **columns: object) -> Interruption:
    point = point_of(meter)
    return Interruption.objects.create(
        meter=meter,
        service_point=point,
        region=point.region,
        transformer=point.transformer,
        started_at=at,
        **columns,
    )


def lit(meter: Meter, *, at: datetime) -> None:
    Interruption.objects.filter(meter=meter, ended_at=None).update(ended_at=at)


def mails(*, now: datetime) -> list[str]:
    return delivered("mail", now=now).subjects


class TestAnOutage:
    def test_is_told_to_whoever_lives_there_once_and_so_is_its_end(
        self, small_grid: worlds.SmallGrid, home: Meter, carl: User
    ) -> None:
        dark(home, at=NOON)
        cause = builders.region_outage(small_grid.north, at=NOON)
        for _ in range(3):
            told(now=NOON)
        first = mails(now=NOON)
        lit(home, at=NOON + LATER)
        builders.cleared(cause, at=NOON + LATER)
        told(now=NOON + LATER)

        told(now=NOON + 3 * LATER)
        last = mails(now=NOON + 3 * LATER)

        assert first == ["Outage at Mill Lane 3 since 13:03, our crew is informed."]
        assert last == ["The supply at Mill Lane 3 is back since 13:04."]
        assert in_app(carl) == first + last

    def test_is_one_though_its_cause_is_found_to_be_larger(
        self, small_grid: worlds.SmallGrid, home: Meter, carl: User
    ) -> None:
        dark(home, at=NOON)
        alone = builders.meter_outage(home, at=NOON)
        told(now=NOON + LATER)
        cause = builders.region_outage(small_grid.north, at=NOON + LATER)
        Alert.objects.filter(pk=alone.pk).update(parent=cause)

        told(now=NOON + 2 * LATER)

        assert len(in_app(carl)) == 1

    def test_is_not_told_where_there_is_light(
        self, small_grid: worlds.SmallGrid, home: Meter, carl: User
    ) -> None:
        dark(small_grid.north_meters[1], at=NOON)
        builders.region_outage(small_grid.north, at=NOON)

        told(now=NOON)

        assert in_app(carl) == []

    def test_is_told_to_whoever_it_reaches_later(
        self, small_grid: worlds.SmallGrid, home: Meter, carl: User
    ) -> None:
        builders.region_outage(small_grid.north, at=NOON)
        told(now=NOON)
        dark(home, at=NOON + LATER)

        told(now=NOON + LATER)

        assert len(in_app(carl)) == 1

    def test_is_told_by_current_agreements_alone(
        self, small_grid: worlds.SmallGrid, carl: User
    ) -> None:
        meter = small_grid.north_meters[0]
        takes_service(
            carl, point_of(meter), since=NOON - timedelta(days=9), until=NOON - timedelta(days=1)
        )
        dark(meter, at=NOON)
        builders.region_outage(small_grid.north, at=NOON)

        told(now=NOON)

        assert in_app(carl) == []

    def test_is_not_told_to_whoever_wants_no_word(
        self, small_grid: worlds.SmallGrid, home: Meter, carl: User
    ) -> None:
        Preferences.objects.create(user=carl, notify_outages=False)
        dark(home, at=NOON)
        builders.region_outage(small_grid.north, at=NOON)

        told(now=NOON)

        assert Notice.objects.filter(user=carl).count() == 0

    @pytest.mark.parametrize("column", ["shelved_until", "is_quiet"])
    def test_is_not_told_while_its_cause_is_not(
        self, small_grid: worlds.SmallGrid, home: Meter, carl: User, column: str
    ) -> None:
        dark(home, at=NOON)
        alert = builders.region_outage(small_grid.north, at=NOON)
        value = NOON + timedelta(hours=1) if column == "shelved_until" else True
        Alert.objects.filter(pk=alert.pk).update(**{column: value})

        told(now=NOON)

        assert in_app(carl) == []

    def test_that_was_planned_is_no_news(
        self, small_grid: worlds.SmallGrid, home: Meter, carl: User
    ) -> None:
        dark(home, at=NOON, is_planned=True)
        builders.region_outage(small_grid.north, at=NOON)

        told(now=NOON)

        assert in_app(carl) == []

    def test_that_flickers_is_one(
        self, small_grid: worlds.SmallGrid, home: Meter, carl: User
    ) -> None:
        dark(home, at=NOON)
        builders.region_outage(small_grid.north, at=NOON)
        told(now=NOON)
        lit(home, at=NOON + LATER)
        told(now=NOON + LATER)
        dark(home, at=NOON + LATER + timedelta(seconds=20))
        told(now=NOON + LATER + timedelta(seconds=20))

        told(now=NOON + 3 * LATER)

        assert len(in_app(carl)) == 1
        assert AddressOutage.objects.get().ended_at is None

    def test_whose_beginning_never_left_has_no_end(
        self, small_grid: worlds.SmallGrid, home: Meter
    ) -> None:
        dark(home, at=NOON)
        builders.region_outage(small_grid.north, at=NOON)
        told(now=NOON)
        lit(home, at=NOON + LATER)
        told(now=NOON + LATER)

        told(now=NOON + 3 * LATER)

        assert [text for text in mails(now=NOON + 3 * LATER) if "Mill Lane" in text] == []


class TestHowACustomerIsTold:
    def test_in_his_language_and_by_his_clock(
        self, small_grid: worlds.SmallGrid, home: Meter, carl: User
    ) -> None:
        Preferences.objects.create(user=carl, language="de", time_zone="Asia/Kolkata")
        dark(home, at=NOON)
        builders.region_outage(small_grid.north, at=NOON)

        told(now=NOON)

        assert in_app(carl) == [
            "Stromausfall an der Adresse Mill Lane 3 seit 17:33 Uhr, unser Notdienst ist "
            "informiert."
        ]

    def test_by_text_message_if_he_gave_a_number(
        self, small_grid: worlds.SmallGrid, home: Meter, carl: User, settings: object
    ) -> None:
        settings.SEGS_SMS_URL = "console:"  # type: ignore[attr-defined]
        NoticeSettings.objects.create(user=carl, sms_from=Severity.LOW, phone="+3225551234")
        dark(home, at=NOON)
        builders.region_outage(small_grid.north, at=NOON)

        told(now=NOON)

        channels = Notice.objects.filter(user=carl, occasion=Occasion.OUTAGE)
        assert [notice.channel for notice in channels] == [Channel.SMS]

    def test_each_of_a_dark_region_for_himself(self, small_grid: worlds.SmallGrid) -> None:
        for meter in small_grid.north_meters:
            person = User.objects.create_user(f"{meter.serial}@home.example", "secret")
            takes_service(person, point_of(meter), since=NOON - timedelta(days=30))
            dark(meter, at=NOON)
        builders.region_outage(small_grid.north, at=NOON)

        told(now=NOON)

        assert len(delivered("mail", now=NOON).carried) == len(small_grid.north_meters)
