from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from alerts.choices import Channel, NoticeState, Occasion
from alerts.models import Lane, Notice, WebhookEndpoint
from alerts.notifications import signing
from alerts.notifications.carriers import Broken
from alerts.services import endpoints
from segs_site.lib import vault
from segs_site.lib.models import AuditEntry
from tests import worlds
from tests.alerts.notices import builders
from tests.alerts.notices.builders import Post, delivered, told

pytestmark = pytest.mark.django_db

ENDPOINTS = "admin:alerts_webhookendpoint_changelist"


@pytest.fixture
def desk(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def add(desk: Client, **said: object) -> str:
    """Add an endpoint by the form, and return what was answered."""
    form = {
        "name": "scada",
        "url": "https://scada.example/alerts",
        "severity_from": 1,
        "is_enabled": "on",
    }
    answer = desk.post(reverse("admin:alerts_webhookendpoint_add"), form | said)
    return answer.content.decode()


class TestAnEndpoint:
    def test_is_made_with_a_secret_that_is_shown_once(self, desk: Client) -> None:
        page = add(desk)

        shown = page.partition("<code>")[2].partition("</code>")[0]
        endpoint = WebhookEndpoint.objects.get()
        kept = vault.of(endpoints.PURPOSE).decrypt(bytes(endpoint.secret))
        assert shown == signing.spelled(kept)
        change = reverse("admin:alerts_webhookendpoint_change", args=[endpoint.pk])
        for address in (reverse(ENDPOINTS), change):
            assert shown not in desk.get(address).content.decode()

    def test_keeps_its_secret_out_of_the_audit_trail(self, desk: Client, ada: User) -> None:
        add(desk)

        entry = AuditEntry.objects.get(subject_type="alerts.WebhookEndpoint")
        sealed = bytes(WebhookEndpoint.objects.get().secret)
        assert entry.actor == ada.email
        assert sealed.hex() not in str(entry.after)

    @pytest.mark.parametrize(
        "url", ["http://scada.example/", "https://user:secret@scada.example/", "scada"]
    )
    def test_is_refused_where_it_would_never_be_told(self, desk: Client, url: str) -> None:
        add(desk, url=url)

        assert not WebhookEndpoint.objects.exists()

    def test_keeps_its_regions_and_changes(
        self, small_grid: worlds.SmallGrid, desk: Client
    ) -> None:
        add(desk, regions=[small_grid.north.pk])
        endpoint = WebhookEndpoint.objects.get()
        form = {"name": "scada", "url": endpoint.url, "severity_from": 4}

        desk.post(reverse("admin:alerts_webhookendpoint_change", args=[endpoint.pk]), form)

        changed = WebhookEndpoint.objects.get()
        assert (changed.severity_from, changed.is_enabled) == (4, False)
        assert bytes(changed.secret) == bytes(endpoint.secret)

    def test_gets_another_secret_and_a_test_from_the_list(
        self, desk: Client, now: datetime
    ) -> None:
        endpoint, secret = endpoints.add(name="scada", url="https://scada.example/", now=now)
        Lane.objects.create(name=endpoint.lane, rests_until=now.replace(year=now.year + 1))
        chosen = {"_selected_action": [endpoint.pk]}

        renewed = desk.post(reverse(ENDPOINTS), chosen | {"action": "renew_secret"})
        desk.post(reverse(ENDPOINTS), chosen | {"action": "send_test"})

        assert "whsec_" in renewed.content.decode()
        assert secret not in renewed.content.decode()
        assert Notice.objects.get(endpoint=endpoint).occasion == Occasion.TEST
        assert Lane.objects.get().rests_until is None


class TestADeadNotice:
    def test_is_listed_with_its_reason_and_sent_again(
        self, small_grid: worlds.SmallGrid, desk: Client, now: datetime
    ) -> None:
        builders.region_outage(small_grid.north, at=now)
        told(now=now)
        delivered("mail", now=now, post=Post(problems=[Broken("no such mailbox", 550)]))
        dead = Notice.objects.get(channel=Channel.MAIL)
        changelist = reverse("admin:alerts_notice_changelist")
        listed = desk.get(changelist, {"state__exact": "dead"}).content.decode()
        log = desk.get(reverse("admin:alerts_notice_change", args=[dead.pk])).content.decode()

        desk.post(changelist, {"action": "replay", "_selected_action": [dead.pk]})

        dead.refresh_from_db()
        assert "no such mailbox" in listed
        assert "550" in log
        assert (dead.state, dead.attempts, dead.reason) == (NoticeState.WAITING, 0, "")

    def test_is_nothing_an_operator_finds(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        answer = client.get(reverse("admin:alerts_notice_changelist"))

        assert answer.status_code in (302, 403)
