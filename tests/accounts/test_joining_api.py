"""Registering, confirming, forgetting and changing passwords by REST."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as outbox
from django.db import IntegrityError
from django.test import Client

from accounts.models import Letter, Registration, TokenFamily, User
from accounts.services import guarding
from tests.accounts.doors import NEW, STRONG, Api, at_once, letters, link, token, told

pytestmark = pytest.mark.django_db
NINA = "nina@home.example"


def register(api: Api, email: str = NINA, password: str = STRONG) -> Any:
    return api.post("auth/register", email=email, password=password, first_name="Nina")


class TestRegistering:
    def test_makes_a_customer_once_the_mail_is_confirmed(self, api: Api) -> None:
        register(api)
        before = api.login(NINA, STRONG).status_code
        (letter,) = letters()

        answer = api.post("auth/verify-email", token=token(letter))

        assert (before, answer.json()) == (401, {"password_is_set": True})
        assert api.login(NINA, STRONG).status_code == 200
        assert User.objects.get(email=NINA).role == "customer"

    def test_writes_to_the_address_alone(self, api: Api) -> None:
        register(api)

        (letter,) = letters()

        assert letter.to == [NINA]
        assert link(letter).startswith("/verify-email/")

    def test_reads_the_same_for_an_address_that_is_known(self, api: Api, carl: User) -> None:
        unknown, known = register(api), register(api, "Carl@home.example")

        assert told(unknown) == told(known)
        assert unknown.status_code == 202

    def test_asks_the_database_the_same_for_an_address_that_is_known(
        self, api: Api, carl: User, django_assert_num_queries: Any
    ) -> None:
        register(api, "first@home.example")  # makes the row of the network address
        with django_assert_num_queries(6) as unknown:
            register(api)
        with django_assert_num_queries(6) as known:
            register(api, "carl@home.example")

        kinds = [[it["sql"][:25] for it in each.captured_queries] for each in (unknown, known)]
        assert kinds[0] == kinds[1]

    def test_of_a_known_address_changes_nothing_and_tells_its_owner(
        self, api: Api, carl: User
    ) -> None:
        register(api, carl.email)

        (letter,) = letters()

        assert "already" in letter.subject
        assert api.login(carl.email, "secret-carl").status_code == 200

    @pytest.mark.parametrize("password", ["short", "password", "1234567890", NINA])
    def test_refuses_a_weak_password(self, api: Api, password: str) -> None:
        answer = register(api, password=password)

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["password"])
        assert not Registration.objects.exists()

    def test_keeps_no_password_in_clear(self, api: Api) -> None:
        register(api)

        assert STRONG not in Registration.objects.get().password

    def test_of_many_from_one_network_address_is_stopped(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few = guarding.Limit("register", 2, timedelta(hours=1), timedelta(hours=1))
        monkeypatch.setattr(guarding, "REGISTRATIONS_OF_ADDRESS", few)

        codes = [register(api, f"n{place}@home.example").status_code for place in range(3)]

        assert codes == [202, 202, 429]


class TestConfirming:
    def test_works_once(self, api: Api) -> None:
        register(api)
        (letter,) = letters()

        answers = [api.post("auth/verify-email", token=token(letter)) for _ in range(2)]

        assert answers[1].status_code == 400
        assert answers[1].json()["code"] == "link_used"

    def test_says_when_its_time_is_over(self, api: Api) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            register(api)
            (letter,) = letters()
            clock.shift(timedelta(days=2))

            answer = api.post("auth/verify-email", token=token(letter))

        assert (answer.status_code, answer.json()["code"]) == (400, "link_expired")

    @pytest.mark.parametrize("sent", ["x", "a:b:c", "ä", "." * 1000])
    def test_says_what_is_no_link_of_ours(self, api: Api, sent: str) -> None:
        answer = api.post("auth/verify-email", token=sent)

        assert (answer.status_code, answer.json()["code"]) == (400, "link_invalid")

    def test_takes_no_link_that_was_made_for_something_else(self, api: Api, carl: User) -> None:
        api.post("auth/forgot-password", email=carl.email)
        (letter,) = letters()

        answer = api.post("auth/verify-email", token=token(letter))

        assert answer.json()["code"] == "link_invalid"

    def test_gives_no_password_of_a_stranger_to_an_address_registered_twice(
        self, api: Api
    ) -> None:
        register(api, password=STRONG)
        register(api, password="chosen-by-a-stranger")
        newest = letters()[-1]

        answer = api.post("auth/verify-email", token=token(newest))

        assert answer.json() == {"password_is_set": False}
        assert api.login(NINA, "chosen-by-a-stranger").status_code == 401
        assert api.login(NINA, STRONG).status_code == 401
        assert link(letters()[0]).startswith("/reset-password/")

    def test_can_be_asked_for_again(self, api: Api) -> None:
        register(api)
        letters()

        answer = api.post("auth/resend-verification", email=NINA.upper())
        (letter,) = letters()

        assert answer.status_code == 202
        assert api.post("auth/verify-email", token=token(letter)).status_code == 200

    def test_of_an_address_that_never_registered_sends_nothing(self, api: Api) -> None:
        answer = api.post("auth/resend-verification", email="nobody@home.example")

        assert (answer.status_code, letters()) == (202, [])


class TestForgetting:
    def forget(self, api: Api, email: str) -> Any:
        return api.post("auth/forgot-password", email=email)

    def test_lets_whoever_reads_the_mail_choose(self, api: Api, carl: User) -> None:
        self.forget(api, carl.email)
        (letter,) = letters()

        answer = api.post("auth/reset-password", token=token(letter), password=NEW)

        assert answer.status_code == 204
        assert api.login(carl.email, NEW).status_code == 200
        assert api.login(carl.email, "secret-carl").status_code == 401

    def test_reads_the_same_for_an_address_that_nobody_has(self, api: Api, carl: User) -> None:
        known, unknown = self.forget(api, carl.email), self.forget(api, "nobody@home.example")

        assert told(known) == told(unknown)
        assert [letter.to for letter in letters()] == [[carl.email]]

    def test_asks_the_database_the_same_for_an_address_that_nobody_has(
        self, api: Api, carl: User, django_assert_num_queries: Any
    ) -> None:
        self.forget(api, "first@home.example")
        with django_assert_num_queries(4):
            self.forget(api, carl.email)
        with django_assert_num_queries(4):
            self.forget(api, "nobody@home.example")

    def test_fills_nobodys_mailbox(self, api: Api, carl: User) -> None:
        answers = [self.forget(api, carl.email) for _ in range(8)]

        assert {answer.status_code for answer in answers} == {202}
        assert len(letters()) == 5

    def test_works_once(self, api: Api, carl: User) -> None:
        self.forget(api, carl.email)
        (letter,) = letters()
        api.post("auth/reset-password", token=token(letter), password=NEW)

        answer = api.post("auth/reset-password", token=token(letter), password=STRONG)

        assert (answer.status_code, answer.json()["code"]) == (400, "link_used")

    def test_says_when_its_time_is_over(self, api: Api, carl: User) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            self.forget(api, carl.email)
            (letter,) = letters()
            clock.shift(timedelta(hours=1))

            answer = api.post("auth/reset-password", token=token(letter), password=NEW)

        assert answer.json()["code"] == "link_expired"

    def test_ends_a_lock(self, api: Api, carl: User) -> None:
        for _ in range(11):
            api.login(carl.email, "guess")
        self.forget(api, carl.email)
        (letter,) = letters()
        api.post("auth/reset-password", token=token(letter), password=NEW)

        assert api.login(carl.email, NEW).status_code == 200

    def test_ends_tokens_and_sessions(self, api: Api, carl: User) -> None:
        browser = Client()
        browser.force_login(carl)
        pair = api.pair(carl.email, "secret-carl")
        self.forget(api, carl.email)
        (letter,) = letters()
        api.post("auth/reset-password", token=token(letter), password=NEW)

        assert not api.knows(pair["access"])
        assert api.post("auth/refresh", refresh=pair["refresh"]).status_code == 401
        assert browser.get("/account/").status_code == 302

    def test_keeps_the_link_for_a_better_password(self, api: Api, carl: User) -> None:
        self.forget(api, carl.email)
        (letter,) = letters()

        weak = api.post("auth/reset-password", token=token(letter), password="short")
        strong = api.post("auth/reset-password", token=token(letter), password=NEW)

        assert (weak.status_code, strong.status_code) == (400, 204)

    def test_of_somebody_barred_sends_nothing(self, api: Api, carl: User) -> None:
        User.objects.update(is_active=False)
        self.forget(api, carl.email)

        assert letters() == []


@pytest.mark.django_db(transaction=True)
class TestALinkFollowedTwiceAtOnce:
    def test_makes_one_user(self, api: Api) -> None:
        register(api)
        (letter,) = letters()

        answers = at_once(lambda: follow("auth/verify-email", token=token(letter)), times=4)

        assert sorted(answers) == [200, 400, 400, 400]
        assert User.objects.count() == 1

    def test_sets_one_password(self, api: Api, carl: User) -> None:
        api.post("auth/forgot-password", email=carl.email)
        (letter,) = letters()

        answers = at_once(
            lambda: follow("auth/reset-password", token=token(letter), password=NEW), times=4
        )

        assert sorted(answers) == [204, 400, 400, 400]


def follow(path: str, **body: str) -> int:
    return Api(Client()).post(path, **body).status_code


class TestChanging:
    def change(self, api: Api, access: str, old: str = "secret-carl", new: str = NEW) -> Any:
        return api.post("auth/change-password", access, old_password=old, password=new)

    def test_ends_all_others_and_goes_on_with_new_tokens(self, api: Api, carl: User) -> None:
        other, mine = (api.pair(carl.email, "secret-carl") for _ in range(2))
        browser = Client()
        browser.force_login(carl)

        new = self.change(api, mine["access"]).json()

        assert [api.knows(it["access"]) for it in (other, mine, new)] == [False, False, True]
        assert TokenFamily.objects.filter(ended_at=None).count() == 1
        assert api.post("auth/refresh", refresh=other["refresh"]).status_code == 401
        assert api.post("auth/refresh", refresh=new["refresh"]).status_code == 200
        assert browser.get("/account/").status_code == 302

    def test_tells_the_person_by_mail(self, api: Api, carl: User) -> None:
        self.change(api, api.pair(carl.email, "secret-carl")["access"])

        assert "changed" in letters()[0].subject

    def test_asks_for_the_present_password(self, api: Api, carl: User) -> None:
        access = api.pair(carl.email, "secret-carl")["access"]

        answer = self.change(api, access, old="guess")

        assert (answer.status_code, answer.json()["code"]) == (403, "wrong_password")

    def test_is_no_way_to_guess(self, api: Api, carl: User) -> None:
        access = api.pair(carl.email, "secret-carl")["access"]
        for _ in range(10):
            self.change(api, access, old="guess")

        assert self.change(api, access).status_code == 429

    def test_refuses_a_weak_password(self, api: Api, carl: User) -> None:
        access = api.pair(carl.email, "secret-carl")["access"]

        assert self.change(api, access, new="short").status_code == 400
        assert api.knows(access)

    def test_is_not_open_to_a_stranger(self, api: Api) -> None:
        answer = api.post("auth/change-password", old_password="a", password=NEW)

        assert answer.status_code == 401


class TestAnAddress:
    def test_is_one_persons_whatever_its_case(self, carl: User) -> None:
        with pytest.raises(IntegrityError, match="user_email_once"):
            User.objects.create(email="CARL@home.example")


class TestMail:
    def test_that_failed_is_sent_later(
        self, api: Api, carl: User, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            api.post("auth/forgot-password", email=carl.email)
            works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "no.such.Backend"
            failed = letters()
            settings.EMAIL_BACKEND = works
            at_once = letters()
            clock.shift(timedelta(minutes=2))

            assert (failed, at_once, len(letters())) == ([], [], 1)

    def test_is_given_up_in_the_end(self, api: Api, carl: User, settings: Any) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            api.post("auth/forgot-password", email=carl.email)
            settings.EMAIL_BACKEND = "no.such.Backend"
            for _ in range(8):
                letters()
                clock.shift(timedelta(hours=9))

        assert Letter.objects.get().done_at is not None
        assert outbox.outbox == []
