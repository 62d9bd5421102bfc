"""A second factor by REST: set up, asked for, lost and required."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Totp, User
from tests.accounts.device import Device
from tests.accounts.doors import NEW, Api, App

pytestmark = pytest.mark.django_db
AGAIN = {"password": "secret-olga"}
NOON = "2026-03-01T12:00:00Z"


@pytest.fixture
def clock() -> Any:
    """A clock that stands, so that codes do not run out between two lines."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def access(api: Api, olga: User, clock: Any) -> str:
    return api.pair()["access"]


def set_up_app(api: Api, access: str) -> tuple[App, list[str]]:
    app = App(api.post("auth/second-factor/app", access, **AGAIN).json()["uri"])
    answer = api.post("auth/second-factor/app/confirm", access, code=app.code())
    assert answer.status_code == 200, answer.content
    return app, answer.json()["recovery_codes"]


def set_up_passkey(api: Api, access: str, device: Device) -> Any:
    options = api.post("auth/second-factor/passkeys/options", access, **AGAIN).json()
    return api.post(
        "auth/second-factor/passkeys", access, name="Telephone", passkey=device.make(options)
    )


def step(api: Api, **given: Any) -> Any:
    return api.post("auth/login/second-factor", proof=api.login().json()["proof"], **given)


def sign(api: Api, device: Device) -> Any:
    proof = api.login().json()["proof"]
    options = api.post("auth/login/passkey-options", proof=proof).json()
    return api.post("auth/login/second-factor", proof=proof, passkey=device.sign(options))


class TestAnApp:
    def test_is_asked_for_after_the_password(self, api: Api, access: str) -> None:
        set_up_app(api, access)

        answer = api.login()

        assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_required")
        assert answer.json()["methods"] == ["totp", "recovery_code"]
        assert answer["Content-Type"] == "application/problem+json"

    def test_completes_the_sign_in(self, api: Api, access: str, clock: Any) -> None:
        app, _ = set_up_app(api, access)
        clock.shift(30)

        answer = step(api, code=app.code())

        assert sorted(answer.json()) == ["access", "refresh"]
        assert api.knows(answer.json()["access"])

    def test_gives_each_code_once(self, api: Api, access: str, clock: Any) -> None:
        app, _ = set_up_app(api, access)
        clock.shift(30)
        code = app.code()

        answers = [step(api, code=code) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 401]
        assert answers[1].json()["code"] == "wrong_second_factor"

    @pytest.mark.parametrize(("off_s", "status"), [(-60, 401), (-30, 200), (30, 200), (60, 401)])
    def test_may_be_half_a_minute_off(
        self, api: Api, access: str, clock: Any, off_s: int, status: int
    ) -> None:
        app, _ = set_up_app(api, access)
        clock.shift(300)
        moment = datetime.now(UTC) + timedelta(seconds=off_s)

        assert step(api, code=app.code(moment)).status_code == status

    def test_counts_only_once_confirmed(self, api: Api, access: str) -> None:
        api.post("auth/second-factor/app", access, **AGAIN)

        assert api.login().status_code == 200

    def test_is_not_confirmed_by_a_wrong_code(self, api: Api, access: str) -> None:
        api.post("auth/second-factor/app", access, **AGAIN)

        answer = api.post("auth/second-factor/app/confirm", access, code="000000")

        assert answer.status_code == 401
        assert api.login().status_code == 200

    def test_is_set_up_with_the_password_alone(self, api: Api, access: str) -> None:
        without = api.post("auth/second-factor/app", access)
        guessed = api.post("auth/second-factor/app", access, password="guess")

        assert (without.status_code, guessed.status_code) == (400, 403)

    def test_has_its_secret_kept_encrypted(self, api: Api, access: str) -> None:
        secret = api.post("auth/second-factor/app", access, **AGAIN).json()["secret"]

        assert secret.encode() not in bytes(Totp.objects.get().secret)

    def test_that_is_on_cannot_be_replaced_unseen(self, api: Api, access: str) -> None:
        set_up_app(api, access)

        answer = api.post("auth/second-factor/app", access, **AGAIN)

        assert (answer.status_code, answer.json()["code"]) == (409, "app_not_begun")

    def test_can_be_turned_off(self, api: Api, access: str) -> None:
        set_up_app(api, access)

        assert api.post("auth/second-factor/app/remove", access, **AGAIN).status_code == 204

        assert api.login().status_code == 200
        assert api.get("auth/second-factor", access).json()["recovery_codes_left"] == 0

    def test_locks_after_ten_wrong_codes(self, api: Api, access: str, clock: Any) -> None:
        app, _ = set_up_app(api, access)
        clock.shift(300)
        wrong = [step(api, code="000000").status_code for _ in range(10)]

        answer = step(api, code=app.code())

        assert set(wrong) == {401}
        assert (answer.status_code, answer.json()["code"]) == (429, "locked")


