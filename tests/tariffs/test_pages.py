"""The tariff page: who sees it, and an override from preview to end."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.choices import UserRole
from accounts.models import User
from segs_site.lib.models import AuditEntry
from tariffs.models import PriceOverride, RegionPrice
from tests.tariffs.conftest import ahead

pytestmark = pytest.mark.django_db
PAGE = "/tariffs/"


@pytest.fixture
def oscar(db: None) -> User:
    """Operates as well."""
    return User.objects.create_user("oscar@utility.example", "secret", role=UserRole.OPERATOR)


@pytest.fixture
def desk(client: Client, olga: User) -> Client:
    client.force_login(olga)
    return client


def typed(now: datetime, **changes: str) -> dict[str, str]:
    """What Olga types: times of the site."""
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    start, end = (f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}" for moment in ahead(now))
    return {"starts_at": start, "ends_at": end, "price": "0.25", "reason": "storm"} | changes


def send(client: Client, form: dict[str, str], *, times: int = 1) -> object:
    """Send the form; the second time with the seal of the preview."""
    answer = client.post(PAGE, form)
    for _ in range(times - 1):
        seal = answer.context["form"]["previewed"].value()
        answer = client.post(PAGE, form | {"previewed": seal})
    return answer


class TestAccess:
    def test_is_by_sign_in(self, client: Client) -> None:
        assert client.get(PAGE)["Location"] == "/sign-in/?next=/tariffs/"

    def test_is_not_carls(self, client: Client, carl: User) -> None:
        client.force_login(carl)

        assert client.get(PAGE).status_code == 403

    def test_of_the_form_needs_the_right_to_set_prices(
        self, client: Client, priced: list[RegionPrice], now: datetime
    ) -> None:
        clara = User.objects.create_user("clara@utility.example", "x", role=UserRole.CLERK)
        client.force_login(clara)

        assert "Set a price" not in client.get(PAGE).content.decode()
        assert client.post(PAGE, typed(now)).status_code == 403


class TestPage:
    def test_shows_policy_and_navigation(self, desk: Client, priced: list[RegionPrice]) -> None:
        page = desk.get(PAGE).content.decode()

        assert 'href="/tariffs/" aria-current="page"' in page
        assert "default v1" in page
        assert "75–90 % × 1.5" in page
        assert "prices follow the load" in page

    def test_costs_few_queries(
        self, desk: Client, priced: list[RegionPrice], django_assert_max_num_queries
    ) -> None:
        with django_assert_max_num_queries(12):  # two of them count what the bar shows
            desk.get(PAGE)


class TestOverride:
    def test_is_shown_before_it_is_made(
        self, desk: Client, priced: list[RegionPrice], now: datetime
    ) -> None:
        form = typed(now, region=str(priced[0].region_id))

        answer = send(desk, form)

        page = answer.content.decode()
        assert "What it would do" in page
        assert "Request this override" in page
        assert answer.context["form"].preview.first == ahead(now)[0]
        assert not PriceOverride.objects.exists()

    def test_is_shown_with_whom_it_touches_and_what_it_is_worth(
        self, desk: Client, used: list[RegionPrice], now: datetime
    ) -> None:
        page = send(desk, typed(now, region=str(used[0].region_id), price="0.9")).content.decode()

        assert "<dt>Customers touched</dt><dd>1</dd>" in page
        assert "30 kWh would have cost 18.00 EUR more at this price" in page
        assert "a second person has to approve it" in page

    def test_is_made_when_sent_again(
        self, desk: Client, priced: list[RegionPrice], now: datetime
    ) -> None:
        answer = send(desk, typed(now, region=str(priced[0].region_id)), times=2)

        made = PriceOverride.objects.get()
        assert answer.status_code == 302
        assert (made.starts_at, made.ends_at) == ahead(now)
        assert made.requested_by == "olga@utility.example"
        assert "begins in" in desk.get(PAGE).content.decode()

    def test_changed_after_the_preview_is_shown_anew(
        self, desk: Client, priced: list[RegionPrice], now: datetime
    ) -> None:
        form = typed(now, region=str(priced[0].region_id))
        seal = send(desk, form).context["form"]["previewed"].value()

        answer = desk.post(PAGE, form | {"price": "0.1", "previewed": seal})

        assert answer.context["form"].preview is not None
        assert not PriceOverride.objects.exists()

    def test_names_the_field_that_is_wrong(
        self, desk: Client, priced: list[RegionPrice], now: datetime
    ) -> None:
        region = str(priced[0].region_id)
        backwards = typed(now, region=region, ends_at="2020-01-01T00:00")
        both = typed(now, region=region, multiplier="2")

        assert "ends_at" in send(desk, backwards).context["form"].errors
        assert "price" in send(desk, both).context["form"].errors
        assert "region" in send(desk, typed(now)).context["form"].errors

    def test_over_another_is_refused_in_words(
        self, desk: Client, priced: list[RegionPrice], now: datetime
    ) -> None:
        form = typed(now, region=str(priced[0].region_id))
        send(desk, form, times=2)

        answer = send(desk, form, times=2)

        assert "overlaps this window" in answer.content.decode()

    def test_goes_from_request_to_approval_to_end_with_a_trail(
        self, desk: Client, olga: User, oscar: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        send(desk, typed(now, region=str(priced[0].region_id), price="0.9"), times=2)
        made = PriceOverride.objects.get()
        approve = reverse("override-approve", args=[made.pk])

        alone = desk.post(approve, follow=True).content.decode()
        desk.force_login(oscar)
        together = desk.post(approve, follow=True).content.decode()
        ended = desk.post(reverse("override-end", args=[made.pk]), follow=True).content.decode()

        assert "Another person has to approve it" in alone
        assert "The override is approved." in together
        assert "The override has ended." in ended
        assert "ended by oscar@utility.example" in ended
        of_it = {"subject_type": "tariffs.PriceOverride", "subject_id": made.pk}
        trail = AuditEntry.objects.filter(**of_it).order_by("id")
        assert [entry.actor for entry in trail] == [olga.email, oscar.email, oscar.email]

    def test_that_stands_otherwise_by_now_is_left(
        self, desk: Client, priced: list[RegionPrice], now: datetime
    ) -> None:
        send(desk, typed(now, region=str(priced[0].region_id)), times=2)
        end = reverse("override-end", args=[PriceOverride.objects.get().pk])
        desk.post(end)

        assert "stands otherwise by now" in desk.post(end, follow=True).content.decode()
