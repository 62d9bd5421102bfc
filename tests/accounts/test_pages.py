"""Pages of people as the server sends them."""

import html
import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Preferences, User
from tests.accounts.device import Device
from tests.accounts.doors import NEW, STRONG, Api, App, letters, link

pytestmark = pytest.mark.django_db
OLGA = {"username": "olga@utility.example", "password": "secret-olga"}
FACTOR = "/account/second-factor/"
NOON = "2026-03-01T12:00:00Z"


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def sign_in(client: Client, **fields: str) -> Any:
    return client.post("/sign-in/", OLGA | fields)


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def words(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def options(answer: Any) -> Any:
    found = re.search(r'<script id="passkey-options"[^>]*>(.*?)</script>', answer.content.decode())
    return json.loads(found[1])


def set_up_app(client: Client, **again: str) -> tuple[App, Any]:
    shown = words(client.post(FACTOR, {"action": "begin-app"} | again))
    secret = re.search(r"<code>([A-Z2-7]+)</code>", shown)[1]
    app = App(f"otpauth://totp/x?secret={secret}")
    return app, client.post(FACTOR, {"action": "confirm-app", "code": app.code()})


class TestSigningIn:
    def test_locks_after_ten_wrong_passwords(self, client: Client, olga: User) -> None:
        wrong = [sign_in(client, password="guess").status_code for _ in range(10)]

        answer = sign_in(client)

        assert (set(wrong), answer.status_code) == ({200}, 429)
        assert 0 < int(answer["Retry-After"]) <= 900
        assert not is_in(client)

    def test_reads_the_same_for_an_address_that_nobody_has(
        self, client: Client, olga: User
    ) -> None:
        def told(email: str) -> list[tuple[int, str]]:
            pages = [sign_in(client, username=email, password="guess") for _ in range(12)]
            errors = [re.findall(r'role="alert">.*?</div>', words(it), re.S) for it in pages]
            return [(it.status_code, str(error)) for it, error in zip(pages, errors, strict=True)]

        assert told(olga.email) == told("nobody@utility.example")

    def test_shares_its_lock_with_the_api(self, client: Client, olga: User) -> None:
        for _ in range(5):
            sign_in(client, password="guess")
            Api(client).login(password="guess")

        assert sign_in(client).status_code == 429
        assert Api(client).login().status_code == 429

    def test_lets_password_managers_help(self, client: Client) -> None:
        page = words(client.get("/sign-in/"))

        assert 'autocomplete="username"' in page
        assert 'autocomplete="current-password"' in page

    def test_begins_a_new_session(self, client: Client, olga: User) -> None:
        client.get("/sign-in/")
        sign_in(client)

        assert is_in(client)


class TestTheSecondStep:
    def test_comes_after_the_password(self, client: Client, olga: User, clock: Any) -> None:
        sign_in(client)
        app, _ = set_up_app(client, password="secret-olga")
        client.post("/sign-out/")
        clock.shift(30)

        first = sign_in(client, next="/account/")
        between = is_in(client)
        second = client.post(first["Location"], {"code": app.code()})

        assert (first["Location"], between) == ("/sign-in/second-step/", False)
        assert second["Location"] == "/account/"
        assert is_in(client)

    def test_takes_no_wrong_code(self, client: Client, olga: User, clock: Any) -> None:
        sign_in(client)
        set_up_app(client, password="secret-olga")
        client.post("/sign-out/")
        sign_in(client)

        answer = client.post("/sign-in/second-step/", {"code": "000000"})

        assert "not right" in words(answer)
        assert not is_in(client)

    def test_takes_a_passkey(self, client: Client, olga: User, clock: Any) -> None:
        device = Device()
        sign_in(client)
        again = {"action": "begin-passkey", "password": "secret-olga"}
        made = device.make(options(client.post(FACTOR, again)))
        added = client.post(
            FACTOR, {"action": "add-passkey", "name": "Key", "passkey": json.dumps(made)}
        )
        client.post("/sign-out/")
        sign_in(client)
        signed = device.sign(options(client.get("/sign-in/second-step/")))

        answer = client.post("/sign-in/second-step/", {"passkey": json.dumps(signed)})

        assert added.status_code == 200
        assert answer.status_code == 302
        assert is_in(client)

    def test_is_nothing_to_come_to_alone(self, client: Client) -> None:
        assert client.get("/sign-in/second-step/")["Location"] == "/sign-in/"

    def test_is_over_after_five_minutes(self, client: Client, olga: User, clock: Any) -> None:
        sign_in(client)
        app, _ = set_up_app(client, password="secret-olga")
        client.post("/sign-out/")
        sign_in(client)
        clock.shift(timedelta(minutes=5))

        answer = client.post("/sign-in/second-step/", {"code": app.code()})

        assert answer["Location"] == "/sign-in/"

    def test_goes_on_to_no_other_site(self, client: Client, olga: User, clock: Any) -> None:
        sign_in(client)
        app, _ = set_up_app(client, password="secret-olga")
        client.post("/sign-out/")
        clock.shift(30)
        sign_in(client, next="https://evil.example/")

        answer = client.post("/sign-in/second-step/", {"code": app.code()})

        assert answer["Location"] == "/"


class TestSettingUp:
    def test_shows_recovery_codes_once(self, client: Client, olga: User, clock: Any) -> None:
        sign_in(client)
        _, answer = set_up_app(client, password="secret-olga")

        assert len(re.findall(r"<li><code>", words(answer))) == 10
        assert "10 are left" in words(client.get(FACTOR))

    def test_asks_for_the_password_once_more(self, client: Client, olga: User) -> None:
        sign_in(client)

        answer = client.post(FACTOR, {"action": "begin-app", "password": "guess"})

        assert answer.status_code == 400
        assert "Your password is another" in words(answer)

    def test_shows_the_secret_as_a_picture_that_the_policy_allows(
        self, client: Client, olga: User
    ) -> None:
        sign_in(client)

        answer = client.post(FACTOR, {"action": "begin-app", "password": "secret-olga"})

        assert 'src="data:image/svg+xml' in words(answer)
        assert "img-src 'self' data:" in answer["Content-Security-Policy"]

    @pytest.mark.parametrize("action", ["remove-app", "renew-codes", "remove-passkey", "x", ""])
    def test_does_nothing_without_the_password(
        self, client: Client, olga: User, clock: Any, action: str
    ) -> None:
        sign_in(client)
        set_up_app(client, password="secret-olga")

        assert client.post(FACTOR, {"action": action}).status_code == 400
        assert "10 are left" in words(client.get(FACTOR))

    def test_is_not_open_to_a_stranger(self, client: Client) -> None:
        assert client.get(FACTOR)["Location"] == "/sign-in/"
        assert client.post(FACTOR, {"action": "begin-app"})["Location"] == "/sign-in/"


class TestRequired:
    @pytest.fixture(autouse=True)
    def _required(self, settings: Any, clock: Any) -> None:
        settings.SEGS_REQUIRE_SECOND_FACTOR = True

    def test_lets_olga_in_only_to_enrol(self, client: Client, olga: User) -> None:
        answer = sign_in(client, next="/account/")
        doors = ["/", "/account/", "/account/password/", "/api/users/me"]
        closed = [client.get(door).status_code for door in doors]

        _, done = set_up_app(client)

        assert answer["Location"] == FACTOR
        assert closed == [302, 302, 302, 401]
        assert 'href="/account/"' in words(done)
        assert is_in(client)

    def test_asks_nothing_of_carl(self, client: Client, carl: User) -> None:
        sign_in(client, username=carl.email, password="secret-carl")

        assert is_in(client)


class TestJoining:
    def test_goes_by_the_link_of_the_mail(self, client: Client) -> None:
        fields = {"email": "nina@home.example", "password": STRONG}
        answer = client.post("/register/", fields)
        (letter,) = letters()
        looked = client.get(link(letter))
        unmade = User.objects.count()
        client.post(link(letter))

        assert "mail is on its way" in words(answer)
        assert (looked.status_code, unmade, User.objects.count()) == (200, 0, 1)
        assert sign_in(client, username="nina@home.example", password=STRONG).status_code == 302

    def test_says_that_a_link_was_used_or_is_none(self, client: Client) -> None:
        client.post("/register/", {"email": "nina@home.example", "password": STRONG})
        (letter,) = letters()
        client.post(link(letter))

        used, wrong = client.post(link(letter)), client.post("/verify-email/nonsense/")

        assert (used.status_code, wrong.status_code) == (400, 400)
        assert "was used already" in words(used)
        assert "not one of ours" in words(wrong)

    def test_reads_the_same_for_an_address_that_is_known(self, client: Client, carl: User) -> None:
        known, unknown = (
            client.post("/register/", {"email": email, "password": STRONG})
            for email in (carl.email, "nobody@home.example")
        )

        assert known.content == unknown.content

    def test_refuses_a_weak_password_in_words(self, client: Client) -> None:
        answer = client.post("/register/", {"email": "nina@home.example", "password": "short"})

        assert "too short" in words(answer)

    def test_lets_a_forgotten_password_be_chosen_anew(self, client: Client, carl: User) -> None:
        client.post("/forgot-password/", {"email": carl.email})
        (letter,) = letters()
        client.post(link(letter), {"password": NEW})

        again = client.get(link(letter))

        assert sign_in(client, username=carl.email, password=NEW).status_code == 302
        assert "was used already" in words(again)

    def test_says_when_a_link_is_too_old(self, client: Client, carl: User, clock: Any) -> None:
        client.post("/forgot-password/", {"email": carl.email})
        (letter,) = letters()
        clock.shift(timedelta(hours=1))

        assert "time of this link is over" in words(client.get(link(letter)))


class TestTheProfile:
    def test_keeps_what_is_chosen(self, client: Client, carl: User) -> None:
        client.force_login(carl)
        chosen = {"first_name": "Carl", "language": "en", "time_zone": "Asia/Kolkata"}

        client.post("/account/", chosen | {"notify_prices": "on"})

        kept = Preferences.objects.get(user=carl)
        assert (kept.time_zone, kept.notify_prices, kept.notify_bills) == (
            "Asia/Kolkata",
            True,
            False,
        )

    def test_keeps_a_customer_s_limits_and_budget(self, client: Client, carl: User) -> None:
        client.force_login(carl)
        chosen = {"language": "en", "price_above": "0.25", "budget": "80"}

        client.post("/account/", chosen)
        refused = words(client.post("/account/", chosen | {"budget": "0"}))

        kept = Preferences.objects.get(user=carl)
        assert (kept.price_above, kept.price_below, kept.budget) == (Decimal("0.25"), None, 80)
        assert "greater than or equal to 0.01" in refused

    def test_asks_whoever_works_here_for_no_budget(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        assert "My budget" not in words(client.get("/account/"))

    def test_changes_the_password_and_stays_signed_in_here_alone(
        self, client: Client, carl: User
    ) -> None:
        elsewhere = Client()
        for browser in (client, elsewhere):
            browser.force_login(carl)

        client.post("/account/password/", {"old_password": "secret-carl", "password": NEW})

        assert (is_in(client), is_in(elsewhere)) == (True, False)

    def test_says_what_is_wrong_with_a_password(self, client: Client, carl: User) -> None:
        client.force_login(carl)

        wrong = {"old_password": "guess", "password": NEW}
        weak = {"old_password": "secret-carl", "password": "short"}

        assert "is another" in words(client.post("/account/password/", wrong))
        assert "too short" in words(client.post("/account/password/", weak))


class TestTheSession:
    def test_ends_an_hour_after_the_person_was_there(
        self, client: Client, olga: User, clock: Any
    ) -> None:
        sign_in(client)
        clock.shift(timedelta(minutes=59))
        client.post("/account/present/")
        clock.shift(timedelta(minutes=59))
        still = is_in(client)
        clock.shift(timedelta(minutes=60))

        assert (still, is_in(client)) == (True, False)

    def test_is_not_kept_alive_by_a_page_that_reads_by_itself(
        self, client: Client, olga: User, clock: Any
    ) -> None:
        sign_in(client)
        statuses = []
        for _ in range(7):
            statuses.append(client.get("/api/users/me").status_code)
            clock.shift(timedelta(minutes=10))

        assert statuses == [200] * 6 + [401]
