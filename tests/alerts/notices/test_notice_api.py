from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from accounts.models import User
from alerts.choices import Channel, Occasion
from alerts.models import Notice, NoticeSettings
from segs_site.lib.models import AuditEntry
from tests import worlds
from tests.accounts.builders import signed_in
from tests.alerts.notices import builders
from tests.alerts.notices.builders import delivered, told

pytestmark = pytest.mark.django_db

SETTINGS = "/api/users/me/notifications"
NOTICES = "/api/users/me/notices"
WANTED: dict[str, Any] = {
    "in_app_from": "low",
    "mail_from": "high",
    "sms_from": "critical",
    "regions": ["North"],
    "is_on_duty": True,
    "phone": "+3225551234",
    "quiet_from": "22:00:00",
    "quiet_until": "06:30:00",
    "critical_passes": False,
}


@pytest.fixture(autouse=True)
def _gateway(settings: LazySettings) -> None:
    settings.SEGS_SMS_URL = "console:"


def put(user: User, **changed: Any) -> Any:
    return signed_in(user).put(SETTINGS, WANTED | changed, content_type="application/json")


class TestSettings:
    def test_are_the_defaults_of_the_role_until_something_is_said(
        self, olga: User, carl: User
    ) -> None:
        operators, customers = (signed_in(who).get(SETTINGS).json() for who in (olga, carl))

        assert (operators["in_app_from"], operators["mail_from"]) == ("medium", "critical")
        assert (customers["in_app_from"], customers["mail_from"]) == ("low", "low")
        assert operators["sms_from"] is None
        assert operators["regions"] == []

    def test_are_kept(self, small_grid: worlds.SmallGrid, olga: User) -> None:
        assert put(olga).status_code == 200

        kept = signed_in(olga).get(SETTINGS).json()
        assert kept == WANTED | {"channels": ["in_app", "mail", "sms"]}

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"mail_from": "dreadful"}, "mail_from"),
            ({"regions": ["Atlantis"]}, "regions"),
            ({"phone": "555-1234"}, "phone"),
            ({"phone": ""}, "phone"),
            ({"quiet_until": None}, "quiet_until"),
            ({"quiet_until": "22:00:00"}, "quiet_until"),
        ],
    )
    def test_refuse_what_cannot_be(
        self, small_grid: worlds.SmallGrid, olga: User, changed: dict[str, Any], field: str
    ) -> None:
        answer = put(olga, **changed)

        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
        assert not NoticeSettings.objects.exists()

    def test_offer_no_text_messages_without_a_gateway(
        self, small_grid: worlds.SmallGrid, olga: User, settings: LazySettings
    ) -> None:
        settings.SEGS_SMS_URL = ""

        answer = put(olga)

        assert list(answer.json()["errors"]) == ["sms_from"]
        assert signed_in(olga).get(SETTINGS).json()["channels"] == ["in_app", "mail"]

    def test_are_in_the_audit_trail_without_the_number(
        self, small_grid: worlds.SmallGrid, olga: User
    ) -> None:
        put(olga)

        entry = AuditEntry.objects.filter(subject_type="alerts.NoticeSettings").get()
        assert entry.actor == olga.email
        assert "+3225551234" not in str(entry.after)


class TestATest:
    def test_comes_by_each_channel_that_is_on(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        put(olga)

        answer = signed_in(olga).post(f"{SETTINGS}/test")

        assert answer.status_code == 202
        assert answer.json() == {"channels": ["in_app", "mail", "sms"]}
        soon = now + timedelta(seconds=5)
        assert delivered("sms", now=soon).carried[0].to == "+3225551234"
        assert delivered("mail", now=soon).carried[0].to == olga.email

    def test_is_sent_in_quiet_hours_but_not_twice_at_once(self, olga: User) -> None:
        client = signed_in(olga)
        client.post(f"{SETTINGS}/test")

        again = client.post(f"{SETTINGS}/test")

        assert again.status_code == 400
        assert Notice.objects.filter(occasion=Occasion.TEST, channel=Channel.MAIL).count() == 1


class TestNotices:
    def test_are_the_persons_own_newest_first_with_the_count_of_unread(
        self, small_grid: worlds.SmallGrid, olga: User, carl: User, now: datetime
    ) -> None:
        builders.overload(small_grid.north, at=now)
        builders.overload(small_grid.south, at=now)
        told(now=now)

        mine, his = (signed_in(who).get(NOTICES).json() for who in (olga, carl))

        assert (mine["unread"], his["unread"], his["results"]) == (2, 0, [])
        assert [row["subject"][:11] for row in mine["results"]] == ["high: South", "high: North"]

    def test_are_marked_as_read_one_or_all(
        self, small_grid: worlds.SmallGrid, olga: User, now: datetime
    ) -> None:
        for region in (small_grid.north, small_grid.south):
            builders.overload(region, at=now)
        told(now=now)
        client = signed_in(olga)
        first = client.get(NOTICES).json()["results"][0]["id"]

        one = client.post(f"{NOTICES}/read", {"ids": [first]}, content_type="application/json")
        unread = client.get(NOTICES, {"unread": "true"}).json()["results"]
        rest = client.post(f"{NOTICES}/read", {}, content_type="application/json")

        assert (one.json(), rest.json()) == ({"unread": 1}, {"unread": 0})
        assert [row["id"] != first for row in unread] == [True]

    def test_of_others_are_left_alone(
        self, small_grid: worlds.SmallGrid, olga: User, ada: User, now: datetime
    ) -> None:
        builders.overload(small_grid.north, at=now)
        told(now=now)
        hers = Notice.objects.in_app_of(ada).get()

        signed_in(olga).post(
            f"{NOTICES}/read", {"ids": [hers.pk]}, content_type="application/json"
        )

        hers.refresh_from_db()
        assert hers.read_at is None