class TestTheProof:
    def test_lives_five_minutes(self, api: Api, access: str, clock: Any) -> None:
        app, _ = set_up_app(api, access)
        proof = api.login().json()["proof"]
        clock.shift(timedelta(minutes=5))

        answer = api.post("auth/login/second-factor", proof=proof, code=app.code())

        assert (answer.status_code, answer.json()["code"]) == (400, "link_expired")

    def test_ends_with_the_password(self, api: Api, access: str, olga: User, clock: Any) -> None:
        app, _ = set_up_app(api, access)
        proof = api.login().json()["proof"]
        api.post("auth/change-password", access, old_password="secret-olga", password=NEW)
        clock.shift(30)

        answer = api.post("auth/login/second-factor", proof=proof, code=app.code())

        assert answer.json()["code"] == "link_used"

    def test_opens_no_door_itself(self, api: Api, access: str) -> None:
        set_up_app(api, access)
        proof = api.login().json()["proof"]

        answers = [
            api.get("users/me", proof).status_code,
            api.post("auth/refresh", refresh=proof).status_code,
            api.post("auth/second-factor/app", proof=proof).status_code,
            api.post("auth/reset-password", token=proof, password=NEW).status_code,
        ]

        assert answers == [401, 401, 400, 400]

    @pytest.mark.parametrize("given", [{}, {"code": "1", "passkey": {}}], ids=["none", "both"])
    def test_goes_with_one_thing(self, api: Api, access: str, given: Any) -> None:
        set_up_app(api, access)

        assert step(api, **given).status_code == 400


class TestRecoveryCodes:
    def test_let_in_once_each(self, api: Api, access: str) -> None:
        _, codes = set_up_app(api, access)

        statuses = [step(api, code=codes[0]).status_code for _ in range(2)]

        assert statuses == [200, 401]
        assert step(api, code=codes[1].upper().replace("-", " ")).status_code == 200

    def test_are_ten_and_counted(self, api: Api, access: str) -> None:
        _, codes = set_up_app(api, access)
        step(api, code=codes[0])

        assert len(set(codes)) == 10
        assert api.get("auth/second-factor", access).json()["recovery_codes_left"] == 9

    def test_end_with_new_ones(self, api: Api, access: str) -> None:
        _, old = set_up_app(api, access)
        new = api.post("auth/second-factor/recovery-codes", access, **AGAIN).json()

        assert step(api, code=old[0]).status_code == 401
        assert step(api, code=new["recovery_codes"][0]).status_code == 200

    def test_are_not_other_peoples(self, api: Api, access: str, carl: User) -> None:
        carls = api.pair(carl.email, "secret-carl")["access"]
        set_up_app(api, access)
        app = App(api.post("auth/second-factor/app", carls, password="secret-carl").json()["uri"])
        answer = api.post("auth/second-factor/app/confirm", carls, code=app.code())

        assert step(api, code=answer.json()["recovery_codes"][0]).status_code == 401


