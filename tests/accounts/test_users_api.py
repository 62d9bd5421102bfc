"""Administrators let people in, give them roles and bar them; the last one stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.api import tokens
from accounts.choices import LetterKind, UserRole
from accounts.models import Letter, RecoveryCode, Totp, User
from accounts.services import one_time_codes
from accounts.services.second_factor import renew_recovery_codes
from segs_site.lib.models import AuditEntry
from tests.accounts.doors import STRONG, Api, letters, link, token

pytestmark = pytest.mark.django_db

USERS = "/api/admin/users"
NINA = "nina@utility.example"


@pytest.fixture
def desk(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def change(client: Client, user: User, **said: Any) -> Any:
    return client.patch(f"{USERS}/{user.pk}", said, content_type="application/json")


def invite(client: Client, **said: Any) -> Any:
    body = {"email": "Nina@utility.example", "role": "clerk"} | said
    return client.post(USERS, body, content_type="application/json")


class TestTheList:
    def test_holds_everybody(self, desk: Client, ada: User, olga: User, carl: User) -> None:
        rows = desk.get(USERS).json()["results"]

        assert [row["email"] for row in rows] == [ada.email, olga.email, carl.email]
        assert "password" not in rows[0]

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ({"role": "operator"}, ["olga@utility.example"]),
            ({"is_active": "false"}, ["carl@home.example"]),
            ({"search": "OLGA utility"}, ["olga@utility.example"]),
            ({"search": "nobody"}, []),
        ],
        ids=["role", "barred", "words", "nothing"],
    )
    def test_is_filtered(
        self, desk: Client, olga: User, carl: User, wanted: dict[str, str], found: list[str]
    ) -> None:
        User.objects.filter(pk=carl.pk).update(is_active=False)

        assert [row["email"] for row in desk.get(USERS, wanted).json()["results"]] == found

    def test_is_asked_in_few_questions(
        self, desk: Client, olga: User, carl: User, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(6):
            desk.get(USERS)

    def test_is_for_administrators(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        assert client.get(USERS).status_code == 403


class TestInviting:
    def test_makes_a_user_who_chooses_his_password_by_mail(self, desk: Client) -> None:
        answer = invite(desk)

        nina = User.objects.get(email="nina@utility.example")
        assert (answer.status_code, answer.json()["id"]) == (201, nina.pk)
        assert nina.role == UserRole.CLERK
        assert not nina.has_usable_password()
        assert Letter.objects.get().kind == LetterKind.INVITED

    def test_says_so_in_a_mail_whose_link_holds_a_week_and_works_once(
        self, desk: Client, settings: Any
    ) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            invite(desk)
            (letter,) = letters()
            clock.shift(timedelta(days=7) - timedelta(seconds=1))
            shown = Client().get(link(letter)).status_code
            first, again = (
                Client().post(link(letter), {"password": STRONG}).status_code for _ in range(2)
            )

        assert (letter.subject, letter.to) == ("You are invited to SEGS", [NINA])
        assert "as billing clerk" in letter.body
        assert (shown, first, again) == (200, 200, 400)
        assert User.objects.get(email=NINA).check_password(STRONG)

    def test_ends_after_a_week(self, desk: Client) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            invite(desk)
            (letter,) = letters()
            clock.shift(timedelta(days=7))
            answer = Api(Client()).post(
                "auth/reset-password", token=token(letter), password=STRONG
            )

        assert (answer.status_code, answer.json()["code"]) == (400, "link_expired")

    def test_in_the_admin_sends_the_same_mail(self, desk: Client) -> None:
        fields = {"email": NINA, "role": "clerk", "usable_password": "false"}

        answer = desk.post(reverse("admin:accounts_user_add"), fields)

        assert answer.status_code == 302, answer.context["errors"]
        assert [letter.subject for letter in letters()] == ["You are invited to SEGS"]

    def test_refuses_an_address_that_is_known_in_any_case(self, desk: Client, olga: User) -> None:
        answer = invite(desk, email="OLGA@utility.example")

        assert (answer.status_code, answer.json()["code"]) == (409, "user_known")
        assert not Letter.objects.exists()

    def test_refuses_a_role_that_is_none(self, desk: Client) -> None:
        assert invite(desk, role="king").status_code == 400


class TestChanging:
    def test_gives_a_role_which_counts_at_once(self, desk: Client, olga: User, carl: User) -> None:
        his = Client()
        his.force_login(carl)
        assert his.get("/api/admin/grid/status").status_code == 403

        answer = change(desk, carl, role="operator")

        assert (answer.status_code, answer.json()["role"]) == (200, "operator")
        assert his.get("/api/admin/grid/status").status_code == 200

    def test_bars_somebody_at_once(self, desk: Client, olga: User) -> None:
        hers = Client()
        hers.force_login(olga)

        assert change(desk, olga, is_active=False).status_code == 200

        assert hers.get("/api/admin/grid/status").status_code in (401, 403)

    def test_keeps_what_is_not_given(self, desk: Client, olga: User) -> None:
        said = change(desk, olga, first_name="Olga").json()

        assert (said["first_name"], said["role"], said["is_active"]) == ("Olga", "operator", True)

    def test_of_nobody_is_not_found(self, desk: Client, ada: User) -> None:
        assert desk.get(f"{USERS}/{ada.pk + 1}").status_code == 404


class TestALostSecondFactor:
    @pytest.fixture
    def lost(self, olga: User, now: datetime) -> User:
        """Olga, whose codes of an app were on."""
        one_time_codes.begin(user=olga)
        Totp.objects.update(confirmed_at=now)
        renew_recovery_codes(user=olga)
        return olga

    def reset(self, client: Client, user: User) -> Any:
        return client.post(f"{USERS}/{user.pk}/reset-second-factor")

    def test_is_taken_away_so_that_the_password_does(self, desk: Client, lost: User) -> None:
        before = Api(Client()).login().json()["code"]
        listed = desk.get(f"{USERS}/{lost.pk}").json()["has_second_factor"]

        answer = self.reset(desk, lost)

        assert (before, listed) == ("second_factor_required", True)
        assert answer.status_code == 204
        assert desk.get(f"{USERS}/{lost.pk}").json()["has_second_factor"] is False
        assert not RecoveryCode.objects.exists()
        assert Api(Client()).login().status_code == 200

    def test_is_told_to_its_owner(self, desk: Client, lost: User) -> None:
        self.reset(desk, lost)

        (letter,) = letters()
        assert letter.to == [lost.email]
        assert letter.subject == "Your second factor for SEGS was taken away"
        assert link(letter) == "/account/second-factor/"

    def test_ends_the_tokens_which_may_lie_on_the_lost_device(
        self, desk: Client, lost: User, now: datetime
    ) -> None:
        access = tokens.start(lost, now=now)["access"]

        self.reset(desk, lost)

        assert not Api(Client()).knows(access)

    def test_is_in_the_trail_with_who_took_it(self, desk: Client, lost: User, ada: User) -> None:
        self.reset(desk, lost)

        taken = AuditEntry.objects.filter(subject_type="accounts.Totp", verb="delete").get()
        assert (taken.subject_id, taken.actor) == (str(lost.pk), ada.email)

    def test_of_somebody_who_has_none_is_refused(self, desk: Client, olga: User) -> None:
        answer = self.reset(desk, olga)

        assert (answer.status_code, answer.json()["code"]) == (409, "no_second_factor")
        assert not Letter.objects.exists()

    def test_of_oneself_takes_the_password(self, desk: Client, lost: User, ada: User) -> None:
        Totp.objects.update(user=ada)

        answer = self.reset(desk, ada)

        assert (answer.status_code, answer.json()["code"]) == (409, "own_second_factor")
        assert Totp.objects.filter(user=ada).exists()

    def test_is_taken_away_in_the_admin_too(self, desk: Client, lost: User, ada: User) -> None:
        chosen = {"action": "reset_second_factor", "_selected_action": [lost.pk, ada.pk]}

        page = desk.post(reverse("admin:accounts_user_changelist"), chosen, follow=True)

        said = [str(message) for message in page.context["messages"]]
        assert said == [
            "Your own you remove on the page of your account.",
            "olga@utility.example has no second factor any more; a mail says so.",
        ]
        assert not Totp.objects.exists()


class TestTheLastAdministrator:
    @pytest.mark.parametrize("said", [{"role": "operator"}, {"is_active": False}])
    def test_cannot_lock_himself_out(self, desk: Client, ada: User, said: dict[str, Any]) -> None:
        answer = change(desk, ada, **said)

        ada.refresh_from_db()
        assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
        assert (ada.role, ada.is_active) == (UserRole.ADMIN, True)

    def test_may_go_when_another_comes(self, desk: Client, ada: User, olga: User) -> None:
        change(desk, olga, role="admin")

        assert change(desk, ada, role="operator").status_code == 200

    def test_is_not_relieved_by_one_who_is_barred(
        self, desk: Client, ada: User, olga: User
    ) -> None:
        User.objects.filter(pk=olga.pk).update(role=UserRole.ADMIN, is_active=False)

        assert change(desk, ada, role="operator").status_code == 409

    def test_cannot_do_so_in_the_admin_either(self, desk: Client, ada: User) -> None:
        form = {"email": ada.email, "role": "operator", "is_active": "on"}

        answer = desk.post(reverse("admin:accounts_user_change", args=[ada.pk]), form)

        ada.refresh_from_db()
        assert answer.status_code == 200
        assert "Nobody would be left" in answer.content.decode()
        assert ada.role == UserRole.ADMIN


class TestTheAdmin:
    def test_opens_by_role_alone(self, client: Client, olga: User) -> None:
        User.objects.filter(pk=olga.pk).update(is_staff=True, is_superuser=True)
        client.force_login(olga)

        assert client.get("/admin/").status_code == 302
        assert client.get("/admin/", follow=True).status_code == 403

    def test_opens_to_whoever_was_made_an_administrator(self, client: Client, olga: User) -> None:
        User.objects.filter(pk=olga.pk).update(role=UserRole.ADMIN)
        client.force_login(olga)

        assert client.get(reverse("admin:accounts_user_changelist")).status_code == 200

    def test_deletes_nobody(self, desk: Client, olga: User) -> None:
        address = reverse("admin:accounts_user_delete", args=[olga.pk])

        assert desk.post(address, {"post": "yes"}).status_code == 403
