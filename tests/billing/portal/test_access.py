"""Who sees which page of the portal."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from billing.models import Dispute
from tests.billing import bills
from tests.billing.portal.pages import give, page, shown
from tests.billing.worlds import (
    home,
)

pytestmark = pytest.mark.django_db
PAGES = ("portal-home", "portal-usage", "portal-prices", "portal-bills")


class TestAccess:
    def test_leads_a_customer_from_the_first_address_to_his_home(self, carls: Client) -> None:
        answer = carls.get("/")

        assert answer.headers["Location"] == reverse("portal-home")

    @pytest.mark.parametrize("name", PAGES)
    def test_sends_a_stranger_to_the_sign_in(self, client: Client, name: str) -> None:
        answer = client.get(reverse(name))

        assert answer.headers["Location"] == f"/sign-in/?next={reverse(name)}"

    def test_stands_in_the_navigation_of_customers_alone(
        self, client: Client, carls: Client, olga: User
    ) -> None:
        entries = [f'href="{reverse(name)}"' for name in PAGES]
        his = shown(carls, "portal-home")
        client.force_login(olga)
        hers = page(client.get("/"))

        assert all(entry in his for entry in entries)
        assert not any(entry in hers for entry in entries)

    @pytest.mark.parametrize("name", PAGES)
    def test_shows_who_has_nothing_why_and_no_figure(self, carls: Client, name: str) -> None:
        give(home("B"), User.objects.create_user("otto@home.example", "secret"))

        said = shown(carls, name)

        assert "EUR" not in said
        assert any(
            words in said
            for words in ("Nothing is connected", "You take no service", "There is no bill yet")
        )

    @pytest.mark.parametrize("name", ["portal-bill", "portal-line", "portal-dispute"])
    def test_knows_no_bill_of_another(self, carls: Client, carl: User, name: str) -> None:
        give(home("A"), carl)
        foreign = bills.bill(
            home("B"), date(2026, 5, 1), kwh="10", lines=[("energy", "Energy", "2.50")]
        )
        places = [0] if name == "portal-line" else []

        answers = [
            carls.post(reverse(name, args=[pk, *places]), {"reason": "odd"})
            if name == "portal-dispute"
            else carls.get(reverse(name, args=[pk, *places]))
            for pk in (foreign.pk, 999_999)
        ]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert not Dispute.objects.exists()

    def test_shows_an_operator_her_own_bills_alone(
        self, client: Client, olga: User, carl: User
    ) -> None:
        made = give(home("A"), carl)
        his = bills.bill(made, date(2026, 5, 1), kwh="10", lines=[("energy", "Energy", "2.50")])
        client.force_login(olga)

        assert client.get(reverse("portal-bill", args=[his.pk])).status_code == 404
        assert "There is no bill yet" in shown(client, "portal-bills")