class TestAPasskey:
    def test_completes_the_sign_in(self, api: Api, access: str) -> None:
        device = Device()
        made = set_up_passkey(api, access, device)

        answer = sign(api, device)

        assert len(made.json()["recovery_codes"]) == 10
        assert sorted(answer.json()) == ["access", "refresh"]

    def test_is_shown_by_its_name(self, api: Api, access: str) -> None:
        set_up_passkey(api, access, Device())

        held = api.get("auth/second-factor", access).json()

        assert [passkey["name"] for passkey in held["passkeys"]] == ["Telephone"]
        assert held["is_on"]

    def test_of_another_site_is_refused(self, api: Api, access: str) -> None:
        device = Device()
        set_up_passkey(api, access, device)
        device.origin = "https://evil.example"

        assert sign(api, device).json()["code"] == "wrong_second_factor"

    def test_of_another_device_is_refused(self, api: Api, access: str) -> None:
        device = Device()
        set_up_passkey(api, access, device)

        assert sign(api, Device(credential_id=device.credential_id)).status_code == 401

    def test_answers_each_question_once(self, api: Api, access: str) -> None:
        device = Device()
        set_up_passkey(api, access, device)
        proof = api.login().json()["proof"]
        answer = device.sign(api.post("auth/login/passkey-options", proof=proof).json())

        statuses = [
            api.post("auth/login/second-factor", proof=proof, passkey=answer).status_code
            for _ in range(2)
        ]

        assert statuses == [200, 401]

    def test_answers_within_five_minutes(self, api: Api, access: str, clock: Any) -> None:
        device = Device()
        set_up_passkey(api, access, device)
        proof = api.login().json()["proof"]
        options = api.post("auth/login/passkey-options", proof=proof).json()
        clock.shift(timedelta(minutes=5))

        answer = api.post(
            "auth/login/second-factor",
            proof=api.login().json()["proof"],
            passkey=device.sign(options),
        )

        assert answer.status_code == 401

    def test_that_was_copied_is_refused_by_its_counter(self, api: Api, access: str) -> None:
        device = Device()
        set_up_passkey(api, access, device)
        sign(api, device)
        sign(api, device)
        device.uses = 1

        assert sign(api, device).status_code == 401

    def test_is_one_persons(self, api: Api, access: str, carl: User) -> None:
        device = Device()
        set_up_passkey(api, access, device)
        carls = api.pair(carl.email, "secret-carl")["access"]
        again = {"password": "secret-carl"}
        options = api.post("auth/second-factor/passkeys/options", carls, **again).json()

        answer = api.post(
            "auth/second-factor/passkeys", carls, name="mine", passkey=device.make(options)
        )

        assert answer.status_code == 401

    def test_is_removed_by_its_owner_alone(self, api: Api, access: str, carl: User) -> None:
        set_up_passkey(api, access, Device())
        held = api.get("auth/second-factor", access).json()["passkeys"][0]
        path = f"auth/second-factor/passkeys/{held['id']}/remove"
        carls = api.pair(carl.email, "secret-carl")["access"]

        assert api.post(path, carls, password="secret-carl").status_code == 404
        assert api.post(path, access, **AGAIN).status_code == 204
        assert api.login().status_code == 200

    @pytest.mark.parametrize(
        "answer", [{}, [], "x", None, {"id": 1, "response": {}}, {"response": {"signature": "ä"}}]
    )
    def test_that_cannot_be_read_is_refused(self, api: Api, access: str, answer: Any) -> None:
        set_up_passkey(api, access, Device())

        assert step(api, passkey=answer).status_code in (400, 401)
        made = api.post("auth/second-factor/passkeys", access, name="x", passkey=answer)
        assert made.status_code in (400, 401)


class TestRequired:
    @pytest.fixture(autouse=True)
    def _required(self, settings: Any, clock: Any) -> None:
        settings.SEGS_REQUIRE_SECOND_FACTOR = True

    def test_lets_olga_in_only_to_enrol(self, api: Api, olga: User, clock: Any) -> None:
        refused = api.login().json()
        app = App(api.post("auth/second-factor/app", proof=refused["proof"]).json()["uri"])
        api.post("auth/second-factor/app/confirm", proof=refused["proof"], code=app.code())
        clock.shift(30)

        assert refused["code"] == "second_factor_enrolment_required"
        assert step(api, code=app.code()).status_code == 200

    def test_lets_olga_enrol_with_a_passkey(self, api: Api, olga: User) -> None:
        device, proof = Device(), api.login().json()["proof"]
        options = api.post("auth/second-factor/passkeys/options", proof=proof).json()
        made = device.make(options)
        api.post("auth/second-factor/passkeys", proof=proof, name="Key", passkey=made)

        assert sign(api, device).status_code == 200

    def test_takes_no_proof_to_enrol_once_there_is_a_factor(self, api: Api, olga: User) -> None:
        proof = api.login().json()["proof"]
        app = App(api.post("auth/second-factor/app", proof=proof).json()["uri"])
        api.post("auth/second-factor/app/confirm", proof=proof, code=app.code())

        answer = api.post("auth/second-factor/passkeys/options", proof=proof)

        assert (answer.status_code, answer.json()["code"]) == (400, "link_used")

    def test_asks_nothing_of_carl(self, api: Api, carl: User) -> None:
        assert api.login(carl.email, "secret-carl").status_code == 200

    def test_keeps_the_last_factor(self, api: Api, olga: User, clock: Any) -> None:
        proof = api.login().json()["proof"]
        app = App(api.post("auth/second-factor/app", proof=proof).json()["uri"])
        api.post("auth/second-factor/app/confirm", proof=proof, code=app.code())
        clock.shift(30)
        access = step(api, code=app.code()).json()["access"]

        answer = api.post("auth/second-factor/app/remove", access, **AGAIN)

        assert (answer.status_code, answer.json()["code"]) == (409, "last_second_factor")
        assert api.login().json()["code"] == "second_factor_required"

    def test_is_not_open_to_a_stranger(self, api: Api, db: None) -> None:
        assert api.post("auth/second-factor/app").status_code == 401
        assert api.get("auth/second-factor").status_code == 401
