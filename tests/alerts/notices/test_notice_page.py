import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from alerts.models import Notice, NoticeSettings
from tests import worlds

pytestmark = pytest.mark.django_db

PAGE = "/account/notices/"
WANTED = {"in_app_from": "1", "mail_from": "3", "quiet_from": "22:00", "quiet_until": "06:30"}


@pytest.fixture(autouse=True)
def _no_gateway(settings: LazySettings) -> None:
    settings.SEGS_SMS_URL = ""


class TestThePage:
    def test_keeps_what_an_operator_chooses(
        self, small_grid: worlds.SmallGrid, client: Client, olga: User
    ) -> None:
        client.force_login(olga)
        chosen = WANTED | {"regions": [small_grid.north.pk], "is_on_duty": "on"}

        answer = client.post(PAGE, chosen, follow=True)

        row = NoticeSettings.objects.get(user=olga)
        assert "Your settings are kept." in answer.content.decode()
        assert (row.in_app_from, row.mail_from, row.is_on_duty) == (1, 3, True)
        assert (row.critical_passes, list(row.regions.all())) == (False, [small_grid.north])

    def test_offers_text_messages_only_where_there_is_a_gateway(
        self, client: Client, olga: User, settings: LazySettings
    ) -> None:
        client.force_login(olga)
        without = client.get(PAGE).content.decode()
        settings.SEGS_SMS_URL = "console:"

        with_one = client.get(PAGE).content.decode()

        assert ("sms_from" in without, "sms_from" in with_one) == (False, True)

    def test_asks_a_customer_only_what_concerns_him_and_keeps_the_rest(
        self, client: Client, carl: User
    ) -> None:
        client.force_login(carl)
        page = client.get(PAGE).content.decode()

        client.post(PAGE, WANTED)

        assert "is_on_duty" not in page
        assert NoticeSettings.objects.get(user=carl).critical_passes

    def test_says_what_is_wrong_with_half_of_quiet_hours(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        answer = client.post(PAGE, WANTED | {"quiet_until": ""})

        assert "Quiet hours need a beginning" in answer.content.decode()
        assert not NoticeSettings.objects.exists()

    def test_sends_a_test(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        answer = client.post(f"{PAGE}test/", follow=True)

        assert "A test comes within seconds." in answer.content.decode()
        assert Notice.objects.filter(user=olga, occasion="test").count() == 2
