"""Prices in Django's admin: policies by version, overrides with preview, approval and end."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from segs_site.lib.manners import site_zone
from segs_site.lib.models import AuditEntry
from tariffs.models import PriceOverride, PricingPolicy, RegionPrice
from tests.tariffs import builders
from tests.tariffs.conftest import ahead

pytestmark = pytest.mark.django_db

POLICY = {
    "region": "",
    "effective_from_0": "2030-01-01",
    "effective_from_1": "00:00:00",
    "currency": "EUR",
    "base_price": "0.3",
    "bands": "0 50 1\n50 2",
    "hysteresis_pct": "2",
    "min_dwell_minutes": "0",
    "min_change": "0",
    "hold_minutes": "60",
    "slot_minutes": "15",
    "lead_s": "60",
    "approval_above_pct": "50",
}


@pytest.fixture
def desk(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def form(now: datetime, region_id: int, price: str = "0.25") -> dict[str, str]:
    """What Ada types: times of the site's clock."""
    start, end = (moment.astimezone(site_zone()) for moment in ahead(now))
    return {
        "region": str(region_id),
        "starts_at_0": f"{start:%Y-%m-%d}",
        "starts_at_1": f"{start:%H:%M:%S}",
        "ends_at_0": f"{end:%Y-%m-%d}",
        "ends_at_1": f"{end:%H:%M:%S}",
        "price": price,
        "reason": "storm",
    }


def add(desk: Client, typed: dict[str, str]) -> None:
    """Send the form, read the preview, send it again."""
    address = reverse("admin:tariffs_priceoverride_add")
    shown = desk.post(address, typed)
    assert "Send the form again" in shown.content.decode()
    seal = shown.context["adminform"].form["previewed"].value()
    assert desk.post(address, typed | {"previewed": seal}).status_code == 302


def act(desk: Client, name: str, row: PriceOverride) -> str:
    address = reverse("admin:tariffs_priceoverride_changelist")
    answer = desk.post(address, {"action": name, "_selected_action": [row.pk]}, follow=True)
    return answer.content.decode()


class TestPolicy:
    def test_is_added_as_the_next_version(self, desk: Client, ada: User) -> None:
        builders.policy()

        answer = desk.post(reverse("admin:tariffs_pricingpolicy_add"), POLICY)

        assert answer.status_code == 302
        made = PricingPolicy.objects.get(version=2)
        assert made.bands == [["0", "50", "1"], ["50", None, "2"]]
        assert made.created_by == ada.email

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"bands": "0 40 1\n50 2"}, "leave a gap"),
            ({"bands": "0 60 1\n50 2"}, "overlap"),
            ({"bands": "0 50 1\n50 60 2"}, "The last band is open"),
            ({"cap": "0", "floor": "1"}, "The cap is below the floor"),
            ({"slot_minutes": "1", "lead_s": "61"}, "earlier than one slot"),
            ({"slot_minutes": "7"}, "Select a valid choice"),
        ],
    )
    def test_that_cannot_price_every_load_is_refused(
        self, desk: Client, changes: dict[str, str], complaint: str
    ) -> None:
        answer = desk.post(reverse("admin:tariffs_pricingpolicy_add"), POLICY | changes)

        assert complaint in answer.content.decode()
        assert not PricingPolicy.objects.exists()

    def test_is_read_and_never_changed(self, desk: Client) -> None:
        made = builders.policy()
        address = reverse("admin:tariffs_pricingpolicy_change", args=[made.pk])

        assert desk.get(address).status_code == 200
        assert desk.post(address, POLICY).status_code == 403


class TestOverride:
    def test_goes_from_preview_to_approval_to_end_with_a_trail(
        self, desk: Client, ada: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        add(desk, form(now, priced[0].region_id, "0.9"))
        made = PriceOverride.objects.get()

        assert "another person has to approve it" in act(desk, "approve", made)
        anna = User.objects.create_superuser("anna@utility.example", "secret")
        desk.force_login(anna)
        assert "approved." in act(desk, "approve", made)
        assert "ended." in act(desk, "end", made)
        assert "nothing was done" in act(desk, "end", made)

        made.refresh_from_db()
        assert (made.requested_by, made.approved_by) == (ada.email, anna.email)
        assert made.price == Decimal("0.9")
        of_it = {"subject_type": "tariffs.PriceOverride", "subject_id": made.pk}
        trail = AuditEntry.objects.filter(**of_it).order_by("id")
        assert [entry.actor for entry in trail] == [ada.email, anna.email, anna.email]

    def test_is_shown_before_it_is_made_with_whom_it_touches_and_what_it_is_worth(
        self, desk: Client, used: list[RegionPrice], now: datetime
    ) -> None:
        typed = form(now, used[0].region_id, "0.9")

        shown = desk.post(reverse("admin:tariffs_priceoverride_add"), typed).content.decode()

        # 10 kWh each at 0.30, 0.20 and 0.40 until now
        assert "touches 1 customers" in shown
        assert "the last 30 days&#x27; 30 kWh would have cost 18.00 EUR more" in shown
        assert "A second person has to approve it." in shown
        assert not PriceOverride.objects.exists()

    def test_is_listed_by_region_and_person(
        self, desk: Client, ada: User, priced: list[RegionPrice], now: datetime
    ) -> None:
        add(desk, form(now, priced[0].region_id))
        address = reverse("admin:tariffs_priceoverride_changelist")

        def count(**query: object) -> int:
            return int(desk.get(address, query).context["cl"].result_count)

        assert count(region__id__exact=priced[0].region_id, requested_by=ada.email) == 1
        assert count(region__id__exact=priced[0].region_id + 1) == 0
        assert count(needs_approval__exact=1) == 0

    def test_is_listed_and_filtered(
        self, desk: Client, priced: list[RegionPrice], now: datetime
    ) -> None:
        add(desk, form(now, priced[0].region_id))
        address = reverse("admin:tariffs_priceoverride_changelist")

        assert "scheduled" in desk.get(address, {"q": "storm"}).content.decode()
        assert "0 price overrides" in desk.get(address, {"q": "calm"}).content.decode()

    def test_can_be_read(self, desk: Client, priced: list[RegionPrice], now: datetime) -> None:
        add(desk, form(now, priced[0].region_id))
        made = PriceOverride.objects.get()

        answer = desk.get(reverse("admin:tariffs_priceoverride_change", args=[made.pk]))

        assert "storm" in answer.content.decode()


class TestPrices:
    def test_are_read_and_never_added(self, desk: Client, priced: list[RegionPrice]) -> None:
        assert desk.get(reverse("admin:tariffs_regionprice_changelist")).status_code == 200
        assert desk.get(reverse("admin:tariffs_regionprice_add")).status_code == 403
